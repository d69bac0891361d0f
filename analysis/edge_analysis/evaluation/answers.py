"""Answers of a model: confidences and rejection, and a comparison with another model.

The fields of the records are keys of ``report.json``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binomtest

from edge_analysis.data_set import Indices, Split
from edge_analysis.evaluation.models import Predictor, Probabilities
from edge_infer.model.reliability import (
    CALIBRATION_BINS,
    RiskPoint,
    expected_calibration_error,
    risk_at_threshold,
    risk_coverage,
)

# Same as in training: a probability of 0 has a large, but finite loss.
_MIN_PROBABILITY: Final = 1e-12
# Coverages of the risk curve.
_CURVE: Final = tuple(float(share) for share in np.linspace(0.5, 1.0, 501))


@dataclass(frozen=True, eq=False)
class Answers:
    """Answers of a model: labels, int64 (n,), and probabilities, float32 (n, classes)."""

    labels: Indices
    probabilities: Probabilities

    @cached_property
    def predicted(self) -> Indices:
        """Most probable class, int64 (n,)."""
        return np.asarray(self.probabilities.argmax(axis=1))

    @cached_property
    def confidences(self) -> Probabilities:
        """Probability of the most probable class in 0-1, float32 (n,)."""
        return np.asarray(self.probabilities.max(axis=1))

    @cached_property
    def right(self) -> NDArray[np.bool_]:
        """Whether the answer is correct, bool (n,)."""
        return np.asarray(self.predicted == self.labels)

    @cached_property
    def losses(self) -> NDArray[np.float64]:
        """Cross-entropy in nats, float64 (n,)."""
        of_label = self.probabilities[np.arange(len(self.labels)), self.labels]
        return -np.log(np.maximum(of_label.astype(np.float64), _MIN_PROBABILITY))

    @cached_property
    def errors_by_confidence(self) -> Indices:
        """Indices of the wrong answers, the most confident first, int64 (errors,)."""
        wrong = np.flatnonzero(~self.right)
        return wrong[np.argsort(-self.confidences[wrong], kind="stable")]


def answer(predictor: Predictor, split: Split) -> Answers:
    """Run a model on all images of a split."""
    return Answers(split.labels, predictor(split.images))


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
    """Measure the confidences of answers; those below the threshold in 0-1 are rejected."""
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


@dataclass(frozen=True)
class Disagreement:
    """An image that two models answer differently: index, true class, answers, confidences."""

    index: int
    label: str
    answers: tuple[str, str]
    confidences: tuple[float, float]


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """Two models on the same images: how many images both, one or none classifies correctly.

    ``p_value`` is the two-sided p-value of McNemar's exact test (McNemar 1947) of equal accuracy.
    Of the ``disagreements`` those that one model classifies correctly come first.
    """

    models: tuple[str, str]
    both_right: int
    only_first: int
    only_second: int
    both_wrong: int
    p_value: float
    disagreements: tuple[Disagreement, ...]

    @property
    def n(self) -> int:
        """Number of images."""
        return self.both_right + self.only_first + self.only_second + self.both_wrong

    @property
    def agreement(self) -> float:
        """Share of images with the same answer in 0-1."""
        return 1 - len(self.disagreements) / self.n


def compare_answers(
    models: tuple[str, str], first: Answers, second: Answers, names: Sequence[str]
) -> Comparison:
    """Compare the answers of two models, given by name, to the same images."""
    only_first = int((first.right & ~second.right).sum())
    only_second = int((~first.right & second.right).sum())
    different = np.flatnonzero(first.predicted != second.predicted)
    one_right = first.right[different] != second.right[different]
    return Comparison(
        models=models,
        both_right=int((first.right & second.right).sum()),
        only_first=only_first,
        only_second=only_second,
        both_wrong=int((~first.right & ~second.right).sum()),
        p_value=mcnemar_p_value(only_first, only_second),
        disagreements=tuple(
            Disagreement(
                at,
                names[int(first.labels[at])],
                (names[int(first.predicted[at])], names[int(second.predicted[at])]),
                (float(first.confidences[at]), float(second.confidences[at])),
            )
            for at in different[np.argsort(~one_right, kind="stable")].tolist()
        ),
    )


def mcnemar_p_value(only_first: int, only_second: int) -> float:
    """Return the two-sided p-value of McNemar's exact test.

    The arguments are the numbers of images that only one of two models classifies correctly.
    """
    n = only_first + only_second
    return float(binomtest(only_first, n).pvalue) if n else 1.0
