"""Durations and tables as text."""

from __future__ import annotations

from collections.abc import Sequence


def duration(seconds: float) -> str:
    """Write a time with the unit that fits it.

    Args:
        seconds: 0 or more.

    Returns:
        Three digits below ten seconds, whole units above: ``24.3 µs``, ``1.50 ms``,
        ``2.61 s``, ``12 s``, ``3 min 20 s``, ``2 h 05 min``.
    """
    for unit, factor in (("µs", 1e6), ("ms", 1e3)):
        if seconds * factor < 999.5:
            return f"{_three_digits(seconds * factor)} {unit}"
    if seconds < 9.995:
        return f"{seconds:.2f} s"
    minutes, rest_s = divmod(round(seconds), 60)
    hours, rest_min = divmod(minutes, 60)
    if hours:
        return f"{hours} h {rest_min:02d} min"
    return f"{minutes} min {rest_s:02d} s" if minutes else f"{rest_s} s"


def markdown_table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Write a Markdown table: the first column left-aligned, the others right-aligned.

    Args:
        headings: One per column.
        rows: Cells as text, as many per row as headings.

    Returns:
        The lines of the table and an empty one.
    """
    rule = ["---", *["---:"] * (len(headings) - 1)]
    return [f"| {' | '.join(cells)} |" for cells in (headings, rule, *rows)] + [""]


def _three_digits(value: float) -> str:
    decimals = max(0, 3 - len(str(int(value + 0.5))))
    return f"{value:.{decimals}f}"
