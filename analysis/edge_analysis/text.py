"""Numbers as people read them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

_LISTED: Final = 4


def percent(share: float, digits: int = 2) -> str:
    """Write a share of 1, such as ``99.61 %``; what is short of all never as all."""
    text = f"{100 * share:.{digits}f}"
    if share < 1 and float(text) >= 100:
        text = f"{100 - 10**-digits:.{digits}f}" if digits else "99"
    return f"{text} %"


def percent_range(bounds: tuple[float, float], digits: int = 2) -> str:
    """Write an interval of shares, such as ``99.47 to 99.71 %``."""
    low, high = bounds
    return f"{100 * low:.{digits}f} to {100 * high:.{digits}f} %"


def duration(time_s: float) -> str:
    """Write a time of seconds to hours."""
    if time_s < 60:
        return f"{time_s:.1f} s"
    minutes, seconds = divmod(round(time_s), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02d} min" if hours else f"{minutes} min {seconds:02d} s"


def short_time(time_ms: float) -> str:
    """Write a time of microseconds to seconds with three digits."""
    for unit, factor in (("µs", 1000.0), ("ms", 1.0), ("s", 0.001)):
        if time_ms * factor < 999.5 or unit == "s":
            return f"{time_ms * factor:#.3g} {unit}".replace(". ", " ")
    raise AssertionError("a second is the last unit")


def amount(count: int, one: str, many: str | None = None) -> str:
    """Write how many there are, such as ``1 image`` and ``2,000 images``."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def listed(items: Sequence[str], limit: int = _LISTED) -> str:
    """Write items as a sentence does, and how many are left out."""
    shown = list(items[:limit])
    if len(items) > limit:
        shown.append(f"{len(items) - limit} more")
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"


def p_value(value: float) -> str:
    """Write a p-value, such as ``p = 0.034`` and ``p < 0.0001``."""
    return "p < 0.0001" if value < 0.0001 else f"p = {value:#.2g}"
