"""What each ingredient of the recipe of ``edge`` is worth, on the validation images alone.

    python benchmarks/ablation.py [--seeds 0,1,2] [--only NAME]...

Each variant differs from the recipe by one thing and is trained with each seed; all but one have
the same epochs, fewer than the recipe's, so that the table costs hours and not days. A run takes
minutes; each is written to ``benchmarks/results/ablation.json`` as it ends, and a call trains
only what is missing there. Two calls with other seeds may run side by side.

Accuracy on 5,000 images hardly tells two good networks apart, so three figures stand
beside each other: accuracy, cross-entropy after the temperature that export would find,
and accuracy on four distorted copies of each validation image.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from edge_bench.ablation_rows import Row, add_rows, read_rows
from edge_infer.host import cpu_name

RESULTS: Final = Path(__file__).parent / "results" / "ablation.json"
PRESET: Final = "edge"
EPOCHS: Final = 6
RECIPE: Final = "the recipe"
NOT_SOFTENED: Final = "pictures not softened"
DISTORTED_COPIES: Final = 4


@dataclass(frozen=True, kw_only=True)
class Variant:
    """The recipe with one thing changed.

    Attributes:
        recipe: Values to replace in the recipe, or in its distortions.
        taught: Whether it learns from the teacher as the recipe does.
        network: From the preset's untrained Keras model to the one to train.
        epochs: How long.
    """

    recipe: Mapping[str, Any]
    distortions: Mapping[str, float | str] | None
    taught: bool = True
    network: Callable[[Any], Any] | None = None
    epochs: int = EPOCHS


def _changed(**recipe: Any) -> Variant:
    return Variant(recipe=recipe, distortions={})


def _distorted(**distortions: float | str) -> Variant:
    return Variant(recipe={}, distortions=distortions)


def _without_batch_norm(model: Any) -> Any:
    """Copy an untrained model with a bias in each convolution in place of batch-norm."""
    import keras

    def plain(layer: Any) -> Any:
        config = layer.get_config()
        if isinstance(layer, keras.layers.BatchNormalization):
            config["trainable"] = False  # Mean 0, variance 1, gain 1: it passes values on.
        elif "use_bias" in config:
            config["use_bias"] = True
        return type(layer).from_config(config)

    return keras.models.clone_model(model, clone_function=plain)


VARIANTS: Final[Mapping[str, Variant]] = {
    RECIPE: _changed(),
    "no teacher": Variant(recipe={}, distortions={}, taught=False),
    "teacher's temperature 1": _changed(teacher_temperature=1.0),
    "no distortions": Variant(recipe={}, distortions=None),
    "half of each distortion": _distorted(rotation_deg=7.5, scale=0.05, shear=0.1, shift_px=1.25),
    "a quarter of the images clean": _distorted(clean_share=0.25),
    "distorted by cubic interpolation": _distorted(interpolation="cubic"),
    "no drawn digits": _changed(drawn=0.0),
    "waves, 0.5 px": _distorted(elastic_px=0.5),
    "stroke thickness 0.7": _distorted(thickness=0.7),
    "learning rate constant": _changed(warmup_epochs=None),
    "averaged weights, momentum 0.999": _changed(ema_momentum=0.999),
    "no batch-norm": Variant(
        recipe={"learning_rate": 1e-3}, distortions={}, network=_without_batch_norm
    ),
    "no weight decay": _changed(weight_decay=0.0),
    "float32 arithmetic": _changed(precision="float32"),
    "three times the epochs": Variant(recipe={}, distortions={}, epochs=3 * EPOCHS),
}


class _Silent:
    """A training view that tells the epoch at most."""

    def notify(self, message: str) -> None:
        pass

    def progress(self, name: str, done: int, total: int) -> None:
        pass

    def epoch_started(self, epoch: int, epochs: int, steps: int) -> None:
        if sys.stderr.isatty():
            print(f"\r  epoch {epoch} of {epochs} ", end="", file=sys.stderr, flush=True)

    def step_done(self, step: int, loss: float, accuracy: float) -> None:
        pass

    def epoch_done(self, row: Any, *, best: bool) -> None:
        pass


def train_rows(name: str, seed: int, options: argparse.Namespace) -> list[Row]:
    """Train one variant with one seed and measure it on the validation images.

    Pictures are softened after the last epoch, so the recipe's training gives the row of
    the network that is not softened too.
    """
    import keras

    from edge_train.checkpoint import Checkpoint
    from edge_train.config import TrainConfig
    from edge_train.data import load_dataset, split_validation
    from edge_train.fit import TrainingSet, compile_model, fit, restore_best, variables
    from edge_train.precision import training_twin
    from edge_train.presets import build_preset
    from edge_train.soften import soften_network
    from edge_train.teacher import Teacher

    variant, view = VARIANTS[name], _Silent()
    dataset = load_dataset(options.data, notify=view.notify)
    train_ids, validation_ids = split_validation(dataset.train_labels)
    images, labels = dataset.train_images[validation_ids], dataset.train_labels[validation_ids]
    parts = TrainingSet(
        images=dataset.train_images[train_ids],
        labels=dataset.train_labels[train_ids],
        validation_images=images,
        validation_labels=labels,
        teacher=Teacher.load((options.teacher,), dataset.class_names) if variant.taught else None,
    )
    recipe = vary(variant, options.precision)
    assert recipe.soften, "a row of the recipe beside one without softening"
    config = TrainConfig(preset=PRESET, data=options.data, out=Path(), seed=seed, recipe=recipe)
    keras.utils.set_random_seed(seed)
    plain = build_preset(PRESET, len(dataset.class_names))
    plain = plain if variant.network is None else variant.network(plain)
    model = training_twin(plain, recipe.precision)
    compile_model(model, recipe, len(parts.images))
    weights = variables(model)
    start = Checkpoint(config, dataset.sha256, weights, variables(model.optimizer), weights)
    started_s = time.perf_counter()
    end = fit(model, start, parts, view, lambda state: None)
    training_time_s = time.perf_counter() - started_s
    restore_best(plain, end)
    networks = {NOT_SOFTENED: plain} if name == RECIPE else {}
    networks[name] = soften_network(plain)
    rows = []
    for variant_name, network in networks.items():
        accuracy, loss, distorted = measure(network, images, labels)
        rows.append(
            Row(
                variant=variant_name,
                seed=seed,
                epochs=end.epoch,
                validation_accuracy=accuracy,
                validation_loss=loss,
                distorted_accuracy=distorted,
                training_time_s=round(training_time_s, 1),
                machine=f"{cpu_name()}, {os.cpu_count()} cores",
                finished_at=datetime.now(UTC).isoformat(timespec="seconds"),
            )
        )
    return rows


def vary(variant: Variant, precision: str) -> Any:
    """Return the preset's recipe with a variant's changes."""
    from edge_train.presets import find_preset

    recipe = find_preset(PRESET).recipe
    distortions = recipe.augmentation
    if variant.distortions is None:
        distortions = None
    elif distortions is not None:
        distortions = replace(distortions, **variant.distortions)
    changes = {"precision": precision, **variant.recipe}
    return replace(recipe, augmentation=distortions, epochs=variant.epochs, **changes)


def measure(
    model: Any, images: NDArray[np.uint8], labels: NDArray[np.int64]
) -> tuple[float, float, float]:
    """Return accuracy, loss after the temperature, and accuracy on distorted copies."""
    from edge_export.calibrate import at_temperature, find_temperature
    from edge_train.augment import Augmentation, augment_images

    def logits(batch: NDArray[np.uint8]) -> NDArray[np.float32]:
        probabilities = model.predict(batch, batch_size=500, verbose=0)
        return np.log(np.maximum(probabilities, 1e-12)).astype(np.float32)

    plain = logits(images)
    calibrated = at_temperature(plain, find_temperature(plain, labels))
    loss = float(-np.log(calibrated[np.arange(len(labels)), labels]).mean())
    mild = Augmentation(rotation_deg=10, scale=0.1, shear=0.1, shift_px=1.5)
    rng = np.random.default_rng(0)
    distorted = [
        float((logits(augment_images(images, mild, rng)).argmax(axis=1) == labels).mean())
        for _ in range(DISTORTED_COPIES)
    ]
    return float((plain.argmax(axis=1) == labels).mean()), loss, statistics.mean(distorted)


def main() -> int:
    """Train what is missing."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seeds", default="0,1,2", help="comma-separated")
    parser.add_argument("--only", action="append", choices=list(VARIANTS), metavar="NAME")
    parser.add_argument("--data", default="mnist")
    parser.add_argument("--teacher", default="max", help="a shipped model's name or a file")
    parser.add_argument("--precision", default="mixed_bfloat16")
    parser.add_argument("--results", type=Path, default=RESULTS)
    arguments = parser.parse_args()
    names = arguments.only or list(VARIANTS)
    for seed in map(int, arguments.seeds.split(",")):
        for name in names:
            made = (name, seed, VARIANTS[name].epochs)
            rows = read_rows(arguments.results)
            if any((row.variant, row.seed, row.epochs) == made for row in rows):
                continue
            new = train_rows(name, seed, arguments)
            add_rows(arguments.results, new, [*VARIANTS, NOT_SOFTENED])
            for row in new:
                print(
                    f"{row.variant}, seed {seed}: {100 * row.validation_accuracy:.2f} %, "
                    f"{1000 * row.validation_loss:.1f} mnat, distorted "
                    f"{100 * row.distorted_accuracy:.2f} %, {row.training_time_s:.0f} s",
                    flush=True,
                )
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        print("stopped; the same command goes on", file=sys.stderr)
        sys.exit(130)
