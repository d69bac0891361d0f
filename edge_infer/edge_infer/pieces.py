"""Connected pieces of ink: which of them together make one digit, and in what order.

A five's top bar or a four's left stroke often stands apart from the rest. This module
knows boxes alone, no pixels, and works on all pairs of a bounded number of pieces.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

# Distance between two pieces of one digit, in heights of the taller.
MAX_GAP: Final = 0.12
# Two pieces as tall as each other are two digits, however near they stand.
MAX_HEIGHT_RATIO: Final = 0.7
# Share of the smaller piece's width that must lie over the other, or of its height beside it.
MIN_OVERLAP: Final = 0.5
# Rounds in which joined pieces find each other; one round joins all direct neighbours.
MAX_CHAIN: Final = 8


@dataclass(frozen=True)
class Box:
    """An upright rectangle in pixels of the frame: columns x to x + width - 1."""

    x: int
    y: int
    width: int
    height: int


def join_pieces(boxes: NDArray[np.int64]) -> NDArray[np.int64]:
    """Tell which pieces belong to one digit.

    Two do when one is clearly the smaller and stands close above, below or beside.

    Args:
        boxes: int64 (n, 4): x, y, width, height.

    Returns:
        int64 (n,): for each piece the index of the first piece of its digit.
    """
    count = len(boxes)
    near = _belong_together(boxes)
    groups = np.arange(count)
    for _ in range(MAX_CHAIN):
        joined = np.where(near, groups, count).min(axis=1, initial=count)
        if np.array_equal(joined, groups):
            break
        groups = joined
    return groups


def reading_order(boxes: Sequence[Box]) -> list[int]:
    """Order boxes as a page is read: rows from top to bottom, each from left to right.

    Returns:
        Indices into ``boxes``.
    """
    rows: list[list[int]] = []
    for index in sorted(range(len(boxes)), key=lambda index: _middle(boxes[index])):
        if rows and _in_row(boxes[index], [boxes[other] for other in rows[-1]]):
            rows[-1].append(index)
        else:
            rows.append([index])
    return [index for row in rows for index in sorted(row, key=lambda index: boxes[index].x)]


def _belong_together(boxes: NDArray[np.int64]) -> NDArray[np.bool_]:
    start, size = boxes[:, None, :2], boxes[:, None, 2:]
    end = start + size
    # (n, n, 2), last axis x and y: positive where two intervals overlap, else minus the gap.
    overlap = np.minimum(end, end.swapaxes(0, 1)) - np.maximum(start, start.swapaxes(0, 1))
    smaller = np.minimum(size, size.swapaxes(0, 1))
    heights = size[:, :, 1]
    taller = np.maximum(heights, heights.T)
    aligned = overlap >= MIN_OVERLAP * smaller
    close = -overlap <= MAX_GAP * taller[:, :, None]
    near = (aligned[:, :, 0] & close[:, :, 1]) | (aligned[:, :, 1] & close[:, :, 0])
    near &= smaller[:, :, 1] <= MAX_HEIGHT_RATIO * taller
    # What lies within another's box is a digit in a printed cell, not a piece of it.
    near &= (overlap < smaller).any(axis=2)
    np.fill_diagonal(near, val=True)
    return np.asarray(near, np.bool_)


def _middle(box: Box) -> float:
    return box.y + box.height / 2


def _in_row(box: Box, row: Sequence[Box]) -> bool:
    middle = sum(_middle(other) for other in row) / len(row)
    height = sum(other.height for other in row) / len(row)
    return abs(_middle(box) - middle) < height / 2
