"""Ratios of medians and how far turns can be trusted with them."""

from __future__ import annotations

import numpy as np
import pytest

from edge_bench.bootstrap import ratio_of_same_turns, ratio_of_two_runs

# The machine was slow for two of five turns.
UNQUIET = np.array([10.0, 20.0, 10.0, 30.0, 10.0])


def test_what_slowed_both_in_the_same_turn_leaves_no_doubt() -> None:
    found = ratio_of_same_turns(2 * UNQUIET, UNQUIET)
    assert (found.ratio, found.low, found.high) == (2, 2, 2)


def test_between_two_runs_unquiet_turns_are_doubt() -> None:
    found = ratio_of_two_runs(2 * UNQUIET, UNQUIET)
    assert found.low < found.ratio == 2 < found.high


def test_two_runs_may_have_different_numbers_of_turns() -> None:
    found = ratio_of_two_runs(np.full(7, 3.0), np.full(4, 2.0))
    assert (found.ratio, found.low, found.high) == (1.5, 1.5, 1.5)


def test_interval_covers_the_true_ratio_as_often_as_it_says() -> None:
    rng = np.random.default_rng(0)
    found = [
        ratio_of_same_turns(1.2 * rng.lognormal(0, 0.1, 25), rng.lognormal(0, 0.1, 25))
        for _ in range(100)
    ]
    covered = sum(each.low <= 1.2 <= each.high for each in found)
    assert covered == pytest.approx(95, abs=5)
