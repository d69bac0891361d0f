"""Calibration error, risk against coverage and confidence intervals."""

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from edge_infer.errors import ModelError
from edge_infer.model.metadata import Accuracy
from edge_infer.model.reliability import (
    COVERAGES,
    RiskPoint,
    expected_calibration_error,
    risk_at_threshold,
    risk_coverage,
    wilson_interval,
)


@st.composite
def answers(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities float32 (n, classes), some confidences equal, and labels."""
    n, classes = draw(st.integers(1, 40)), draw(st.integers(2, 5))
    weights = draw(arrays.arrays(np.int64, (n, classes), elements=st.integers(1, 6)))
    labels = draw(arrays.arrays(np.int64, n, elements=st.integers(0, classes - 1)))
    return (weights / weights.sum(axis=1, keepdims=True)).astype(np.float32), labels


def sure(*confidences: float) -> np.ndarray:
    """Two classes, the first with these confidences."""
    first = np.array(confidences, np.float32)
    return np.stack([first, 1 - first], axis=1)


@pytest.mark.parametrize(
    ("confidences", "labels", "bins", "expected"),
    [
        # Four answers of confidence 0.75: three are right, then two.
        ((0.75, 0.75, 0.75, 0.75), [0, 0, 0, 1], 15, 0),
        ((0.75, 0.75, 0.75, 0.75), [0, 0, 1, 1], 15, 0.25),
        # Bins are weighted by their images, and errors of one bin cancel.
        ((1.0, 1.0, 1.0, 0.6), [0, 0, 0, 1], 15, 0.15),
        # Bins are closed on the right: 0.5 and 0.9 are in different ones, 0.6 and 1 are not.
        ((0.5, 0.9), [0, 0], 2, (0.5 + 0.1) / 2),
        ((0.6, 1.0), [1, 0], 2, abs(1 - 1.6) / 2),
    ],
)
def test_calibration_error_of_known_cases(confidences, labels, bins, expected) -> None:
    found = expected_calibration_error(sure(*confidences), np.array(labels), bins)
    assert found == pytest.approx(expected, abs=1e-7)


@given(answers(), st.integers(1, 30))
def test_calibration_error_is_the_sum_over_bins(given_answers, bins: int) -> None:
    probabilities, labels = given_answers
    confidences = probabilities.max(axis=1).astype(np.float64)
    right = probabilities.argmax(axis=1) == labels
    edges = np.linspace(0, 1, bins + 1)
    expected = 0.0
    for low, high in pairwise(edges):
        inside = (confidences > low) & (confidences <= high)
        if inside.any():
            gap = abs(right[inside].mean() - confidences[inside].mean())
            expected += gap * inside.sum() / len(labels)
    found = expected_calibration_error(probabilities, labels, bins)
    assert found == pytest.approx(expected, abs=1e-6)
    assert 0 <= found <= 1


@given(answers(), st.lists(st.floats(0.01, 1), min_size=1, max_size=6))
def test_risk_points_are_what_their_thresholds_keep(given_answers, coverages) -> None:
    probabilities, labels = given_answers
    points = risk_coverage(probabilities, labels, coverages)
    confidences = np.sort(probabilities.max(axis=1))[::-1]
    for point, coverage in zip(points, coverages, strict=True):
        assert point == risk_at_threshold(probabilities, labels, point.threshold)
        assert point.coverage >= coverage - 1e-9
        # One answer fewer would be too few.
        surer = int((confidences > point.threshold).sum())
        assert surer < max(math.ceil(coverage * len(labels) - 1e-9), 1)


def test_coverages_of_ten_thousand_lose_no_image_to_rounding() -> None:
    confidences = np.linspace(0.5, 1, 10_000)
    points = risk_coverage(sure(*confidences), np.zeros(10_000, np.int64))
    assert [point.kept for point in points] == [10_000, 9_950, 9_900, 9_800, 9_500]
    assert [point.coverage for point in points] == list(COVERAGES)


@pytest.mark.parametrize(("n", "kept", "errors"), [(0, 0, 0), (5, 6, 0), (5, 2, 3), (5, 2, -1)])
def test_impossible_counts_are_refused(n: int, kept: int, errors: int) -> None:
    with pytest.raises(ModelError, match=f"{errors} errors in {kept} answers of {n}"):
        RiskPoint(threshold=0.5, n=n, kept=kept, errors=errors)


def test_wilson_interval_matches_published_values() -> None:
    # Newcombe 1998, table I: 81 of 263, and 0 of 20.
    assert wilson_interval(Accuracy(correct=81, n=263)) == pytest.approx((0.2553, 0.3662), abs=1e-4)
    assert wilson_interval(Accuracy(correct=0, n=20)) == pytest.approx((0.0, 0.1611), abs=1e-4)


@given(st.integers(1, 10**5).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilson_interval_holds_the_share(counts: tuple[int, int]) -> None:
    accuracy = Accuracy(correct=counts[0], n=counts[1])
    low, high = wilson_interval(accuracy)
    assert 0 <= low <= accuracy.fraction + 1e-12
    assert accuracy.fraction - 1e-12 <= high <= 1
