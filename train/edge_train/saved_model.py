"""Run the Keras model that a training run has saved; imports TensorFlow."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import keras
import numpy as np
from numpy.typing import NDArray

from edge_infer.errors import RunError

_BATCH_SIZE: Final = 500


def load_predictor(path: Path) -> Callable[[NDArray[np.uint8]], NDArray[np.float32]]:
    """Load a Keras model as a function from images to probabilities.

    Args:
        path: Path of ``model.keras``.

    Returns:
        A function that takes uint8 (n, 28, 28), n at least 1, and returns float32
        (n, classes).

    Raises:
        RunError: The file is missing or damaged.
    """
    try:
        model: Any = keras.saving.load_model(path, compile=False, safe_mode=True)
    except Exception as error:  # zip, HDF5, JSON and layer errors have no common base class
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise RunError(f"Keras cannot read {path}: {reason}") from error

    def predict(images: NDArray[np.uint8]) -> NDArray[np.float32]:
        return np.asarray(model.predict(images, batch_size=_BATCH_SIZE, verbose=0), np.float32)

    return predict
