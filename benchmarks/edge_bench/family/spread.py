"""Mean and spread over random seeds."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Spread:
    """A figure over runs that differ in their seed alone.

    Attributes:
        mean: Over the runs.
        sd: Standard deviation of one run (n - 1 in the denominator); None for a single run,
            which tells nothing of it.
        n: Number of runs.
    """

    mean: float
    sd: float | None
    n: int


def spread(values: Sequence[float]) -> Spread:
    """Give mean and standard deviation of at least one value."""
    return Spread(
        mean=statistics.fmean(values),
        sd=statistics.stdev(values) if len(values) > 1 else None,
        n=len(values),
    )
