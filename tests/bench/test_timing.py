"""Timing in turns, the intervals of ratios, and the comparison with Keras."""

from __future__ import annotations

import time

import numpy as np
import pytest

from edge_bench.bootstrap import ratio_of_same_turns, ratio_of_two_runs
from edge_bench.interleaved import Timing, time_interleaved
from latency_parity import KERAS_COMPILED, KERAS_PREDICT, ONNX_FLOAT, ONNX_INT8, shortfalls

# The machine was slow for two of five turns.
NOISY = np.array([10.0, 20.0, 10.0, 30.0, 10.0])


def test_functions_take_turns() -> None:
    calls: list[str] = []

    def note(name: str, time_s: float) -> None:
        calls.append(name)
        time.sleep(time_s)

    functions = {"slow": lambda: note("slow", 0.05), "quick": lambda: note("quick", 0.03)}
    timings = time_interleaved(functions, rounds=3)
    assert calls[-6:] == ["slow", "quick"] * 3
    assert [(timing.name, timing.calls) for timing in timings.values()] == [
        ("slow", 3),
        ("quick", 3),
    ]
    slow = timings["slow"]
    assert timings["quick"].p50_ms < 50 <= slow.p10_ms <= slow.p50_ms <= slow.p90_ms


def test_quick_function_is_called_often_in_a_turn() -> None:
    assert time_interleaved({"quick": lambda: None}, rounds=1)["quick"].calls > 100


def test_noise_that_two_functions_share_does_not_widen_the_interval() -> None:
    found = ratio_of_same_turns(2 * NOISY, NOISY)
    assert (found.ratio, found.low, found.high) == (2, 2, 2)
    found = ratio_of_two_runs(2 * NOISY, NOISY)
    assert found.low < found.ratio == 2 < found.high


def test_two_runs_may_have_different_numbers_of_turns() -> None:
    found = ratio_of_two_runs(np.full(7, 3.0), np.full(4, 2.0))
    assert (found.ratio, found.low, found.high) == (1.5, 1.5, 1.5)


def test_interval_covers_the_true_ratio_in_95_of_100_cases() -> None:
    rng = np.random.default_rng(0)
    found = [
        ratio_of_same_turns(1.2 * rng.lognormal(0, 0.1, 25), rng.lognormal(0, 0.1, 25))
        for _ in range(100)
    ]
    covered = sum(each.low <= 1.2 <= each.high for each in found)
    assert covered == pytest.approx(95, abs=5)


@pytest.mark.parametrize(
    ("predict_ms", "compiled_ms", "missed"),
    [
        (2.5, 0.375, []),
        (2.375, 0.375, [KERAS_PREDICT]),
        (2.5, 0.25, [KERAS_COMPILED]),
        (0.125, 0.125, [KERAS_PREDICT, KERAS_COMPILED]),
    ],
)
def test_missed_ratios_to_keras_are_named(
    predict_ms: float, compiled_ms: float, missed: list[str]
) -> None:
    medians_ms = {KERAS_PREDICT: predict_ms, KERAS_COMPILED: compiled_ms}
    medians_ms |= {ONNX_FLOAT: 0.25, ONNX_INT8: 0.125}
    timings = {name: Timing(name, 10, ms, ms, ms) for name, ms in medians_ms.items()}
    lines = shortfalls(timings)
    assert [name for name in medians_ms if any(name in line for line in lines)] == missed
