"""Calibration of the confidences, and the errors left after rejection."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from edge_analysis.evaluation.data import Answers
from edge_infer.model.reliability import (
    CALIBRATION_BINS,
    RiskPoint,
    expected_calibration_error,
    risk_at_threshold,
    risk_coverage,
)

# Coverages of the risk curve.
_CURVE: Final = tuple(float(share) for share in np.linspace(0.5, 1.0, 501))


@dataclass(frozen=True)
class ConfidenceBin:
    """Number, mean confidence and accuracy of the answers with a confidence in (low, high].

    All but ``n`` are in 0-1. Mean confidence and accuracy of no answers are 0.
    """

    low: float
    high: float
    n: int
    confidence: float
    accuracy: float


@dataclass(frozen=True, kw_only=True)
class ConfidenceScore:
    """Calibration, and errors left if the least confident answers are rejected.

    The calibration error is the expected calibration error (Guo et al. 2017) in 0-1. The bins have
    equal width. ``at_threshold`` is None for a model without a reject threshold.
    """

    calibration_error: float
    mean_confidence: float
    bins: tuple[ConfidenceBin, ...]
    risk: tuple[RiskPoint, ...]
    at_threshold: RiskPoint | None


def score_confidence(answers: Answers, reject_threshold: float | None) -> ConfidenceScore:
    """Measure the confidences of answers.

    Args:
        answers: Answers of the model.
        reject_threshold: Confidence in 0-1 below which the model rejects an answer.
    """
    given = answers.probabilities, answers.labels
    kept = None if reject_threshold is None else risk_at_threshold(*given, reject_threshold)
    return ConfidenceScore(
        calibration_error=expected_calibration_error(*given),
        mean_confidence=float(answers.confidences.mean(dtype=np.float64)),
        bins=_bins(answers),
        risk=risk_coverage(*given),
        at_threshold=kept,
    )


def risk_curve(answers: Answers) -> tuple[RiskPoint, ...]:
    """Return the errors left at 501 coverages from 0.5 to 1."""
    return risk_coverage(answers.probabilities, answers.labels, _CURVE)


def _bins(answers: Answers) -> tuple[ConfidenceBin, ...]:
    # sklearn.calibration.calibration_curve returns neither the counts nor the empty bins.
    edges = np.linspace(0, 1, CALIBRATION_BINS + 1)
    places = np.searchsorted(edges, answers.confidences, side="left").clip(1, CALIBRATION_BINS) - 1
    counts = np.bincount(places, minlength=CALIBRATION_BINS)
    means = [
        np.bincount(places, values, CALIBRATION_BINS) / np.maximum(counts, 1)
        for values in (answers.confidences, answers.right)
    ]
    columns = (column.tolist() for column in (edges[:-1], edges[1:], counts, *means))
    return tuple(ConfidenceBin(*row) for row in zip(*columns, strict=True))
