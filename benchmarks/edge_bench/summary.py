"""Statistics of turns: percentiles where there are enough calls, and ratios of medians.

The 95 % intervals of ratios are from the bootstrap (Efron 1979). It draws turns with
replacement, not calls: calls of one turn share the load of the machine. SciPy's bootstrap is not
used, as `edge-mnist bench` works without SciPy.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from edge_bench.record import Measurement, Ratio
from edge_bench.timing import Turn

_REPLICATES: Final = 2000
_SEED: Final = 0
_BOUNDS_PERCENT: Final = (2.5, 97.5)
Times = NDArray[np.float64]
# Fewest calls for a percentile: two of 20 lie above p90, five of 100 above p95, five of 500
# above p99.
MIN_CALLS: Final[Mapping[int, int]] = {90: 20, 95: 100, 99: 500}
# A bootstrap over fewer turns gives intervals that are too narrow.
MIN_TURNS: Final = 3


@dataclass(frozen=True, order=True)
class Case:
    """What is measured with each model.

    Attributes:
        scenario: Name of the scenario.
        threads: Threads that share a batch.
        batch: Images per call.
    """

    scenario: str
    threads: int
    batch: int

    def __str__(self) -> str:
        """Return a short description."""
        words = [self.scenario]
        words += [f"of {self.batch}"] if self.scenario == "batch" else []
        words += [f"on {self.threads} threads"] if self.threads > 1 else []
        return " ".join(words)


@dataclass(frozen=True)
class Memory:
    """Resident and peak memory of a process in bytes; None where it is unknown."""

    steady_bytes: int | None = None
    peak_bytes: int | None = None


def summarise(
    case: Case, model: str, turns: Sequence[Turn], memory: Memory = Memory()
) -> Measurement:
    """Compute the statistics of one case with one model from at least one turn."""
    ms = 1e3 * np.concatenate([turn.seconds for turn in turns])
    quantiles = np.percentile(ms, np.arange(101))

    def at(percent: int) -> float | None:
        return _short(quantiles[percent]) if len(ms) >= MIN_CALLS[percent] else None

    return Measurement(
        scenario=case.scenario,
        model=model,
        threads=case.threads,
        batch=case.batch,
        n=len(ms),
        mean_ms=_short(ms.mean()),
        sd_ms=_short(ms.std(ddof=1)) if len(ms) > 1 else 0.0,
        min_ms=_short(ms.min()),
        p50_ms=_short(quantiles[50]),
        p90_ms=at(90),
        p95_ms=at(95),
        p99_ms=at(99),
        images_per_s=_short(1e3 * case.batch / quantiles[50]),
        rss_steady_bytes=memory.steady_bytes,
        rss_peak_bytes=memory.peak_bytes,
        quantiles_ms=tuple(map(_short, quantiles)),
        round_medians_ms=tuple(_short(turn.median_ms) for turn in turns),
        parts={
            name: _short(float(np.median([turn.parts[name] for turn in turns])))
            for name in turns[0].parts
        },
    )


def compare(case: Case, model: Measurement, baseline: Measurement) -> Ratio | None:
    """Compare two models that were measured in the same turns.

    Args:
        case: The case of both.
        model: The model that is compared.
        baseline: The model in the denominator.

    Returns:
        The ratio of medians over turns; None with fewer than :data:`MIN_TURNS` turns.
    """
    times, baseline_times = (np.array(one.round_medians_ms) for one in (model, baseline))
    if len(times) < MIN_TURNS:
        return None
    against = ratio_of_same_turns(times, baseline_times)
    return Ratio(
        scenario=case.scenario,
        threads=case.threads,
        batch=case.batch,
        model=model.model,
        baseline=baseline.model,
        ratio=_short(against.ratio),
        low=_short(against.low),
        high=_short(against.high),
    )


def _short(value: float | NDArray[np.float64]) -> float:
    """Round to six digits, the precision of the clock."""
    return float(f"{float(value):.6g}")


@dataclass(frozen=True)
class MedianRatio:
    """The ratio of two medians, 2 for twice as long, with the bounds of its 95 % interval."""

    ratio: float
    low: float
    high: float


def ratio_of_same_turns(times: Times, baseline: Times) -> MedianRatio:
    """Compare measurements of the same turns, which share the load of the machine.

    Args:
        times: float64 (turns,), any unit.
        baseline: float64 (turns,), the same unit and turns.
    """
    both = np.stack([times, baseline])
    medians = _drawn_medians(both, np.random.default_rng(_SEED))
    return _ratio(times, baseline, medians[0] / medians[1])


def ratio_of_two_runs(times: Times, baseline: Times) -> MedianRatio:
    """Compare measurements of two runs, whose turns are independent.

    Args:
        times: float64 (turns,), any unit.
        baseline: float64 (other turns,), the same unit.
    """
    rng = np.random.default_rng(_SEED)
    return _ratio(times, baseline, _drawn_medians(times, rng) / _drawn_medians(baseline, rng))


def _drawn_medians(times: Times, rng: np.random.Generator) -> Times:
    """Return medians of turns drawn with replacement: (..., turns) to (..., replicates)."""
    turns = times.shape[-1]
    drawn = rng.integers(0, turns, (_REPLICATES, turns))
    return np.asarray(np.median(times[..., drawn], axis=-1))


def _ratio(times: Times, baseline: Times, drawn: Times) -> MedianRatio:
    low, high = np.percentile(drawn, _BOUNDS_PERCENT).tolist()
    return MedianRatio(float(np.median(times) / np.median(baseline)), low, high)
