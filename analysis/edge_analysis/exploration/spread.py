"""How a measure spreads over the pictures of a class."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, kw_only=True)
class Spread:
    """Mean and percentiles of a measure.

    Attributes:
        n: Pictures that it could be measured of.
        mean: Of them.
        p5: A twentieth lies below.
        p25: A quarter lies below.
        p50: The median.
        p75: A quarter lies above.
        p95: A twentieth lies above.
    """

    n: int
    mean: float
    p5: float
    p25: float
    p50: float
    p75: float
    p95: float


def spread(values: NDArray[np.float64]) -> Spread | None:
    """Summarise values, NaN left out; None when there is no other."""
    measured = values[np.isfinite(values)]
    if not measured.size:
        return None
    p5, p25, p50, p75, p95 = (float(p) for p in np.percentile(measured, (5, 25, 50, 75, 95)))
    return Spread(
        n=measured.size, mean=float(measured.mean()), p5=p5, p25=p25, p50=p50, p75=p75, p95=p95
    )


def spread_by_class(
    values: NDArray[np.float64], labels: NDArray[np.int64], classes: int
) -> tuple[Spread | None, ...]:
    """Summarise the values of each class.

    Args:
        values: float64 (n,), NaN where not measured.
        labels: int64 (n,).
        classes: How many there are.
    """
    return tuple(spread(values[labels == label]) for label in range(classes))
