"""Which pieces stand in one row, and in what order rows are read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from edge_infer.boxes import Box, reading_order
from edge_infer.page.page import bounding_box
from edge_infer.page.strokes import Piece

# Heights of the taller of two neighbours between them, at most.
MAX_GAP: Final = 2.5
# Share of the lower neighbour's height that lies beside the other, at least.
MIN_OVERLAP: Final = 0.4
# Pieces under this share of the page's digits in height are parts: a row's ones decide.
MIN_HEIGHT: Final = 0.45


# Parts of one digit stand one above the other: share of the narrower's width, gap and
# height of both in heights of a digit.
MIN_BESIDE: Final = 0.5
MAX_BREAK: Final = 0.12
MAX_HEIGHT: Final = 1.3


def find_rows(pieces: Sequence[Piece], digit_height: float) -> list[list[Piece]]:
    """Part pieces into rows: a row goes on at the nearest piece that stands beside.

    Args:
        pieces: Of a page.
        digit_height: In pixels.

    Returns:
        Rows in reading order; pieces by the middle of their boxes from left to right.
    """
    stacks = _stack(pieces, digit_height)
    rows: list[list[_Stack]] = []
    small: list[_Stack] = []
    for stack in sorted(stacks, key=lambda stack: stack.box.x):
        if stack.box.height < MIN_HEIGHT * digit_height:
            small.append(stack)
            continue
        row = _best_row(stack.box, rows)
        if row is None:
            rows.append([stack])
        else:
            row.append(stack)
    for stack in small:
        nearest = _row_around(stack.box, rows)
        if nearest is not None:
            nearest.append(stack)
    order = reading_order([bounding_box(stack.box for stack in row) for row in rows])
    return [_in_order(rows[index]) for index in order]


class _Stack:
    """Pieces that stand one above the other: a digit in broken strokes."""

    def __init__(self, piece: Piece) -> None:
        self.pieces = [piece]
        self.box = piece.box

    def add(self, piece: Piece) -> None:
        self.pieces.append(piece)
        self.box = bounding_box((self.box, piece.box))


def _stack(pieces: Sequence[Piece], digit_height: float) -> list[_Stack]:
    """Group pieces that stand close above one another and are no taller than a digit."""
    stacks: list[_Stack] = []
    for piece in sorted(pieces, key=lambda piece: -piece.area):
        for stack in stacks:
            if _stands_on(piece.box, stack.box, digit_height):
                stack.add(piece)
                break
        else:
            stacks.append(_Stack(piece))
    return stacks


def _stands_on(box: Box, other: Box, digit_height: float) -> bool:
    # Of most pairs one is beside the other: told first, since a page has many pairs.
    if box.x >= other.x + other.width or other.x >= box.x + box.width:
        return False
    beside = min(box.x + box.width, other.x + other.width) - max(box.x, other.x)
    height = max(box.y + box.height, other.y + other.height) - min(box.y, other.y)
    return (
        beside >= MIN_BESIDE * min(box.width, other.width)
        and -_overlap(box, other) <= MAX_BREAK * digit_height
        and height <= MAX_HEIGHT * max(digit_height, other.height)
    )


def _in_order(row: Sequence[_Stack]) -> list[Piece]:
    """Return a row's pieces from left to right, those of a stack together."""
    stacks = sorted(row, key=lambda stack: stack.box.x + stack.box.width / 2)
    return [piece for stack in stacks for piece in stack.pieces]


def _best_row(box: Box, rows: Sequence[list[_Stack]]) -> list[_Stack] | None:
    best, best_share = None, MIN_OVERLAP
    for row in rows:
        last = row[-1].box
        gap = box.x - (last.x + last.width)
        if gap > MAX_GAP * max(box.height, last.height):
            continue
        share = _overlap(box, last) / min(box.height, last.height)
        if share > best_share:
            best, best_share = row, share
    return best


def _row_around(box: Box, rows: Sequence[list[_Stack]]) -> list[_Stack] | None:
    """Return the row with a digit near by which a small piece stands."""
    best, best_distance = None, 0.5
    for row in rows:
        for stack in row:
            other = stack.box
            gap_x = max(other.x - box.x - box.width, box.x - other.x - other.width, 0)
            gap_y = max(other.y - box.y - box.height, box.y - other.y - other.height, 0)
            distance = max(gap_x, gap_y) / other.height
            if distance < best_distance:
                best, best_distance = row, distance
    return best


def _overlap(box: Box, other: Box) -> int:
    return min(box.y + box.height, other.y + other.height) - max(box.y, other.y)
