"""The Keras side of an export: the run's model and what it answers."""

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


@dataclass(frozen=True)
class Reference:
    """A finished run, read whole: what a model file is made from and judged by.

    Attributes:
        record: Its recipe and results.
        calibration: Its validation and test images.
        model: Its Keras model.
        model_size_bytes: Size of ``model.keras``.
        range_images: uint8 (n, 28, 28), what the ranges of activations are taken from: the
            validation images, and those without a label that the run holds beside them.
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
            RunError: Not a finished run, damaged, or its parts disagree.
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
                f"{run.model_path} tells {classes} classes apart, {run.record_path} names "
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


def _labelled(calibration: Calibration) -> Calibration:
    """Leave out the pictures that only the ranges are for: accuracy is that of real images."""
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
    except Exception as error:  # zip, HDF5, JSON and layer errors share no base
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise RunError(f"Keras cannot read {path}: {reason}") from error
