"""Predictions, accuracy, loss and speed of Keras models."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import keras
import numpy as np
from numpy.typing import NDArray

from edge_infer.errors import RunError

_BATCH_SIZE: Final = 500
_SMALLEST_PROBABILITY: Final = 1e-12


@dataclass(frozen=True)
class Evaluation:
    """Results of a model on n images.

    Attributes:
        accuracy: 0-1.
        loss: Mean cross-entropy in nats.
        correct: Number of correct answers.
        n: Number of images.
        time_ms: Wall time per image, in milliseconds.
    """

    accuracy: float
    loss: float
    correct: int
    n: int
    time_ms: float


def evaluate(model: Any, images: NDArray[np.uint8], labels: NDArray[np.int64]) -> Evaluation:
    """Run a Keras model on images, uint8 (n, 28, 28), and compare with their labels, int64 (n,)."""
    # Keras traces its graph in the first call, which must not count as time of the images.
    _predict(model, images[:_BATCH_SIZE])
    started_s = time.perf_counter()
    probabilities = _predict(model, images)
    elapsed_ms = 1000 * (time.perf_counter() - started_s)
    of_label = probabilities[np.arange(len(labels)), labels]
    correct = int((probabilities.argmax(axis=1) == labels).sum())
    return Evaluation(
        accuracy=correct / len(labels),
        loss=float(-np.log(np.maximum(of_label, _SMALLEST_PROBABILITY)).mean()),
        correct=correct,
        n=len(labels),
        time_ms=elapsed_ms / len(labels),
    )


def load_predictor(path: Path) -> Callable[[NDArray[np.uint8]], NDArray[np.float32]]:
    """Load ``model.keras`` as a function from images to probabilities.

    It takes uint8 (n, 28, 28), n at least 1, and returns float32 (n, classes).

    Raises:
        RunError: The file is missing or damaged.
    """
    try:
        model: Any = keras.saving.load_model(path, compile=False, safe_mode=True)
    except Exception as error:  # zip, HDF5, JSON and layer errors have no common base class
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise RunError(f"Keras cannot read {path}: {reason}") from error
    return lambda images: _predict(model, images)


def _predict(model: Any, images: NDArray[np.uint8]) -> NDArray[np.float32]:
    return np.asarray(model.predict(images, batch_size=_BATCH_SIZE, verbose=0), np.float32)
