from __future__ import annotations

import numpy as np
import pytest
from bench_records import measurement

from edge_bench.interleaved import Turn
from edge_bench.summary import Case, Memory, compare, summarise

SINGLE = Case("single", 1, 1)


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
    ("calls", "told"),
    [(1, 0), (19, 0), (20, 1), (99, 1), (100, 2), (499, 2), (500, 3)],
)
def test_summary_tells_no_quantile_beyond_its_calls(calls: int, told: int) -> None:
    got = summarise(SINGLE, "edge", turns(np.linspace(1, 2, calls)))
    quantiles = (got.p90_ms, got.p95_ms, got.p99_ms)
    assert [quantile is not None for quantile in quantiles] == [True] * told + [False] * (3 - told)


def test_summary_of_one_call() -> None:
    got = summarise(SINGLE, "edge", turns(np.array([2.0])))
    assert (got.n, got.sd_ms, got.p50_ms, set(got.quantiles_ms)) == (1, 0, 2, {2.0})


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


def test_ratio_of_two_turns_is_not_told() -> None:
    first, second = (measurement(rounds_ms=(1.0, 2.0), model=name) for name in "ab")
    assert compare(SINGLE, second, first) is None


@pytest.mark.parametrize(
    ("case", "words"),
    [
        (SINGLE, "single"),
        (Case("batch", 1, 64), "batch of 64"),
        (Case("batch", 4, 8), "batch of 8 on 4 threads"),
        (Case("folder", 1, 1000), "folder"),
    ],
)
def test_case_in_words(case: Case, words: str) -> None:
    assert str(case) == words
