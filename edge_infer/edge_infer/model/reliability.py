"""Whether confidences can be trusted: calibration error, and what rejecting buys.

Pure functions of probabilities and labels, so that whoever measures a model file measures
it alike.
"""

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
# Shares of the images that are answered; the rest, of least confidence, is rejected.
COVERAGES: Final = (1.0, 0.995, 0.99, 0.98, 0.95)
# 97.5 % quantile of the normal distribution: two-sided 95 % intervals.
_Z_95: Final = 1.959963984540054
# Keeps ceil() from adding an image to 10000 * 0.995 = 9950.000...01
_ROUNDING: Final = 1e-9


@dataclass(frozen=True, kw_only=True)
class RiskPoint:
    """What is left of the errors when unsure answers are rejected (El-Yaniv & Wiener 2010).

    Attributes:
        threshold: Confidence in 0-1 from which on answers are kept.
        n: Number of images.
        kept: Number of images whose answer is kept.
        errors: Number of wrong answers among those.
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
        """Share of the images whose answer is kept, 0-1."""
        return self.kept / self.n

    @property
    def risk(self) -> float:
        """Share of wrong answers among those kept, 0-1; 0 when none is kept."""
        return self.errors / self.kept if self.kept else 0.0


def expected_calibration_error(
    probabilities: NDArray[np.floating[Any]],
    labels: NDArray[np.int64],
    bins: int = CALIBRATION_BINS,
) -> float:
    """Measure how far confidence is from accuracy (Guo et al. 2017).

    Args:
        probabilities: (n, classes), n at least 1, rows sum to 1.
        labels: int64 (n,), the true class ids.
        bins: Number of bins of equal width over confidences 0-1, closed above.

    Returns:
        Mean over all images of |accuracy - mean confidence| of the image's bin, in 0-1.
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
    """Give the errors left when the least sure answers are rejected.

    Args:
        probabilities: (n, classes), n at least 1.
        labels: int64 (n,), the true class ids.
        coverages: Shares of the images to answer, above 0 and up to 1.

    Returns:
        A point for each, in order. It keeps that share rounded up to an image, and more
        where confidences are equal: answers are kept by their confidence alone.
    """
    confidences, right = _confidences(probabilities, labels)
    n = len(labels)
    order = np.argsort(-confidences, kind="stable")
    falling, errors = confidences[order], np.cumsum(~right[order])
    points: list[RiskPoint] = []
    for coverage in coverages:
        threshold = falling[max(math.ceil(n * coverage - _ROUNDING), 1) - 1]
        kept = int(np.searchsorted(-falling, -threshold, side="right"))
        points.append(
            RiskPoint(threshold=float(threshold), n=n, kept=kept, errors=int(errors[kept - 1]))
        )
    return tuple(points)


def risk_at_threshold(
    probabilities: NDArray[np.floating[Any]], labels: NDArray[np.int64], threshold: float
) -> RiskPoint:
    """Give the errors left when answers under a confidence are rejected.

    Args:
        probabilities: (n, classes), n at least 1.
        labels: int64 (n,), the true class ids.
        threshold: Confidence in 0-1.
    """
    confidences, right = _confidences(probabilities, labels)
    keeps = confidences >= threshold
    return RiskPoint(
        threshold=threshold,
        n=len(labels),
        kept=int(keeps.sum()),
        errors=int((keeps & ~right).sum()),
    )


def wilson_interval(accuracy: Accuracy) -> tuple[float, float]:
    """Give the 95 % interval of an accuracy (Wilson 1927), bounds in 0-1."""
    n, share, z2 = accuracy.n, accuracy.fraction, _Z_95**2
    middle = (share + z2 / (2 * n)) / (1 + z2 / n)
    spread = math.sqrt(share * (1 - share) / n + z2 / (4 * n * n)) * _Z_95 / (1 + z2 / n)
    return max(0.0, middle - spread), min(1.0, middle + spread)


def _confidences(
    probabilities: NDArray[np.floating[Any]], labels: NDArray[np.int64]
) -> tuple[NDArray[np.floating[Any]], NDArray[np.bool_]]:
    """Give the confidence of each answer, in its own dtype, and whether it is right."""
    return probabilities.max(axis=1), probabilities.argmax(axis=1) == labels
