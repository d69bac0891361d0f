"""Numbers and lists as text in sentences, tables and captions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

MAX_NAME_LENGTH: Final = 12


def percent(share: float, digits: int = 2) -> str:
    """Write a share of 1 in percent, such as ``99.61 %``; a share below 1 is never ``100 %``."""
    text = f"{100 * share:.{digits}f}"
    if share < 1 and float(text) >= 100:
        text = f"{100 - 10**-digits:.{digits}f}" if digits else "99"
    return f"{text} %"


def short_percent(share: float) -> str:
    """Write a share of 1 in percent with one decimal, or with two digits below one percent."""
    value = 100 * share
    return f"{value:.1f} %" if value >= 0.995 or value == 0 else f"{value:#.2g} %"


def percent_range(bounds: tuple[float, float], digits: int = 2) -> str:
    """Write an interval of shares, such as ``99.47 to 99.71 %``."""
    low, high = bounds
    return f"{100 * low:.{digits}f} to {100 * high:.{digits}f} %"


def plural(count: int, one: str, many: str | None = None) -> str:
    """Write a count and its noun, such as ``1 image`` and ``2,000 images``."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def listed(items: Sequence[str], limit: int = 4) -> str:
    """Join items, at least one, as in a sentence: ``a, b and c`` or ``a, b and 7 more``."""
    shown = list(items[:limit])
    if len(items) > limit:
        shown.append(f"{len(items) - limit} more")
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"


def quoted(name: str) -> str:
    """Write a class name in quotation marks."""
    return f"“{name}”"


def shortened(name: str) -> str:
    """Cut a class name to 12 characters."""
    return name if len(name) <= MAX_NAME_LENGTH else f"{name[: MAX_NAME_LENGTH - 1]}…"


def p_value(value: float) -> str:
    """Write a p-value, such as ``p = 0.034`` and ``p < 0.0001``."""
    return "p < 0.0001" if value < 0.0001 else f"p = {value:#.2g}"
