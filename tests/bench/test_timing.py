"""Timing: turns and streams, summaries of calls, intervals of ratios, and Keras' ratios."""

from __future__ import annotations

import time
from collections.abc import Iterator

import numpy as np
import pytest
from bench_records import measurement

from edge_bench.summary import (
    Case,
    Memory,
    compare,
    ratio_of_same_turns,
    ratio_of_two_runs,
    summarise,
)
from edge_bench.timing import Loop, Stream, Timing, Turn, time_interleaved
from latency_parity import KERAS_COMPILED, KERAS_PREDICT, ONNX_FLOAT, ONNX_INT8, shortfalls

SINGLE = Case("single", 1, 1)
# The machine was slow for two of five turns.
NOISY = np.array([10.0, 20.0, 10.0, 30.0, 10.0])


def turns(ms: np.ndarray, count: int = 1) -> list[Turn]:
    return [Turn(part / 1000) for part in np.array_split(ms, count)]


def test_summary_of_known_calls() -> None:
    ms = np.arange(1.0, 1002.0)
    got = summarise(Case("batch", 2, 64), "edge", turns(ms, 7), Memory(5, 9))
    assert (got.n, got.min_ms, got.mean_ms, got.p50_ms) == (1001, 1, 501, 501)
    assert (got.p90_ms, got.p95_ms, got.p99_ms) == (901, 951, 991)
    assert got.sd_ms == pytest.approx(ms.std(ddof=1), rel=1e-5)
    assert got.images_per_s == pytest.approx(64 / 0.501, rel=1e-5)
    assert got.quantiles_ms == tuple(np.arange(1.0, 1002.0, 10))
    assert got.round_medians_ms == (72, 215, 358, 501, 644, 787, 930)
    assert (got.rss_steady_bytes, got.rss_peak_bytes) == (5, 9)


@pytest.mark.parametrize(
    ("calls", "told"), [(1, 0), (19, 0), (20, 1), (99, 1), (100, 2), (499, 2), (500, 3)]
)
def test_summary_tells_no_quantile_beyond_its_calls(calls: int, told: int) -> None:
    got = summarise(SINGLE, "edge", turns(np.linspace(1, 2, calls)))
    assert (got.n, got.sd_ms > 0) == (calls, calls > 1)
    quantiles = (got.p90_ms, got.p95_ms, got.p99_ms)
    assert [quantile is not None for quantile in quantiles] == [True] * told + [False] * (3 - told)


def test_parts_are_medians_over_turns() -> None:
    one = np.array([0.001])
    got = summarise(SINGLE, "edge", [Turn(one, {"cpu_ms": value}) for value in (1, 2, 90)])
    assert got.parts == {"cpu_ms": 2}


def test_ratio_and_interval_hold_the_truth_on_a_machine_that_slows_both() -> None:
    rng = np.random.default_rng(0)
    weather = np.exp(rng.normal(0, 0.5, 200))
    first = measurement(rounds_ms=weather * rng.normal(1, 0.01, 200), model="a")
    second = measurement(rounds_ms=1.2 * weather * rng.normal(1, 0.01, 200), model="b")
    got = compare(SINGLE, second, first)
    assert got is not None
    assert (got.model, got.baseline) == ("b", "a")
    assert got.low < 1.2 < got.high
    # Drawn apart, the weather alone would make it some 0.3 wide.
    assert got.high - got.low < 0.05
    # Two turns are too few for an interval.
    first, second = (measurement(rounds_ms=(1.0, 2.0), model=name) for name in "ab")
    assert compare(SINGLE, second, first) is None


def sleeper(*ms: float) -> Iterator[None]:
    """Sleep for so long at each step, at the last for ever after."""
    for each in ms:
        time.sleep(each / 1000)
        yield
    while True:
        time.sleep(ms[-1] / 1000)
        yield


def test_loop_times_each_call_of_a_slice() -> None:
    loop = Loop(lambda: time.sleep(0.002))
    loop.warm_up()
    turn = loop.turn()
    assert 2 <= len(turn.seconds) <= 10
    assert turn.seconds.min() >= 0.002
    assert turn.median_ms >= 2


def test_loop_warms_up_until_it_gets_no_quicker() -> None:
    steps = sleeper(40, 30, 25, 1)
    loop = Loop(lambda: next(steps))
    loop.warm_up()
    turn = loop.turn()
    assert turn.seconds.max() < 0.02
    assert len(turn.seconds) >= 3


def test_loop_warms_up_for_no_longer_than_it_may() -> None:
    steps = sleeper(*(200 * 0.8**at for at in range(30)))
    loop = Loop(lambda: next(steps))
    started_s = time.perf_counter()
    loop.warm_up(limit_s=0.3)
    assert time.perf_counter() - started_s < 1


def test_loop_tells_processor_time_apart() -> None:
    def work() -> None:
        ends_s = time.process_time() + 0.004
        while time.process_time() < ends_s:
            pass
        time.sleep(0.02)

    turn = Loop(work).turn()
    assert 4 <= turn.parts["cpu_ms"] < 16
    assert turn.median_ms >= 24


def test_stream_waits_for_frames() -> None:
    stream = Stream(lambda: time.sleep(0.001), turn_s=0.2, fps=50)
    stream.warm_up(1)
    turn = stream.turn()
    assert len(turn.seconds) <= 10
    assert turn.parts["fps"] <= 50
    assert turn.parts["cpu_share"] < 0.5
    assert turn.parts["frame_age_ms"] >= 1


def test_stream_drops_frames_that_came_meanwhile() -> None:
    turn = Stream(lambda: time.sleep(0.05), turn_s=0.5, fps=100).turn()
    assert len(turn.seconds) <= 10
    assert turn.parts["fps"] <= 20
    # The newest is taken: none is older than its own handling and the wait for one more.
    assert turn.parts["frame_age_ms"] == pytest.approx(1e3 * turn.seconds.mean(), abs=11)


def test_functions_take_turns() -> None:
    calls: list[str] = []

    def note(name: str, time_s: float) -> None:
        calls.append(name)
        time.sleep(time_s)

    functions = {"slow": lambda: note("slow", 0.05), "quick": lambda: note("quick", 0.03)}
    timings = time_interleaved(functions, rounds=3)
    assert calls[-6:] == ["slow", "quick"] * 3
    assert {name: timing.calls for name, timing in timings.items()} == {"slow": 3, "quick": 3}
    slow = timings["slow"]
    assert timings["quick"].p50_ms < 50 <= slow.p10_ms <= slow.p50_ms <= slow.p90_ms
    assert time_interleaved({"shortest": lambda: None}, rounds=1)["shortest"].calls > 100


def test_noise_that_two_functions_share_does_not_widen_the_interval() -> None:
    found = ratio_of_same_turns(2 * NOISY, NOISY)
    assert (found.ratio, found.low, found.high) == (2, 2, 2)
    found = ratio_of_two_runs(2 * NOISY, NOISY)
    assert found.low < found.ratio == 2 < found.high
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
