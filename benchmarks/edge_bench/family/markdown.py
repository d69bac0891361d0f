"""Figures and tables as Markdown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from edge_bench.family.spread import Spread

NOTHING: Final = "-"


def table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Write a table; the first column is to the left, the others to the right."""
    rule = ["---", *["---:"] * (len(headings) - 1)]
    return [f"| {' | '.join(cells)} |" for cells in (headings, rule, *rows)] + [""]


def percent(share: float, digits: int = 2) -> str:
    """Write a share of 0-1 in percent."""
    return f"{100 * share:.{digits}f} %"


def spread_percent(spread: Spread) -> str:
    """Write mean ± sd of shares in percent; the mean alone for a single run."""
    if spread.sd is None:
        return percent(spread.mean)
    return f"{100 * spread.mean:.3f} ± {100 * spread.sd:.3f} %"


def points(difference: float) -> str:
    """Write a difference of shares in percentage points, with its sign."""
    return f"{100 * difference:+.2f} points"


def kilobytes(size_bytes: float) -> str:
    """Write a size in kB of 1,000 bytes: one decimal below 100 kB."""
    return f"{size_bytes / 1000:,.{1 if size_bytes < 100_000 else 0}f} kB"


def span(values: Sequence[int]) -> str:
    """Write the range of some whole numbers, or the one that all are."""
    low, high = min(values), max(values)
    return f"{low:,}" if low == high else f"{low:,}-{high:,}"
