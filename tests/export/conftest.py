"""Two small trained networks in real run folders, and everything exported from them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from numpy.typing import NDArray
from onnx_graphs import apply
from run_records import run_record

from edge_export import ExportConfig, ExportResult, GateOptions, export_run
from edge_export.convert import convert_backbone, quiet_tools
from edge_export.export import build_backbone
from edge_export.graph import Graph
from edge_export.passes.file_ends import add_softmax, read_bytes
from edge_export.passes.quantize import quantize
from edge_infer.model.run_folder import Calibration, RunFolder
from edge_train.data import load_dataset
from edge_train.presets import build_preset, count_trained

ImageU8 = NDArray[np.uint8]
Build = Callable[[Any], Any]
_EPOCHS = {"edge": 8, "walkthrough": 4}
# How much a network trained for seconds loses in int8 depends on the machine's last bits.
LENIENT = GateOptions(min_agreement_percent=98.0, max_drop_points=2.0)
L = keras.layers
# Kernel size, stride and padding of the first convolution of small networks.
FIRST_LAYERS = {
    "3x3": (3, 2, "same"),
    "4x4": (4, 2, "valid"),
    "5x5": (5, 2, "same"),
    "6x6": (6, 2, "same"),
    "unstrided": (3, 1, "same"),
}


@dataclass(frozen=True)
class Digits:
    """The UCI digits in 28x28."""

    images: ImageU8
    labels: NDArray[np.int64]


@dataclass(frozen=True)
class Backbones:
    """One network in both precisions."""

    float32: Graph
    int8: Graph


def build_network(body: Build, classes: int = 10) -> Any:
    """Build a network with the layers that every run of the trainer has."""
    image = L.Input((28, 28), dtype="uint8", name="image")
    plane = L.Reshape((28, 28, 1), name="plane")(L.Rescaling(1 / 255, name="pixels")(image))
    logits = L.Dense(classes, name="logits")(body(plane))
    return keras.Model(image, L.Softmax(name="probabilities")(logits))


def write_run(path: Path, model: Any, digits: Digits, **record: Any) -> Path:
    """Write a finished run folder: the last 600 digits are validation and test images."""
    path.mkdir(parents=True, exist_ok=True)
    run = RunFolder(path)
    model.save(run.model_path)
    images, labels = digits.images, digits.labels
    calibration = Calibration(images[-600:-300], labels[-600:-300], images[-300:], labels[-300:])
    calibration.save(run.calibration_path)
    run.write_record(run_record(parameters=count_trained(model), **record))
    return path


@pytest.fixture(scope="session")
def digits() -> Digits:
    """All of them, shuffled."""
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
    for name, epochs in _EPOCHS.items():
        keras.utils.set_random_seed(0)
        model = build_preset(name, 10)
        model.compile(keras.optimizers.Adam(2e-3), "sparse_categorical_crossentropy")
        train = (digits.images[:-600], digits.labels[:-600])
        model.fit(*train, batch_size=32, epochs=epochs, verbose=0)
        paths[name] = write_run(folder / name, model, digits, preset=name, epochs=epochs)
    return paths


@pytest.fixture(scope="session")
def exports(
    runs: dict[str, Path], tmp_path_factory: pytest.TempPathFactory
) -> dict[tuple[str, str], ExportResult]:
    """What export makes of both networks, by network and precision."""
    folder = tmp_path_factory.mktemp("exports")
    results: dict[tuple[str, str], ExportResult] = {}
    for name, run in runs.items():
        exact = ExportConfig(run=run, output=folder / f"{name}.onnx")
        results[name, "float32"] = export_run(exact, str)
        output = folder / f"{name}.int8.onnx"
        int8 = replace(exact, output=output, quantize=True, gates=LENIENT)
        results[name, "int8"] = export_run(int8, str)
    return results


@pytest.fixture
def edge_config(runs: dict[str, Path], tmp_path: Path) -> ExportConfig:
    """An int8 export of the edge network into an empty folder."""
    output = tmp_path / "digits.onnx"
    return ExportConfig(run=runs["edge"], output=output, quantize=True, gates=LENIENT)


@pytest.fixture(scope="session")
def untrained_run(digits: Digits) -> Callable[..., Path]:
    """Return ``make(path, body, ...)``: a run of a network with random weights."""

    def make(path: Path, body: Build, class_names: tuple[str, ...] = tuple("0123456789")) -> Path:
        keras.utils.set_random_seed(1)
        classes = len(class_names)
        few = Digits(digits.images, digits.labels % classes)
        model = build_network(body, classes)
        return write_run(path, model, few, preset="edge", class_names=class_names)

    return make


@pytest.fixture(scope="session")
def backbones(digits: Digits) -> dict[str, Backbones]:
    """Backbones of untrained networks: three presets, and one of each first layer."""
    keras.utils.set_random_seed(2)
    models = {name: build_preset(name, 10) for name in ("edge", "nano", "walkthrough")}
    models |= {name: build_network(_small_body(*first)) for name, first in FIRST_LAYERS.items()}
    made: dict[str, Backbones] = {}
    for name, model in models.items():
        for weight in model.trainable_weights:
            if weight.name in {"bias", "beta"}:
                weight.assign(np.linspace(-0.1, 0.1, weight.shape[0]))
        with quiet_tools(verbose=False):
            backbone = build_backbone(convert_backbone(model), 1.0)
            made[name] = Backbones(backbone, quantize(backbone, digits.images[:100]))
    return made


def _small_body(kernel: int, strides: int, padding: str) -> Build:
    def body(plane: Any) -> Any:
        first = L.Conv2D(8, kernel, strides=strides, padding=padding, activation="relu")(plane)
        return L.GlobalAveragePooling2D()(L.Conv2D(8, 3, activation="relu")(first))

    return body


@pytest.fixture(scope="session")
def files(backbones: dict[str, Backbones]) -> Callable[..., Graph]:
    """Return ``files(network, precision)``: image to probabilities, without any optimization."""

    def build(network: str, precision: str = "int8") -> Graph:
        return apply(getattr(backbones[network], precision), read_bytes, add_softmax)

    return build


@pytest.fixture(scope="session")
def pictures(digits: Digits) -> ImageU8:
    """Digits, noise, and the two pictures of one grey level at the ends."""
    noise = np.random.default_rng(0).integers(0, 256, (50, 28, 28), np.uint8)
    blank = np.zeros((1, 28, 28), np.uint8)
    return np.concatenate((digits.images[:100], noise, blank, ~blank))
