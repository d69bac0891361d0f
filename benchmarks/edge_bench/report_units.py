"""Measured figures as people read them: three digits, and the unit that suits."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from edge_analysis.report_page import NOTHING

_DIGITS: Final = 3


@dataclass(frozen=True)
class TimeUnit:
    """One unit and one number of decimals for times that stand in one column.

    Attributes:
        name: Of the unit.
        a_ms: How many of it make a millisecond.
        decimals: To write.
    """

    name: str
    a_ms: float
    decimals: int

    def cell(self, time_ms: float) -> str:
        """Write a time without its unit, which the heading tells."""
        return f"{time_ms * self.a_ms:,.{self.decimals}f}"

    def text(self, time_ms: float) -> str:
        """Write a time with its unit."""
        return f"{self.cell(time_ms)} {self.name}"


def time_unit(times_ms: Iterable[float]) -> TimeUnit:
    """Choose the unit in which the shortest of some times, one at least, keeps three digits."""
    least_ms = min(times_ms)
    name, a_ms = ("µs", 1000.0) if least_ms < 1 else ("ms", 1.0) if least_ms < 1000 else ("s", 1e-3)
    return TimeUnit(name, a_ms, _decimals(least_ms * a_ms))


def duration(time_ms: float) -> str:
    """Write one time with the unit that suits it."""
    return time_unit([time_ms]).text(time_ms)


def rate(per_s: float) -> str:
    """Write how many there are a second, without a unit."""
    return f"{per_s:,.{_decimals(per_s)}f}"


def megabytes(size_bytes: int | None) -> str:
    """Write memory in MB of 1,000,000 bytes, without the unit."""
    return NOTHING if size_bytes is None else f"{size_bytes / 1e6:,.0f}"


def kilobytes(size_bytes: int) -> str:
    """Write a file's size in kB of 1,000 bytes, without the unit."""
    return f"{size_bytes / 1000:,.1f}"


def plain(value: float) -> str:
    """Write a number of unknown kind to three digits, whole ones in full."""
    return f"{value:,.{_decimals(value)}f}" if value % 1 else f"{value:,.0f}"


def _decimals(value: float) -> int:
    """Return how many decimals show three digits of a number."""
    if not value:
        return 0
    return max(0, _DIGITS - 1 - math.floor(math.log10(abs(value))))
