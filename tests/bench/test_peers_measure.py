"""The rounds, with processes that only pretend to work."""

from __future__ import annotations

from pathlib import Path
from typing import Self

import numpy as np
import pytest

from edge_bench.interleaved import Turn
from edge_bench.peers import measure as measuring
from edge_bench.peers.measure import Roster, measure, summarise
from edge_bench.peers.stacks import BATCHES, STACKS, Stack
from edge_infer.errors import MissingExtraError, RunError

TIMES_S = {"int8": 1e-5, "float": 3e-5}


class Pretender:
    """Knows LiteRT in int8 alone, and no ncnn; is slower from round to round."""

    broken: str = "litert"
    log: list[str]

    def __init__(self, stack: Stack, threads: int, folder: Path) -> None:
        if stack.key == "ncnn":
            raise MissingExtraError("ncnn: not installed")
        self.stack, self.threads, self.version, self.rounds = stack, threads, "1.0", 0
        self.log.append(f"{stack.key} starts")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.log.append(f"{self.stack.key} ends")

    def class_ids(self, form: str) -> list[int]:
        if (self.stack.key, form) == (self.broken, "float"):
            raise RunError(f"{self.stack.name}, float: no file")
        return [1, 2]

    def warm_up(self, form: str, batch: int) -> None:
        self.log.append(f"{self.stack.key} {form} warms up")

    def turn(self, form: str, batch: int) -> Turn:
        self.rounds += 1
        self.log.append(f"{self.stack.key} {form}")
        slower = 1.5 if self.stack.key == "litert" else 1.0
        return Turn(np.full(4, slower * batch * TIMES_S[form] * (1 + self.rounds // 9)))


@pytest.fixture
def pretend(monkeypatch: pytest.MonkeyPatch) -> type[Pretender]:
    monkeypatch.setattr(Pretender, "log", [], raising=False)
    monkeypatch.setattr(measuring, "PeerProcess", Pretender)
    return Pretender


def _measure(*keys: str) -> Roster:
    stacks = [stack for stack in STACKS if stack.key in keys]
    return measure(stacks, Path(), (1, 2), 3, lambda _: None)


def test_contenders_take_turns(pretend: type[Pretender]) -> None:
    _measure("classifier", "litert")
    first = pretend.log.index("classifier int8")
    order = ["classifier int8", "classifier float", "litert int8"]
    assert pretend.log[first : first + 9] == order * 3


def test_every_threads_and_batch_is_compared_with_ours(pretend: type[Pretender]) -> None:
    found = _measure("classifier", "litert").contenders
    places = [(threads, batch) for threads in (1, 2) for batch in BATCHES]
    assert list(found) == [("classifier", "int8"), ("classifier", "float"), ("litert", "int8")]
    for contender in found.values():
        assert [(each.threads, each.batch) for each in contender.latencies] == places
    assert {each.ratio for each in found["classifier", "int8"].latencies} == {1.0}
    assert found["litert", "int8"].latencies[0].ratio == 1.5
    assert found["litert", "int8"].latencies[1].p50_us == 960
    assert found["litert", "int8"].latencies[0].calls == 12


def test_who_cannot_is_left_out_with_a_reason(pretend: type[Pretender]) -> None:
    assert _measure("classifier", "litert", "ncnn").absent == [
        "ncnn: not installed",
        "LiteRT, float: no file",
    ]


@pytest.mark.usefixtures("pretend")
def test_our_own_runtime_must_work(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Pretender, "broken", "classifier")
    with pytest.raises(RunError, match="Classifier.*float"):
        _measure("classifier", "litert")


def test_processes_end_also_after_a_failure(
    pretend: type[Pretender], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> Turn:
        raise KeyboardInterrupt

    monkeypatch.setattr(Pretender, "turn", fail)
    with pytest.raises(KeyboardInterrupt):
        _measure("classifier", "litert")
    assert pretend.log[-2:] == ["litert ends", "classifier ends"]


def test_ratio_is_of_the_same_rounds() -> None:
    ours = np.array([10.0, 20.0, 10.0, 30.0, 10.0])
    latency = summarise(2 * ours, ours, threads=1, batch=1, calls=50)
    assert (latency.p50_us, latency.ratio, latency.low, latency.high) == (20, 2, 2, 2)


def test_interval_tells_how_far_rounds_differ() -> None:
    ours = np.full(9, 10.0)
    latency = summarise(np.array([8.0, 9, 10, 11, 12, 13, 14, 15, 16]), ours, 1, 1, 9)
    assert latency.low < 1 < latency.ratio < latency.high
