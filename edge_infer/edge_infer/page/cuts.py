"""Cut a piece of ink where it is thinnest: between digits that touch.

A cut is the path from top to bottom that crosses least ink and leans at most 45 degrees,
found for each column of the middle row by dynamic programming. Its valleys are the
candidates; which of them part two digits is for the recogniser to say.
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_infer.boxes import Box
from edge_infer.page.strokes import Piece

ImageU8 = NDArray[np.uint8]

# About so many rows has a digit of the reduced piece in which paths are looked for.
ROWS: Final = 48
# A cut goes through ink for at most this share of its way: two upright strokes that touch
# are parted lengthwise.
MAX_CROSSING: Final = 0.5
# Between cuts lies at least this, in heights of a digit.
MIN_DISTANCE: Final = 0.15
# Of a piece's ink, what is left on each side at least.
MIN_SHARE: Final = 0.06
# What leaning costs beside crossing ink, so that a cut is straight where nothing is gained.
LEAN_COST: Final = 0.05


def cut(piece: Piece, digit_height: float) -> list[Piece]:
    """Cut a piece at every place where digits may touch.

    Args:
        piece: Of a row.
        digit_height: Of the row, in pixels.

    Returns:
        Parts from left to right; the piece itself where there is no place to cut.
    """
    factor = max(1, round(digit_height / ROWS))
    ink = _reduced(piece.mask, factor)
    seams, costs = _seams(ink)
    chosen = _choose(ink, seams, costs, digit_height / factor)
    if not chosen:
        return [piece]
    columns = np.arange(ink.shape[1])
    after = columns >= seams[:, chosen].T[:, :, None]
    side = after.sum(axis=0, dtype=np.uint8)
    blocks = np.repeat(np.repeat(side, factor, axis=0), factor, axis=1)
    part_of = blocks[: piece.box.height, : piece.box.width]
    parts = [_part(piece, np.asarray(part_of == index)) for index in range(len(chosen) + 1)]
    return [part for part in parts if part is not None]


def _reduced(mask_hw: ImageU8, factor: int) -> NDArray[np.float32]:
    """Return the share of ink in each block; by a whole number every CPU computes it alike."""
    down, right = (-length % factor for length in mask_hw.shape)
    whole = cv2.copyMakeBorder(mask_hw * np.uint8(255), 0, down, 0, right, cv2.BORDER_CONSTANT)
    size = (whole.shape[1] // factor, whole.shape[0] // factor)
    means = cv2.resize(whole, size, interpolation=cv2.INTER_AREA)
    return np.asarray(means, np.float32) / np.float32(255)


def _seams(ink: NDArray[np.float32]) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Find for each column of the middle row the path through it that crosses least ink.

    Returns:
        Columns int64 (h, w), one path a column of the array, and what each crosses (w,).
    """
    middle = len(ink) // 2
    up, up_cost = _paths(ink[middle::-1])
    down, down_cost = _paths(ink[middle:])
    seams = np.concatenate((up[::-1], down[1:]))
    return seams, up_cost + down_cost - ink[middle]


def _paths(ink: NDArray[np.float32]) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Find the cheapest way from each column of the first row to the last row."""
    rows, width = ink.shape
    steps = np.zeros((rows, width), np.int64)
    cost = ink[-1]
    wall = np.float32(np.inf)
    for row in range(rows - 2, -1, -1):
        left = np.concatenate(([wall], cost[:-1])) + np.float32(LEAN_COST)
        right = np.concatenate((cost[1:], [wall])) + np.float32(LEAN_COST)
        ways = np.stack((cost, left, right))
        best = ways.argmin(axis=0)
        steps[row] = np.where(best == 1, -1, np.where(best == 2, 1, 0))
        cost = ink[row] + ways[best, np.arange(width)]
    paths = np.empty((rows, width), np.int64)
    paths[0] = np.arange(width)
    for row in range(1, rows):
        paths[row] = paths[row - 1] + steps[row - 1, paths[row - 1]]
    return paths, cost


def _choose(
    ink: NDArray[np.float32],
    seams: NDArray[np.int64],
    costs: NDArray[np.float32],
    height: float,
) -> list[int]:
    """Return the columns of the best cuts, from left to right."""
    total = float(ink.sum())
    # Ink to the left of each path: sums along rows, up to the path's column.
    sums = np.concatenate((np.zeros((len(ink), 1), np.float32), ink.cumsum(axis=1)), axis=1)
    left = np.take_along_axis(sums, seams, axis=1).sum(axis=0) / total
    good = (costs <= MAX_CROSSING * len(ink)) & (left >= MIN_SHARE) & (left <= 1 - MIN_SHARE)
    chosen: list[int] = []
    for index in np.argsort(costs, kind="stable"):
        far = all(abs(index - other) >= MIN_DISTANCE * height for other in chosen)
        apart = all(abs(left[index] - left[other]) >= MIN_SHARE / 2 for other in chosen)
        if good[index] and far and apart:
            chosen.append(int(index))
    most = max(2, round(4 * ink.shape[1] / height))
    return sorted(chosen[:most])


def _part(piece: Piece, where: NDArray[np.bool_]) -> Piece | None:
    mask = piece.mask * where
    x, y, width, height = cv2.boundingRect(mask)
    if not width:
        return None
    box = Box(piece.box.x + x, piece.box.y + y, width, height)
    inner = np.ascontiguousarray(mask[y : y + height, x : x + width])
    return Piece(box, inner, cv2.countNonZero(inner))
