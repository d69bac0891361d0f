"""Which pieces stand in one row, and in what order rows are read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from edge_infer.pieces import Box, reading_order
from edge_infer.reading.page import around
from edge_infer.reading.strokes import Piece

# Heights of the taller of two neighbours between them, at most.
MAX_GAP: Final = 2.5
# Share of the lower neighbour's height that lies beside the other, at least.
MIN_OVERLAP: Final = 0.4
# Pieces under this share of the page's digits in height are parts: a row's ones decide.
MIN_HEIGHT: Final = 0.45


def find_rows(pieces: Sequence[Piece], digit_height: float) -> list[list[Piece]]:
    """Part pieces into rows: a row goes on at the nearest piece that stands beside.

    Args:
        pieces: Of a page.
        digit_height: In pixels.

    Returns:
        Rows in reading order; pieces by the middle of their boxes from left to right.
    """
    tall = [piece for piece in pieces if piece.box.height >= MIN_HEIGHT * digit_height]
    small = [piece for piece in pieces if piece.box.height < MIN_HEIGHT * digit_height]
    rows: list[list[Piece]] = []
    for piece in sorted(tall, key=lambda piece: piece.box.x):
        row = _best_row(piece.box, rows)
        if row is None:
            rows.append([piece])
        else:
            row.append(piece)
    for piece in small:
        nearest = _row_around(piece.box, rows)
        if nearest is not None:
            nearest.append(piece)
    order = reading_order([around(piece.box for piece in row) for row in rows])
    return [sorted(rows[index], key=_middle) for index in order]


def _best_row(box: Box, rows: Sequence[list[Piece]]) -> list[Piece] | None:
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


def _row_around(box: Box, rows: Sequence[list[Piece]]) -> list[Piece] | None:
    """Return the row with a digit near by which a small piece stands."""
    best, best_distance = None, 0.5
    for row in rows:
        for piece in row:
            other = piece.box
            gap_x = max(other.x - box.x - box.width, box.x - other.x - other.width, 0)
            gap_y = max(other.y - box.y - box.height, box.y - other.y - other.height, 0)
            distance = max(gap_x, gap_y) / other.height
            if distance < best_distance:
                best, best_distance = row, distance
    return best


def _overlap(box: Box, other: Box) -> int:
    return min(box.y + box.height, other.y + other.height) - max(box.y, other.y)


def _middle(piece: Piece) -> float:
    return piece.box.x + piece.box.width / 2
