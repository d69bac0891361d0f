"""A finished run as the reference of an export: its Keras model, its images, its answers."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import keras
import numpy as np
from numpy.typing import NDArray

from edge_export.calibrate import find_temperature, softmax
from edge_export.convert import LAST_LAYER, find_layer
from edge_infer.errors import RunError
from edge_infer.model.run_folder import UNLABELLED, Calibration, RunFolder, RunRecord

_BATCH: Final = 1000


@dataclass(frozen=True)
class KerasAnswers:
    """Calibrated probabilities of Keras.

    Attributes:
        validation: float32 (n, classes), of the validation images.
        test: float32 (m, classes), of the test images.
        temperature: What the logits were divided by.
    """

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
        range_images: uint8 (n, 28, 28), which the ranges of activations come from: all
            validation images, with and without a label.
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
        calibration = _labelled(whole)
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
        """Run the network up to its logits.

        Args:
            images_u8: uint8 (n, 28, 28), n at least 1.

        Returns:
            float32 (n, classes).
        """
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


def _labelled(calibration: Calibration) -> Calibration:
    """Leave out the images without a label, which serve the ranges of activations alone."""
    labelled = calibration.validation_labels != UNLABELLED
    return replace(
        calibration,
        validation_images=calibration.validation_images[labelled],
        validation_labels=calibration.validation_labels[labelled],
    )


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
