"""Turns: loops that warm up, and frames that fall due."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from edge_bench.interleaved import Loop
from edge_bench.stream import Stream


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
