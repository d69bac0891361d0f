"""Axes of a chart: where a value stands, and which round values get a tick."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

# Steps between ticks are one of these times a power of ten.
_STEPS: Final = (1.0, 2.0, 5.0, 10.0)
_FEW_TICKS: Final = 6
# A logarithmic axis under so many powers of ten looks like a linear one.
_LINEAR_DECADES: Final = 1.0
# Up to so many powers of ten, ticks at these multiples of each.
_MANTISSAS: Final = ((2.0, (1.0, 2.0, 5.0)), (3.0, (1.0, 3.0)), (math.inf, (1.0,)))
# Share of the axis that stays empty beyond the outermost values.
_MARGIN: Final = 0.05


@dataclass(frozen=True)
class Scale:
    """Values to positions on an axis.

    Attributes:
        low: Least value shown.
        high: Largest value shown, above ``low``.
        log: Whether equal distances are equal ratios; ``low`` is above 0 then.
        ticks: Values within that are marked, ascending.
    """

    low: float
    high: float
    log: bool
    ticks: tuple[float, ...]

    def position(self, value: float) -> float:
        """Return where a value stands: 0 at ``low``, 1 at ``high``."""
        low, high, value = (math.log(v) if self.log else v for v in (self.low, self.high, value))
        return (value - low) / (high - low)


def fit_scale(values: Sequence[float], *, log: bool, ticks: Sequence[float] | None = None) -> Scale:
    """Make a scale on which all values can be seen.

    Args:
        values: At least one; above 0 for a logarithmic scale.
        log: Whether equal distances are to be equal ratios.
        ticks: To mark, where not round numbers.
    """
    low, high = min(values), max(values)
    if log:
        spread = max((high / low) ** _MARGIN, 1.05)
        low, high = low / spread, high * spread
    else:
        spread = _MARGIN * (high - low) or abs(high) * _MARGIN or 1.0
        # Nothing to see below zero where nothing is below it.
        low, high = (max(0.0, low - spread) if low >= 0 else low - spread), high + spread
    if ticks is None:
        ticks = _log_ticks(low, high) if log else _linear_ticks(low, high)
    return Scale(low, high, log, tuple(tick for tick in ticks if low <= tick <= high))


def tick_label(value: float) -> str:
    """Write a tick: no exponent, no digit more than it needs."""
    return f"{float(f'{value:.6g}'):,.10g}" if value < 1e15 else f"{value:g}"


def _linear_ticks(low: float, high: float) -> list[float]:
    rough = (high - low) / _FEW_TICKS
    magnitude = 10.0 ** math.floor(math.log10(rough))
    step = next(step * magnitude for step in _STEPS if step * magnitude >= rough * (1 - 1e-9))
    first, last = math.ceil(low / step), math.floor(high / step)
    return [count * step for count in range(first, last + 1)]


def _log_ticks(low: float, high: float) -> list[float]:
    decades = math.log10(high / low)
    if decades < _LINEAR_DECADES:
        return _linear_ticks(low, high)
    mantissas = next(some for limit, some in _MANTISSAS if decades < limit)
    # A tick a decade still crowds an axis of many.
    every = max(1, round(decades / _FEW_TICKS))
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    return [m * 10.0**power for power in powers if power % every == 0 for m in mantissas]
