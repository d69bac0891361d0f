"""Numbers and names within sentences."""

from __future__ import annotations

from collections.abc import Sequence


def quoted(name: str) -> str:
    """Set a class name off from the sentence around it."""
    return f"“{name}”"


def plural(count: int, one: str, many: str | None = None) -> str:
    """Count things: ``"no pairs"``, ``"1 pair"``, ``"2,000 pairs"``."""
    number = f"{count:,}" if count else "no"
    return f"{number} {one if count == 1 else many or one + 's'}"


def percent(share: float) -> str:
    """Write a share of 0-1 in percent: to a tenth, and to two digits below one."""
    value = 100 * share
    return f"{value:.1f} %" if value >= 0.995 or value == 0 else f"{value:#.2g} %"


def listed(items: Sequence[str]) -> str:
    """Join things, one at least: ``"a, b and c"``."""
    return " and ".join(filter(None, (", ".join(items[:-1]), items[-1])))
