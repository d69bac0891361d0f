"""Calibrate confidences: the temperature of the softmax, and the reject threshold."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

# Share of the validation images whose answers are rejected.
REJECTED_SHARE: Final = 0.01
_MIN_TEMPERATURE: Final = 0.05
_MAX_TEMPERATURE: Final = 20.0
_HALVINGS: Final = 60


def find_temperature(logits: NDArray[np.float32], labels: NDArray[np.int64]) -> float:
    """Find the temperature by which confidence equals accuracy.

    It minimises the negative log-likelihood (Guo et al. 2017), which is convex in
    1 / temperature, so its slope is bisected. Targets are Platt's (1999): the true class gets
    (n + 1) / (n + 2) instead of 1. Otherwise the confidence of a network without an error on a
    small set would grow without bound.

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


def find_reject_threshold(probabilities: NDArray[np.float32]) -> float:
    """Find the confidence below which the 1 % least certain validation images lie.

    Args:
        probabilities: float32 (n, classes) of the finished file, n at least 1.

    Returns:
        A confidence in 0-1; floor(n / 100) images lie below it, fewer where some are equal.
    """
    confidences = np.sort(probabilities.max(axis=1))
    return float(confidences[int(len(confidences) * REJECTED_SHARE)])
