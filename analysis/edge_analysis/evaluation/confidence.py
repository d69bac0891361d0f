"""Whether a model is as often right as it says: bins, calibration error, risk."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from edge_analysis.evaluation.answers import Answers
from edge_infer.model.reliability import (
    CALIBRATION_BINS,
    RiskPoint,
    expected_calibration_error,
    risk_at_threshold,
    risk_coverage,
)

# Shares of the images that are answered, for the curve.
_CURVE: Final = tuple(float(share) for share in np.linspace(0.5, 1.0, 501))


@dataclass(frozen=True, kw_only=True)
class ConfidenceBin:
    """Answers of like confidence.

    Attributes:
        low: Confidences are above this, in 0-1,
        high: and up to this.
        n: Number of answers.
        confidence: Their mean confidence; 0 for none.
        accuracy: Share of right ones; 0 for none.
    """

    low: float
    high: float
    n: int
    confidence: float
    accuracy: float


@dataclass(frozen=True, kw_only=True)
class ConfidenceScore:
    """What confidences are worth.

    Attributes:
        calibration_error: Expected calibration error (Guo et al. 2017), in 0-1.
        mean_confidence: Over all answers, in 0-1.
        bins: Of equal width, ascending.
        risk: Errors left when the least sure answers are rejected, for shares that are kept.
        at_threshold: The same for the model's own reject threshold; None where it has none.
    """

    calibration_error: float
    mean_confidence: float
    bins: tuple[ConfidenceBin, ...]
    risk: tuple[RiskPoint, ...]
    at_threshold: RiskPoint | None


def score_confidence(answers: Answers, reject_threshold: float | None) -> ConfidenceScore:
    """Measure the confidences of answers.

    Args:
        answers: Of the model.
        reject_threshold: Confidence in 0-1 from which on it keeps an answer.
    """
    given = answers.probabilities, answers.labels
    return ConfidenceScore(
        calibration_error=expected_calibration_error(*given),
        mean_confidence=float(answers.confidences.mean(dtype=np.float64)),
        bins=_bins(answers),
        risk=risk_coverage(*given),
        at_threshold=None
        if reject_threshold is None
        else risk_at_threshold(*given, reject_threshold),
    )


def risk_curve(answers: Answers) -> tuple[RiskPoint, ...]:
    """Give the errors left for many shares of answers, for a smooth line."""
    return risk_coverage(answers.probabilities, answers.labels, _CURVE)


def _bins(answers: Answers) -> tuple[ConfidenceBin, ...]:
    edges = np.linspace(0, 1, CALIBRATION_BINS + 1)
    places = np.searchsorted(edges, answers.confidences, side="left").clip(1, CALIBRATION_BINS) - 1
    counts = np.bincount(places, minlength=CALIBRATION_BINS)
    sums = (
        np.bincount(places, weights=values, minlength=CALIBRATION_BINS)
        for values in (answers.confidences, answers.right)
    )
    confidence, accuracy = (total / np.maximum(counts, 1) for total in sums)
    return tuple(
        ConfidenceBin(
            low=float(edges[at]),
            high=float(edges[at + 1]),
            n=int(counts[at]),
            confidence=float(confidence[at]),
            accuracy=float(accuracy[at]),
        )
        for at in range(CALIBRATION_BINS)
    )
