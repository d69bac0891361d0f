"""The Keras model of a run as something to evaluate; imports TensorFlow."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import keras
import numpy as np

from edge_analysis.evaluation import Predictor
from edge_analysis.evaluation.answers import ImagesU8, Probabilities
from edge_infer.errors import RunError

_BATCH: Final = 500


def keras_predictor(path: Path) -> Predictor:
    """Load a Keras model.

    Args:
        path: Of ``model.keras``.

    Raises:
        RunError: It is missing or damaged.
    """
    try:
        model: Any = keras.saving.load_model(path, compile=False, safe_mode=True)
    except Exception as error:  # zip, HDF5, JSON and layer errors share no base
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise RunError(f"Keras cannot read {path}: {reason}") from error

    def predict(images: ImagesU8) -> Probabilities:
        return np.asarray(model.predict(images, batch_size=_BATCH, verbose=0), np.float32)

    return predict
