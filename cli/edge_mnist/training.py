"""What `edge-mnist train` does once its options are read; imports TensorFlow."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable
from pathlib import Path

from rich.table import Table

from edge_infer.model.run_folder import RunRecord
from edge_mnist.console import ERR, OUT
from edge_mnist.training_view import TerminalTrainingView
from edge_train.checkpoint import CHECKPOINT_NAME
from edge_train.config import Recipe, TrainConfig, override
from edge_train.data.split import SplitRule
from edge_train.presets import PRESETS, build_final, find_preset, layer_costs
from edge_train.train import resume, train, use_deterministic_operations

_EXIT_INTERRUPTED = 130
_DIGIT_CLASSES = 10


def make_config(
    *,
    preset: str,
    recipe_name: str,
    teachers: tuple[str, ...],
    data: str,
    out: Path | None,
    seed: int,
    split: SplitRule,
    tensorboard: bool,
    epochs: int | None,
    batch_size: int | None,
    learning_rate: float | None,
    patience: int | None,
    precision: str | None,
    legacy_h5: bool,
) -> TrainConfig:
    """Resolve the options of the command line to a full configuration."""
    overridden = {"epochs": epochs, "batch_size": batch_size, "patience": patience}
    recipe = override(
        find_preset(preset).find_recipe(recipe_name),
        epochs=epochs,
        batch_size=batch_size,
        learning_rate=learning_rate,
        patience=patience,
        precision=precision,
    )
    return TrainConfig(
        preset=preset,
        data=data,
        out=out or Path("runs") / preset,
        seed=seed,
        split=split,
        recipe=recipe,
        teachers=teachers,
        legacy_h5=legacy_h5,
        tensorboard=tensorboard,
        overridden=tuple(name for name, value in overridden.items() if value is not None),
    )


def start_run(config: TrainConfig, *, force: bool) -> None:
    """Train from the first weights and print what came of it."""
    _follow(config.out, lambda view: train(config, view, force=force))


def resume_run(folder: Path) -> None:
    """Go on with a stopped run and print what came of it."""
    _follow(folder, lambda view: resume(folder, view))


def print_presets() -> None:
    """Print each preset's layers, parameters and multiply-accumulates an image."""
    for name, preset in PRESETS.items():
        costs = layer_costs(build_final(name, preset.recipe, _DIGIT_CLASSES))
        parameters, macs = sum(c.parameters for c in costs), sum(c.macs for c in costs)
        table = Table(
            title=f"{name}: {preset.summary}\n{parameters:,} parameters, {macs:,} MACs\n"
            + "\n".join(describe_recipe(*pair) for pair in preset.recipes.items()),
            title_justify="left",
        )
        for heading, justify in (("layer", "left"), ("output", "left"), ("parameters", "right")):
            table.add_column(heading, justify=justify)  # type: ignore[arg-type]
        table.add_column("MACs", justify="right")
        for cost in costs:
            shape = "x".join(map(str, cost.shape))
            table.add_row(cost.kind, shape, f"{cost.parameters:,}", f"{cost.macs:,}")
        OUT.print(table)


def describe_recipe(name: str, recipe: Recipe) -> str:
    """Say in a line how a recipe trains."""
    return (
        f"recipe {name}: {recipe.optimizer}, {recipe.epochs} epochs in batches of "
        f"{recipe.batch_size}, learning rate {recipe.learning_rate:g}, "
        + (f"patience {recipe.patience}" if recipe.patience else "no early stop")
        + (", blur folded" if recipe.fold_blur else "")
    )


def _follow(folder: Path, work: Callable[[TerminalTrainingView], RunRecord]) -> None:
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    use_deterministic_operations()
    try:
        with TerminalTrainingView() as view:
            record = work(view)
    except KeyboardInterrupt:
        if (folder / CHECKPOINT_NAME).exists():
            ERR.print(f"stopped; go on with: edge-mnist train --resume {folder}", markup=False)
        else:
            ERR.print("stopped before the training began")
        sys.exit(_EXIT_INTERRUPTED)
    _print_record(folder, record)


def _print_record(folder: Path, record: RunRecord) -> None:
    minutes, seconds = divmod(round(record.training_time_s), 60)
    OUT.print(
        f"[bold]{record.preset}[/] on {record.data}, {record.parameters:,} parameters, "
        f"seed {record.seed}\n"
        f"  test accuracy        {100 * record.test_accuracy:.2f} %\n"
        f"  validation accuracy  {100 * record.validation_accuracy:.2f} % "
        f"(best epoch {record.best_epoch} of {record.epochs})\n"
        f"  training time        {minutes} min {seconds:02d} s "
        f"({100 * record.augmentation_share:.1f} % of it augmenting, beside the training)\n"
        f"  inference time       {record.inference_time_ms:.3f} ms an image in Keras, in batches\n"
        f"  run folder           {folder}"
    )
    OUT.print(f"next: edge-mnist export {folder} --quantize", markup=False)
