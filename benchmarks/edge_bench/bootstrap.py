"""Ratios of medians with 95 % intervals, by the bootstrap (Efron 1979).

The bootstrap draws turns with replacement, not calls: calls of one turn share the load of the
machine. SciPy's bootstrap is not used, as `edge-mnist bench` works without SciPy.
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
