"""Durations and tables as text, and the reading order of boxes."""

from __future__ import annotations

import pytest

from edge_infer.boxes import Box, reading_order
from edge_infer.text import duration, markdown_table


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.0, "0.00 µs"),
        (0.0000243, "24.3 µs"),
        (0.000999, "999 µs"),
        (0.00099996, "1.00 ms"),
        (0.0015, "1.50 ms"),
        (0.139, "139 ms"),
        (2.61, "2.61 s"),
        (12.2, "12 s"),
        (59.7, "1 min 00 s"),
        (200, "3 min 20 s"),
        (7500, "2 h 05 min"),
    ],
)
def test_duration_has_the_unit_that_fits(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_markdown_table_aligns_numbers_to_the_right() -> None:
    lines = markdown_table(["model", "size"], [["edge", "78 kB"]])

    assert lines == ["| model | size |", "| --- | ---: |", "| edge | 78 kB |", ""]


def test_reading_order_goes_by_rows_that_slope() -> None:
    upper = [Box(x, 20 + x // 20, 20, 40) for x in (300, 20, 160)]
    lower = [Box(x, 90 + x // 20, 20, 40) for x in (200, 10)]
    assert reading_order([*upper, *lower]) == [1, 2, 0, 4, 3]
