from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_bench.report_scale import fit_scale, tick_label

POSITIVE = st.floats(1e-4, 1e9)


@given(st.lists(POSITIVE, min_size=1), st.booleans())
def test_values_and_ticks_stand_on_the_scale(values: list[float], log: bool) -> None:
    scale = fit_scale(values, log=log)
    assert all(0 <= scale.position(value) <= 1 for value in values)
    assert 2 <= len(scale.ticks) <= 14
    assert list(scale.ticks) == sorted(set(scale.ticks))
    assert all(scale.low <= tick <= scale.high for tick in scale.ticks)


@given(st.lists(st.floats(-1e6, 1e6), min_size=1))
def test_linear_scale_takes_any_value(values: list[float]) -> None:
    scale = fit_scale(values, log=False)
    assert all(0 <= scale.position(value) <= 1 for value in values)


@pytest.mark.parametrize(
    ("low", "high", "ticks"),
    [(1, 60, (1, 2, 5, 10, 20, 50)), (20, 9000, (30, 100, 300, 1000, 3000, 10000))],
)
def test_log_ticks_are_round(low: float, high: float, ticks: tuple[float, ...]) -> None:
    assert fit_scale([low, high], log=True).ticks == pytest.approx(ticks)


def test_given_ticks_are_kept_as_far_as_they_are_seen() -> None:
    assert fit_scale([1, 64], log=True, ticks=(1, 8, 64, 512)).ticks == (1, 8, 64)


@pytest.mark.parametrize(
    ("value", "label"),
    [
        (0, "0"),
        (0.30000000000000004, "0.3"),
        (99.65, "99.65"),
        (10000, "10,000"),
        (1.5e16, "1.5e+16"),
    ],
)
def test_tick_label_has_no_digit_too_many(value: float, label: str) -> None:
    assert tick_label(value) == label
