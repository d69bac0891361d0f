from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from edge_export.calibrate import find_reject_threshold, find_temperature, softmax


def calibrated_logits(n: int, *, seed: int = 0) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Logits whose labels are drawn from their own softmax: the right temperature is 1."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(0, 3, (n, 10)).astype(np.float32)
    shares = softmax(logits, 1.0).cumsum(axis=1)
    return logits, (rng.random((n, 1)) > shares).sum(axis=1).clip(0, 9)


@settings(max_examples=20, deadline=None)
@given(scale=st.floats(0.2, 8.0))
def test_temperature_undoes_a_scale(scale: float) -> None:
    logits, labels = calibrated_logits(4000)
    found = find_temperature(logits * np.float32(scale), labels)
    assert found == pytest.approx(scale, rel=0.05)


def test_temperature_is_where_the_likelihood_is_best() -> None:
    logits, labels = calibrated_logits(2000, seed=3)

    def loss(temperature: float) -> float:
        return -float(np.log(softmax(logits, temperature)[np.arange(2000), labels]).mean())

    found = find_temperature(logits, labels)
    assert loss(found) < loss(found * 1.1)
    assert loss(found) < loss(found / 1.1)


def test_temperature_of_a_faultless_network_leaves_doubt() -> None:
    labels = np.arange(50) % 10
    logits = np.eye(10, dtype=np.float32)[labels]
    probabilities = softmax(logits, find_temperature(logits, labels))
    assert probabilities.max() == pytest.approx(51 / 52, abs=1e-3)


def test_temperature_of_a_useless_network_is_bounded() -> None:
    logits = np.eye(10, dtype=np.float32)[np.arange(50) % 10]
    assert find_temperature(logits, (np.arange(50) + 1) % 10) == pytest.approx(20.0)


@given(st.floats(0.05, 20.0), st.floats(-1e4, 1e4))
def test_softmax_gives_probabilities_of_any_logits(temperature: float, shift: float) -> None:
    logits = np.array([[0, 1, 2], [500, -500, 0]], np.float32) + np.float32(shift)
    probabilities = softmax(logits, temperature)
    assert probabilities.sum(axis=1) == pytest.approx([1, 1])
    assert (probabilities >= 0).all()
    assert probabilities.argmax(axis=1).tolist() == [2, 0]


@pytest.mark.parametrize("n", [1, 99, 100, 5000])
def test_reject_threshold_leaves_one_percent_under_it(n: int) -> None:
    confidences = np.random.default_rng(n).permutation(np.linspace(0.5, 1, n))
    probabilities = np.stack([confidences, 1 - confidences], axis=1).astype(np.float32)
    threshold = find_reject_threshold(probabilities)
    assert int((probabilities.max(axis=1) < np.float32(threshold)).sum()) == n // 100
