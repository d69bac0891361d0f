"""A finished run as the reference of an export: its Keras model, images and calibrated answers."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import keras
import numpy as np
from numpy.typing import NDArray

from edge_export.convert import LAST_LAYER, find_layer
from edge_infer.errors import RunError
from edge_infer.model.run_folder import UNLABELLED, Calibration, RunFolder, RunRecord

_BATCH: Final = 1000
_MIN_TEMPERATURE: Final = 0.05
_MAX_TEMPERATURE: Final = 20.0
_HALVINGS: Final = 60


@dataclass(frozen=True)
class KerasAnswers:
    """Probabilities of Keras, float32 (n, classes), for logits divided by the temperature."""

    validation: NDArray[np.float32]
    test: NDArray[np.float32]
    temperature: float


@dataclass(frozen=True)
class Reference:
    """A finished run: a model file is made from it and compared with it.

    Attributes:
        record: Its recipe and results.
        calibration: Its labelled validation and test images.
        model: Its Keras model.
        model_size_bytes: Size of ``model.keras``.
        range_images: uint8 (n, 28, 28), all validation images, with and without a label.
    """

    record: RunRecord
    calibration: Calibration
    model: Any
    model_size_bytes: int
    range_images: NDArray[np.uint8]

    @classmethod
    def load(cls, path: Path) -> Reference:
        """Read a run folder.

        Raises:
            RunError: The run is not finished or damaged, or its parts disagree.
        """
        run = RunFolder(path)
        record = run.read_record()
        whole = run.read_calibration()
        # Images without a label serve the ranges of activations alone.
        labelled = whole.validation_labels != UNLABELLED
        calibration = replace(
            whole,
            validation_images=whole.validation_images[labelled],
            validation_labels=whole.validation_labels[labelled],
        )
        _check_labels(calibration, record, run)
        model = _load_keras(run.model_path)
        classes = int(find_layer(model, LAST_LAYER).output.shape[-1])
        if classes != len(record.class_names):
            raise RunError(
                f"{run.model_path} has {classes} classes, {run.record_path} names "
                f"{len(record.class_names)}: they are not of one run; train it again"
            )
        size_bytes = run.model_path.stat().st_size
        return cls(record, calibration, model, size_bytes, whole.validation_images)

    def logits(self, images_u8: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Compute logits, float32 (n, classes), of images, uint8 (n, 28, 28), n at least 1."""
        head: Any = keras.Model(self.model.inputs, find_layer(self.model, LAST_LAYER).output)
        logits: NDArray[np.float32] = head.predict(images_u8, batch_size=_BATCH, verbose=0)
        return logits

    def answers(self) -> KerasAnswers:
        """Find the temperature on the validation images, and answer all images with it."""
        calibration = self.calibration
        validation = self.logits(calibration.validation_images)
        test = self.logits(calibration.test_images)
        temperature = find_temperature(validation, calibration.validation_labels)
        return KerasAnswers(
            softmax(validation, temperature).astype(np.float32),
            softmax(test, temperature).astype(np.float32),
            temperature,
        )


def find_temperature(logits: NDArray[np.float32], labels: NDArray[np.int64]) -> float:
    """Find the temperature by which confidence equals accuracy.

    It minimises the negative log-likelihood (Guo et al. 2017), which is convex in
    1 / temperature, so its slope is bisected. Targets are Platt's (1999), below 1, so that the
    confidence of a network without an error on a small set stays bounded.

    Args:
        logits: float32 (n, classes) of validation images, n at least 1.
        labels: int64 (n,), the true class ids.

    Returns:
        The temperature, in 0.05-20; above 1 the network was overconfident.
    """
    n, classes = logits.shape
    targets = np.full((n, classes), 1 / (n + 2) / (classes - 1))
    targets[np.arange(n), labels] = (n + 1) / (n + 2)
    wanted = float((targets * logits).sum()) / n
    low, high = 1 / _MAX_TEMPERATURE, 1 / _MIN_TEMPERATURE
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        slope = float((softmax(logits, 1 / middle) * logits).sum()) / n - wanted
        low, high = (middle, high) if slope < 0 else (low, middle)
    return 2 / (low + high)


def softmax(logits: NDArray[np.float32], temperature: float) -> NDArray[np.float64]:
    """Divide logits by a temperature; return their softmax, float64 (n, classes)."""
    scaled = logits.astype(np.float64) / temperature
    powers: NDArray[np.float64] = np.exp(scaled - scaled.max(axis=1, keepdims=True))
    probabilities: NDArray[np.float64] = powers / powers.sum(axis=1, keepdims=True)
    return probabilities


def _check_labels(calibration: Calibration, record: RunRecord, run: RunFolder) -> None:
    classes = len(record.class_names)
    for part in ("validation", "test"):
        labels = getattr(calibration, f"{part}_labels")
        if not len(labels):
            raise RunError(f"{run.calibration_path} holds no {part} images: train it again")
        if labels.min() < 0 or labels.max() >= classes:
            raise RunError(
                f"{run.calibration_path}: {part}_labels must lie in 0-{classes - 1}, found "
                f"{labels.min()}-{labels.max()}"
            )


def _load_keras(path: Path) -> Any:
    try:
        return keras.saving.load_model(path, compile=False, safe_mode=True)
    except Exception as error:  # Errors of zip, HDF5, JSON and layers share no base.
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise RunError(f"Keras cannot read {path}: {reason}") from error
