"""Statistics of turns: percentiles where there are enough calls, and ratios of medians."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from edge_bench.bootstrap import ratio_of_same_turns
from edge_bench.interleaved import Turn
from edge_bench.record import Measurement, Ratio

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
