"""Two small trained networks in real run folders, and everything exported from them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from numpy.typing import NDArray

from edge_export import ExportConfig, ExportResult, GateOptions, export_run
from edge_infer.run_folder import Calibration, RunFolder, RunRecord
from edge_train.data import load_dataset
from edge_train.presets import build_preset, count_trained

ImageU8 = NDArray[np.uint8]
Build = Callable[[Any], Any]
NETWORKS = ("edge", "walkthrough")
_EPOCHS = {"edge": 8, "walkthrough": 4}
# What a network trained for seconds gives away to int8 hangs on the machine's last bits.
LENIENT = GateOptions(min_agreement_percent=98.0, max_drop_points=2.0)
L = keras.layers


@dataclass(frozen=True)
class Digits:
    """The UCI digits in 28x28."""

    images: ImageU8
    labels: NDArray[np.int64]


def build_network(body: Build, classes: int = 10) -> Any:
    """Build a network with the layers that every run of the trainer has."""
    image = L.Input((28, 28), dtype="uint8", name="image")
    plane = L.Reshape((28, 28, 1), name="plane")(L.Rescaling(1 / 255, name="pixels")(image))
    logits = L.Dense(classes, name="logits")(body(plane))
    return keras.Model(image, L.Softmax(name="probabilities")(logits))


def write_run(
    path: Path, model: Any, digits: Digits, preset: str, *, class_names: tuple[str, ...] = ()
) -> Path:
    """Write a finished run folder: the last 600 digits are validation and test images."""
    path.mkdir(parents=True, exist_ok=True)
    run = RunFolder(path)
    model.save(run.model_path)
    Calibration(
        digits.images[-600:-300],
        digits.labels[-600:-300],
        digits.images[-300:],
        digits.labels[-300:],
    ).save(run.calibration_path)
    run.write_record(
        RunRecord(
            config={"preset": preset},
            class_names=class_names or tuple("0123456789"),
            data="digits",
            data_sha256="ab" * 32,
            preset=preset,
            parameters=count_trained(model),
            seed=0,
            epochs=_EPOCHS.get(preset, 1),
            best_epoch=1,
            train_images=len(digits.images) - 600,
            validation_accuracy=0.9,
            test_accuracy=0.9,
            training_time_s=1.0,
            inference_time_ms=1.0,
            augmentation_share=0.0,
            versions={"keras": keras.__version__},
            machine="a test",
            finished_at="2025-01-01T00:00:00Z",
        )
    )
    return path


@pytest.fixture(scope="session")
def digits() -> Digits:
    """All of them in an order of their own; the set's own split is of no matter here."""
    data = load_dataset("digits", notify=lambda message: None)
    images = np.concatenate((data.train_images, data.test_images))
    labels = np.concatenate((data.train_labels, data.test_labels))
    order = np.random.default_rng(0).permutation(len(images))
    return Digits(images[order], labels[order])


@pytest.fixture(scope="session")
def runs(digits: Digits, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Run folders of the presets' own networks, trained for seconds on the UCI digits."""
    folder = tmp_path_factory.mktemp("runs")
    paths: dict[str, Path] = {}
    for name in NETWORKS:
        keras.utils.set_random_seed(0)
        model = build_preset(name, 10)
        model.compile(keras.optimizers.Adam(2e-3), "sparse_categorical_crossentropy")
        train = (digits.images[:-600], digits.labels[:-600])
        model.fit(*train, batch_size=32, epochs=_EPOCHS[name], verbose=0)
        paths[name] = write_run(folder / name, model, digits, name)
    return paths


@pytest.fixture(scope="session")
def exports(
    runs: dict[str, Path], tmp_path_factory: pytest.TempPathFactory
) -> dict[tuple[str, str], ExportResult]:
    """What export makes of both networks, by network and precision."""
    folder = tmp_path_factory.mktemp("exports")
    results: dict[tuple[str, str], ExportResult] = {}
    for name, run in runs.items():
        for precision in ("float32", "int8"):
            config = ExportConfig(
                run=run,
                output=folder / f"{name}.{precision}.onnx",
                quantize=precision == "int8",
                gates=LENIENT if precision == "int8" else GateOptions(),
            )
            results[name, precision] = export_run(config, str)
    return results


@pytest.fixture
def edge_config(runs: dict[str, Path], tmp_path: Path) -> ExportConfig:
    """An int8 export of the edge network into an empty folder."""
    return ExportConfig(
        run=runs["edge"], output=tmp_path / "digits.onnx", quantize=True, gates=LENIENT
    )


@pytest.fixture(scope="session")
def untrained_run(digits: Digits) -> Callable[..., Path]:
    """Return ``make(path, body, ...)``: a run of a network with random weights."""

    def make(path: Path, body: Build, class_names: tuple[str, ...] = ()) -> Path:
        keras.utils.set_random_seed(1)
        classes = len(class_names) or 10
        few = Digits(digits.images, digits.labels % classes)
        model = build_network(body, classes)
        return write_run(path, model, few, "edge", class_names=class_names)

    return make
