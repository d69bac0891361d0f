"""Ratios of medians with their 95 % intervals, by the bootstrap (Efron 1979).

Turns are drawn with replacement, not calls: those of one turn share what the machine did
meanwhile.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

_REPLICATES: Final = 2000
_SEED: Final = 0
_BOUNDS_PERCENT: Final = (2.5, 97.5)

Times = NDArray[np.float64]


@dataclass(frozen=True)
class MedianRatio:
    """One median divided by another: 2 is twice as long.

    Attributes:
        ratio: Of all turns.
        low: Lower bound of its 95 % interval.
        high: Upper bound.
    """

    ratio: float
    low: float
    high: float


def ratio_of_same_turns(times: Times, baseline: Times) -> MedianRatio:
    """Compare what was measured in the same turns.

    Turns are drawn for both at once, since what slowed one slowed its neighbour too.

    Args:
        times: float64 (turns,), any unit.
        baseline: Likewise, of the same turns.
    """
    both = np.stack([times, baseline])
    medians = _drawn_medians(both, np.random.default_rng(_SEED))
    return _ratio(times, baseline, medians[0] / medians[1])


def ratio_of_two_runs(times: Times, baseline: Times) -> MedianRatio:
    """Compare two runs, whose turns have nothing to do with each other.

    Args:
        times: float64 (turns,), any unit.
        baseline: float64 (other turns,).
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
