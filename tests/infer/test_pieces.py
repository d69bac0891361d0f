from __future__ import annotations

import numpy as np
import pytest

from edge_infer.pieces import Box, join_pieces, reading_order

BODY = (100, 100, 60, 90)


@pytest.mark.parametrize(
    ("piece", "why"),
    [
        ((110, 85, 55, 10), "a five's bar above"),
        ((163, 102, 30, 12), "a bar at the side of the top"),
        ((120, 195, 20, 8), "a foot below"),
    ],
)
def test_join_pieces_joins_the_rest_of_a_broken_digit(
    piece: tuple[int, int, int, int], why: str
) -> None:
    assert join_pieces(np.array([BODY, piece])).tolist() == [0, 0], why


@pytest.mark.parametrize(
    ("piece", "why"),
    [
        ((166, 100, 60, 90), "a neighbour as tall"),
        ((100, 195, 60, 88), "the digit in the next row"),
        ((110, 40, 55, 10), "a bar far above"),
        ((200, 180, 8, 8), "a comma far to the side"),
        ((110, 120, 30, 40), "a digit in a printed cell"),
    ],
)
def test_join_pieces_leaves_other_digits_alone(piece: tuple[int, int, int, int], why: str) -> None:
    assert join_pieces(np.array([BODY, piece])).tolist() == [0, 1], why


def test_join_pieces_joins_through_a_chain() -> None:
    chain = [BODY, (110, 88, 40, 10), (115, 82, 10, 6)]
    assert join_pieces(np.array(chain)).tolist() == [0, 0, 0]


def test_join_pieces_of_nothing_is_nothing() -> None:
    assert join_pieces(np.zeros((0, 4), np.int64)).tolist() == []


def test_reading_order_goes_by_rows_that_slope() -> None:
    upper = [Box(x, 20 + x // 20, 20, 40) for x in (300, 20, 160)]
    lower = [Box(x, 90 + x // 20, 20, 40) for x in (200, 10)]
    assert reading_order([*upper, *lower]) == [1, 2, 0, 4, 3]
