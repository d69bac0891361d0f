"""Reliability of confidences: calibration error, risk against coverage, Wilson intervals."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from edge_infer.errors import ModelError
from edge_infer.model.metadata import Accuracy

CALIBRATION_BINS: Final = 15
# Fractions of the images that are answered. Those of lowest confidence are rejected.
COVERAGES: Final = (1.0, 0.995, 0.99, 0.98, 0.95)
# The 97.5 % quantile of the normal distribution, for two-sided 95 % intervals.
_Z_95: Final = 1.959963984540054
# Subtracted before ceil(): 10000 * 0.995 is 9950.000...01.
_ROUNDING: Final = 1e-9


@dataclass(frozen=True, kw_only=True)
class RiskPoint:
    """Coverage and risk of one reject threshold (El-Yaniv & Wiener 2010).

    Attributes:
        threshold: Answers with at least this confidence, 0-1, are kept.
        n: Number of images.
        kept: Number of answers kept.
        errors: Number of wrong answers among those kept.
    """

    threshold: float
    n: int
    kept: int
    errors: int

    def __post_init__(self) -> None:
        if not 0 <= self.errors <= self.kept <= self.n or not self.n:
            raise ModelError(f"found {self.errors} errors in {self.kept} answers of {self.n}")

    @property
    def coverage(self) -> float:
        """Fraction of the images whose answer is kept, 0-1."""
        return self.kept / self.n

    @property
    def risk(self) -> float:
        """Fraction of wrong answers among those kept, 0-1; 0 if none is kept."""
        return self.errors / self.kept if self.kept else 0.0


def expected_calibration_error(
    probabilities: NDArray[np.floating[Any]],
    labels: NDArray[np.int64],
    bins: int = CALIBRATION_BINS,
) -> float:
    """Compute the expected calibration error (Guo et al. 2017).

    Args:
        probabilities: float (n, classes), n at least 1, rows sum to 1.
        labels: int64 (n,), the true class ids.
        bins: Number of bins of equal width over 0-1, closed on the right.

    Returns:
        The mean over all images of |accuracy - mean confidence| of their bin, 0-1.
    """
    confidences, right = _confidences(probabilities, labels)
    edges = np.linspace(0, 1, bins + 1)
    places = np.clip(np.searchsorted(edges, confidences, side="left"), 1, bins) - 1
    gaps = np.bincount(places, weights=right - confidences, minlength=bins)
    return float(np.abs(gaps).sum()) / len(labels)


def risk_coverage(
    probabilities: NDArray[np.floating[Any]],
    labels: NDArray[np.int64],
    coverages: Sequence[float] = COVERAGES,
) -> tuple[RiskPoint, ...]:
    """Compute the errors that remain when the answers of lowest confidence are rejected.

    Args:
        probabilities: float (n, classes), n at least 1.
        labels: int64 (n,), the true class ids.
        coverages: Fractions of the images to answer, above 0 and up to 1.

    Returns:
        A point for each coverage, in order. The number of answers kept is rounded up, and is
        larger where confidences are equal, since a threshold cannot separate them.
    """
    falling = -np.sort(-probabilities.max(axis=1))
    places = [max(math.ceil(len(labels) * it - _ROUNDING), 1) - 1 for it in coverages]
    return tuple(risk_at_threshold(probabilities, labels, float(falling[it])) for it in places)


def risk_at_threshold(
    probabilities: NDArray[np.floating[Any]], labels: NDArray[np.int64], threshold: float
) -> RiskPoint:
    """Compute the errors that remain when answers below a threshold, 0-1, are rejected.

    Args:
        probabilities: float (n, classes), n at least 1.
        labels: int64 (n,), the true class ids.
        threshold: Lowest confidence that is kept.
    """
    confidences, right = _confidences(probabilities, labels)
    keeps = confidences >= threshold
    kept, errors = int(keeps.sum()), int((keeps & ~right).sum())
    return RiskPoint(threshold=threshold, n=len(labels), kept=kept, errors=errors)


def wilson_interval(accuracy: Accuracy) -> tuple[float, float]:
    """Return the 95 % confidence interval of an accuracy (Wilson 1927), bounds in 0-1."""
    n, share, z2 = accuracy.n, accuracy.fraction, _Z_95**2
    middle = (share + z2 / (2 * n)) / (1 + z2 / n)
    spread = math.sqrt(share * (1 - share) / n + z2 / (4 * n * n)) * _Z_95 / (1 + z2 / n)
    return max(0.0, middle - spread), min(1.0, middle + spread)


def _confidences(
    probabilities: NDArray[np.floating[Any]], labels: NDArray[np.int64]
) -> tuple[NDArray[np.floating[Any]], NDArray[np.bool_]]:
    """Return the confidence of each answer, float (n,), and whether it is right, bool (n,)."""
    return probabilities.max(axis=1), probabilities.argmax(axis=1) == labels
