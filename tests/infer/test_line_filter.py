"""Text lines that are no writing."""

from __future__ import annotations

import pytest

from edge_infer.boxes import Box
from edge_infer.page.line_filter import ReadLine, outlier_lines
from edge_infer.page.page import Digit


def line(
    count: int = 3,
    *,
    confidence: float = 0.99,
    strength: float = 100,
    height: int = 40,
    width: int = 25,
) -> ReadLine:
    digit = Digit("5", confidence, Box(0, 0, width, height))
    return ReadLine([digit] * count, strength)


@pytest.mark.parametrize(
    ("tested", "is_outlier"),
    [
        (line(), False),
        # Unlike the page in one way.
        (line(confidence=0.6), False),
        (line(strength=50), False),
        (line(height=20, width=12), False),
        (line(height=90, width=60), False),
        # In two ways.
        (line(confidence=0.6, strength=50), True),
        (line(confidence=0.6, height=20, width=12), True),
        (line(strength=50, height=90, width=60), True),
        # Very pale; more contrast is asked of a single digit.
        (line(confidence=1.0, strength=25), True),
        (line(2, confidence=1.0, strength=40), False),
        (line(1, confidence=1.0, strength=40), True),
        # A single stroke is a 1 only if it has the height of digits.
        (line(1, height=40, width=6), False),
        (line(1, height=20, width=6), True),
        (line(1, height=70, width=6), True),
    ],
)
def test_outlier_differs_from_the_rest_of_the_page(tested: ReadLine, *, is_outlier: bool) -> None:
    assert outlier_lines([line(), line(), tested]) == ([2] if is_outlier else [])


def test_page_without_other_lines_and_dark_scenes_make_no_outliers() -> None:
    assert outlier_lines([]) == []
    assert outlier_lines([line(1, confidence=0.5)]) == []
    scene = line(1, confidence=0.5, strength=200)
    assert outlier_lines([line(strength=50), line(strength=50), scene]) == []
