"""Which components stand in one row, and in what order rows are read."""

from __future__ import annotations

import random

import numpy as np
import pytest

from edge_infer.boxes import Box
from edge_infer.page.components import Component
from edge_infer.page.layout import find_text_lines

HEIGHT = 40


def component(x: float, y: float, width: int = 24, height: int = HEIGHT) -> Component:
    mask = np.ones((height, width), np.uint8)
    return Component(Box(round(x), round(y), width, height), mask, width * height)


def row(y: float, count: int, *, x: float = 10, slope: float = 0.0) -> list[Component]:
    """Return digits side by side, rising or sinking by ``slope``."""
    return [component(x + 34 * index, y + slope * 34 * index) for index in range(count)]


def find(*components: Component) -> list[list[Component]]:
    """Find rows whatever the order of the components."""
    mixed = list(components)
    random.Random(0).shuffle(mixed)
    return find_text_lines(mixed, HEIGHT)


def test_no_pieces_make_no_rows() -> None:
    assert find_text_lines([], 0.0) == []


def test_two_rows_are_read_from_top_to_bottom() -> None:
    upper, lower = row(20, 5), row(80, 3, x=60)
    assert find(*upper, *lower) == [upper, lower]


@pytest.mark.parametrize("slope", [0.15, -0.15, 0.3])
def test_skewed_rows_hold_together(slope: float) -> None:
    start = 20 + max(0.0, -slope * 34 * 9)
    upper, lower = row(start, 10, slope=slope), row(start + 70, 10, slope=slope)
    # The end of one row stands as high as the start of the other.
    assert find(*upper, *lower) == [upper, lower]


def test_an_unsteady_row_with_digits_of_several_sizes_holds_together() -> None:
    digits = [
        component(10, 20),
        component(45, 28, 16, 28),
        component(75, 12, 30, 52),
        component(120, 25),
    ]
    assert find(*digits) == [digits]


def test_columns_side_by_side_are_read_row_by_row() -> None:
    left = [row(20, 3), row(90, 3)]
    right = [row(24, 3, x=300), row(94, 3, x=300)]
    assert find(*left[0], *left[1], *right[0], *right[1]) == [left[0], right[0], left[1], right[1]]


def test_a_gap_between_words_ends_no_row() -> None:
    words = [*row(20, 2), *row(20, 2, x=140)]
    assert find(*words) == [words]


def test_broken_strokes_above_one_another_stay_together() -> None:
    # A five whose bar stands off, and an eight of two rings, between whole digits.
    bar, body = component(46, 20, 22, 5), component(44, 28, 24, 32)
    upper, lower = component(80, 20, 20, 18), component(78, 41, 24, 19)
    first, last = component(10, 20), component(112, 20)
    (found,) = find(first, bar, body, upper, lower, last)
    assert found[0] is first
    assert found[-1] is last
    assert {id(one) for one in found[1:3]} == {id(bar), id(body)}
    assert {id(one) for one in found[3:5]} == {id(upper), id(lower)}


def test_digits_right_above_one_another_are_two_rows() -> None:
    upper, lower = row(20, 3), row(20 + HEIGHT + 2, 3)
    assert find(*upper, *lower) == [upper, lower]


def test_a_small_part_goes_to_the_row_that_it_stands_by() -> None:
    upper, lower = row(20, 3), row(120, 3)
    dash = component(112, 138, 10, 4)
    assert find(*upper, *lower, dash) == [upper, [*lower, dash]]


def test_a_small_part_far_from_every_row_is_left_out() -> None:
    digits = row(20, 3)
    assert find(*digits, component(300, 200, 8, 8)) == [digits]
    assert find(*digits, component(60, 200, 8, 8)) == [digits]


def test_a_part_makes_no_row() -> None:
    # Two rows near each other, and a dot between them that stands beside both.
    upper, lower = row(20, 4), row(75, 4)
    dot = component(30, 64, 6, 6)
    found = find(*upper, *lower, dot)
    assert len(found) == 2
    assert sum(len(one) for one in found) == 9


def test_digits_that_overlap_go_from_left_to_right() -> None:
    slanted = [component(10, 20, 30), component(34, 20, 30), component(58, 20, 30)]
    assert find(*slanted) == [slanted]
