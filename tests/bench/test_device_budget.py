"""How long a run takes, by a clock that only what is measured moves on."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edge_bench import run
from edge_bench.interleaved import Turn
from edge_bench.pictures import Pictures, draw_pictures
from edge_bench.run import DEFAULT, QUICK, BenchConfig, Budget, run_bench
from edge_bench.scenarios import make_subject
from edge_bench.summary import MIN_TURNS, Case, Memory

LOOP_S = 0.02
LONGER_S = {"cold": 0.4, "folder": 0.15, "stream": 0.5}
DRAWING_S = 2.0
MEMORY_S = 1.0
# What is left of the promise for the imports before a run and the table after it.
START_S = 4.0


class Clock:
    """Seconds that pass by decree; on a machine that is so many times slower."""

    now_s = 0.0
    slower = 1.0

    def spend(self, seconds: float) -> None:
        """Let time pass."""
        self.now_s += self.slower * seconds


class Paced:
    """A subject that never becomes steady, so that it warms up for as long as it may."""

    def __init__(self, clock: Clock, case: Case, models: int) -> None:
        longer_s = LONGER_S.get(case.scenario, LOOP_S)
        self._turn_s = longer_s / models if case.scenario == "stream" else longer_s
        self._clock = clock

    def warm_up(self, limit_s: float) -> None:
        """Take all the time there is, and a turn more."""
        self._clock.now_s += limit_s
        self.turn()

    def turn(self) -> Turn:
        """Take the time of a turn."""
        self._clock.spend(self._turn_s)
        return Turn(np.array([self._turn_s]))


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Clock:
    """The clock of the run, on which everything takes its time."""
    clock = Clock()

    def draw(*_: object, **__: object) -> Pictures:
        clock.spend(DRAWING_S)
        return Pictures(tmp_path)

    def measure_memory(*_: object) -> Memory:
        clock.spend(MEMORY_S)
        return Memory(1, 2)

    def make(case: Case, _: str, models: int, __: Pictures) -> Paced:
        return Paced(clock, case, models)

    monkeypatch.setattr(run.time, "perf_counter", lambda: clock.now_s)
    monkeypatch.setattr(run, "draw_pictures", draw)
    monkeypatch.setattr(run, "measure_memory", measure_memory)
    monkeypatch.setattr(run, "make_subject", make)
    return clock


@pytest.mark.parametrize("models", [1, 2, 4])
@pytest.mark.parametrize(("budget", "promised_s"), [(QUICK, 30), (DEFAULT, 180)])
def test_promise_holds_with_several_models(
    clock: Clock, tiny_model_path: Path, budget: Budget, promised_s: float, models: int
) -> None:
    config = BenchConfig(models=models * (str(tiny_model_path),), budget=budget)
    record = run_bench(config, (), lambda *_: None)
    assert clock.now_s < promised_s - START_S
    assert min(len(each.round_medians_ms) for each in record.measurements) >= MIN_TURNS


def test_slow_machine_makes_one_round_and_no_more(clock: Clock, tiny_model_path: Path) -> None:
    clock.slower = 50
    config = BenchConfig(models=(str(tiny_model_path),), budget=QUICK)
    record = run_bench(config, (), lambda *_: None)
    assert {len(each.round_medians_ms) for each in record.measurements} == {1}
    assert {each.rss_peak_bytes for each in record.measurements} == {None}
    turns = 2 * clock.slower * sum(LONGER_S.values(), start=LOOP_S * len(record.measurements))
    assert clock.now_s < clock.slower * DRAWING_S + QUICK.warm_by_s + turns


def test_models_share_the_frames_of_a_turn(tmp_path: Path) -> None:
    pictures = draw_pictures(tmp_path, files=1)
    stream = make_subject(Case("stream", 1, 1), "nano", 4, pictures)
    assert len(stream.turn().seconds) <= 4
