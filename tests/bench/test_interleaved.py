from __future__ import annotations

import time

from edge_bench.interleaved import time_interleaved


def test_timing_tells_slow_from_quick() -> None:
    timings = time_interleaved(
        {"slow": lambda: time.sleep(0.004), "quick": lambda: time.sleep(0.001)}, rounds=5
    )
    assert list(timings) == ["slow", "quick"]
    assert timings["slow"].p50_ms >= 4
    assert 1 <= timings["quick"].p50_ms < timings["slow"].p50_ms
    assert timings["slow"].p10_ms <= timings["slow"].p50_ms <= timings["slow"].p90_ms


def test_timing_takes_turns() -> None:
    calls: list[str] = []

    def note(name: str) -> None:
        calls.append(name)
        time.sleep(0.03)

    timings = time_interleaved({"a": lambda: note("a"), "b": lambda: note("b")}, rounds=3)
    assert calls[-6:] == ["a", "b", "a", "b", "a", "b"]
    assert (timings["a"].calls, timings["b"].calls) == (3, 3)


def test_timing_calls_a_quick_function_often_in_a_turn() -> None:
    timings = time_interleaved({"quick": lambda: None}, rounds=1)
    assert timings["quick"].calls > 100
