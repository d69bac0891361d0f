from __future__ import annotations

import pytest

from edge_infer.boxes import Box
from edge_infer.page.line_filter import ReadLine, outlier_lines
from edge_infer.page.page import Digit


def row(
    count: int = 3,
    *,
    confidence: float = 0.99,
    strength: float = 100,
    height: int = 40,
    width: int = 25,
) -> ReadLine:
    digit = Digit("5", confidence, Box(0, 0, width, height))
    return ReadLine([digit] * count, strength)


def strays(other: ReadLine) -> list[int]:
    """Tell whether a row is writing after two rows of ordinary writing."""
    return outlier_lines([row(), row(), other])


def test_rows_alike_are_writing() -> None:
    assert strays(row()) == []
    assert outlier_lines([]) == []
    assert outlier_lines([row(1, confidence=0.5)]) == []


@pytest.mark.parametrize(
    "one_sign",
    [
        row(confidence=0.6),
        row(strength=50),
        row(height=20, width=12),
        row(height=90, width=60),
    ],
)
def test_row_with_one_thing_against_it_is_writing(one_sign: ReadLine) -> None:
    assert strays(one_sign) == []


@pytest.mark.parametrize(
    "two_signs",
    [
        row(confidence=0.6, strength=50),
        row(confidence=0.6, height=20, width=12),
        row(strength=50, height=90, width=60),
    ],
)
def test_row_with_two_things_against_it_is_none(two_signs: ReadLine) -> None:
    assert strays(two_signs) == [2]


def test_row_that_is_very_pale_is_none_however_sure() -> None:
    assert strays(row(confidence=1.0, strength=25)) == [2]
    assert strays(row(2, confidence=1.0, strength=40)) == []
    assert strays(row(1, confidence=1.0, strength=40)) == [2]


def test_dark_scenery_does_not_make_writing_pale() -> None:
    scenery = row(1, confidence=0.5, strength=200)
    assert outlier_lines([row(strength=50), row(strength=50), scenery]) == []


@pytest.mark.parametrize(("height", "is_stray"), [(40, False), (20, True), (70, True)])
def test_lone_stroke_is_a_one_only_among_digits_of_its_size(height: int, is_stray: bool) -> None:
    assert strays(row(1, height=height, width=6)) == ([2] if is_stray else [])
