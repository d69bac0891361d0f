"""Make confidences mean something: a temperature, and when to refuse an answer."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

# Share of the validation images whose answers are to count as rejected.
REJECTED_SHARE: Final = 0.01
_MIN_TEMPERATURE: Final = 0.05
_MAX_TEMPERATURE: Final = 20.0
_HALVINGS: Final = 60


def find_temperature(logits: NDArray[np.float32], labels: NDArray[np.int64]) -> float:
    """Find what to divide logits by so that confidence equals accuracy.

    Minimises the negative log-likelihood (Guo et al. 2017). In 1 / temperature it is
    convex, so its slope is bisected. The targets are Platt's (1999): the true class
    gets (n + 1) / (n + 2) instead of 1, without which a network that makes no error on
    a small set would be scaled to boundless confidence.

    Args:
        logits: float32 (n, classes) of validation images, n at least 1.
        labels: int64 (n,), the true class ids.

    Returns:
        The temperature, in 0.05-20; above 1 the network was too sure.
    """
    n, classes = logits.shape
    targets = np.full((n, classes), 1 / (n + 2) / (classes - 1))
    targets[np.arange(n), labels] = (n + 1) / (n + 2)
    wanted = float((targets * logits).sum()) / n
    low, high = 1 / _MAX_TEMPERATURE, 1 / _MIN_TEMPERATURE
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        slope = float((at_temperature(logits, 1 / middle) * logits).sum()) / n - wanted
        low, high = (middle, high) if slope < 0 else (low, middle)
    return 2 / (low + high)


def at_temperature(logits: NDArray[np.float32], temperature: float) -> NDArray[np.float64]:
    """Give softmax(logits / temperature), float64 (n, classes), rows sum to 1."""
    scaled = logits.astype(np.float64) / temperature
    powers: NDArray[np.float64] = np.exp(scaled - scaled.max(axis=1, keepdims=True))
    probabilities: NDArray[np.float64] = powers / powers.sum(axis=1, keepdims=True)
    return probabilities


def find_reject_threshold(probabilities: NDArray[np.float32]) -> float:
    """Find the confidence under which the least sure 1 % of validation images fall.

    Args:
        probabilities: float32 (n, classes) of the finished file, n at least 1.

    Returns:
        A confidence in 0-1; floor(n / 100) images lie under it, fewer where equal.
    """
    confidences = np.sort(probabilities.max(axis=1))
    return float(confidences[int(len(confidences) * REJECTED_SHARE)])
