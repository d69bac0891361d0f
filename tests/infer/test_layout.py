"""Which components form a text line, the order of lines, and lines that are no writing."""

from __future__ import annotations

import random

import numpy as np
import pytest

from edge_infer.boxes import Box
from edge_infer.page.components import Component
from edge_infer.page.layout import find_text_lines
from edge_infer.page.line_filter import ReadLine, outlier_lines
from edge_infer.page.page import Digit

HEIGHT = 40


def component(x: float, y: float, width: int = 24, height: int = HEIGHT) -> Component:
    mask = np.ones((height, width), np.uint8)
    return Component(Box(round(x), round(y), width, height), mask, width * height)


def line(y: float, count: int, *, x: float = 10, slope: float = 0.0) -> list[Component]:
    """Return digits side by side on a line with a slope."""
    return [component(x + 34 * index, y + slope * 34 * index) for index in range(count)]


def find(*components: Component) -> list[list[Component]]:
    """Find lines of components in random order."""
    mixed = list(components)
    random.Random(0).shuffle(mixed)
    return find_text_lines(mixed, HEIGHT)


@pytest.mark.parametrize("slope", [0.0, 0.15, -0.15, 0.3])
def test_lines_are_read_from_top_to_bottom_even_if_skewed(slope: float) -> None:
    start = 20 + max(0.0, -slope * 34 * 9)
    upper, lower = line(start, 10, slope=slope), line(start + 70, 8, slope=slope)
    assert find(*upper, *lower) == [upper, lower]
    assert find() == []


def test_line_may_have_digits_of_several_sizes_gaps_and_overlaps() -> None:
    uneven = [component(10, 20), component(45, 28, 16, 28), component(75, 12, 30, 52)]
    words = [*line(20, 2), *line(20, 2, x=140)]
    slanted = [component(10, 20, 30), component(34, 20, 30), component(58, 20, 30)]
    assert [find(*uneven), find(*words), find(*slanted)] == [[uneven], [words], [slanted]]


def test_broken_strokes_above_one_another_stay_together() -> None:
    # A 5 with a separate bar, and an 8 of two rings, between whole digits.
    bar, body = component(46, 20, 22, 5), component(44, 28, 24, 32)
    upper, lower = component(80, 20, 20, 18), component(78, 41, 24, 19)
    first, last = component(10, 20), component(112, 20)
    (found,) = find(first, bar, body, upper, lower, last)
    assert (found[0], found[-1]) == (first, last)
    assert {id(one) for one in found[1:3]} == {id(bar), id(body)}
    assert {id(one) for one in found[3:5]} == {id(upper), id(lower)}


def test_digits_directly_above_one_another_are_two_lines() -> None:
    upper, lower = line(20, 3), line(20 + HEIGHT + 2, 3)
    assert find(*upper, *lower) == [upper, lower]


def read_line(
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
        (read_line(), False),
        # Unlike the page in one way.
        (read_line(confidence=0.6), False),
        (read_line(strength=50), False),
        (read_line(height=20, width=12), False),
        # In two ways.
        (read_line(confidence=0.6, strength=50), True),
        (read_line(confidence=0.6, height=20, width=12), True),
        # Very pale; more contrast is asked of a single digit.
        (read_line(confidence=1.0, strength=25), True),
        (read_line(2, confidence=1.0, strength=40), False),
        (read_line(1, confidence=1.0, strength=40), True),
        # A single stroke is a 1 only if it has the height of digits.
        (read_line(1, height=40, width=6), False),
        (read_line(1, height=20, width=6), True),
    ],
)
def test_outlier_differs_from_the_rest_of_the_page(tested: ReadLine, *, is_outlier: bool) -> None:
    assert outlier_lines([read_line(), read_line(), tested]) == ([2] if is_outlier else [])


def test_page_without_other_lines_and_dark_scenes_make_no_outliers() -> None:
    assert outlier_lines([]) == []
    assert outlier_lines([read_line(1, confidence=0.5)]) == []
    scene = read_line(1, confidence=0.5, strength=200)
    assert outlier_lines([read_line(strength=50), read_line(strength=50), scene]) == []
