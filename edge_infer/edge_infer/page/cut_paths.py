"""Split touching digits along minimum-cost paths from top to bottom.

A path leans by at most 45 degrees and costs the ink that it crosses. Dynamic programming finds
the cheapest path through each column of the middle row. The local minima are possible cuts; the
classifier decides which of them separate two digits.
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_infer.boxes import Box
from edge_infer.page.binarize import ImageU8
from edge_infer.page.components import Component

# Paths are searched on a reduced component with about this many rows for a digit.
SEARCH_ROWS: Final = 48
# A path crosses ink for at most this fraction of its length, which lengthwise cuts between two
# upright strokes need.
MAX_CROSSING: Final = 0.5
# Distance between cuts, at least, in digit heights.
MIN_DISTANCE: Final = 0.15
# Fraction of the component's ink on each side of a cut, at least.
MIN_SHARE: Final = 0.06
# Cost of a diagonal step, in pixels of ink, so that paths are straight where leaning gains nothing.
LEAN_COST: Final = 0.05


def split(component: Component, digit_height: float) -> list[Component]:
    """Split a component at every place where digits may touch.

    Args:
        component: Component of a line.
        digit_height: Digit height of the line, in pixels.

    Returns:
        Parts from left to right, or the component itself if there is no place to cut.
    """
    factor = max(1, round(digit_height / SEARCH_ROWS))
    ink = _reduced(component.mask, factor)
    paths, costs = _all_paths(ink)
    chosen = _choose(ink, paths, costs, digit_height / factor)
    if not chosen:
        return [component]
    columns = np.arange(ink.shape[1])
    is_right = columns >= paths[:, chosen].T[:, :, None]
    index_hw = is_right.sum(axis=0, dtype=np.uint8)
    blocks = np.repeat(np.repeat(index_hw, factor, axis=0), factor, axis=1)
    part_of = blocks[: component.box.height, : component.box.width]
    parts = [_part(component, np.asarray(part_of == index)) for index in range(len(chosen) + 1)]
    return [part for part in parts if part is not None]


def _reduced(mask_hw: ImageU8, factor: int) -> NDArray[np.float32]:
    """Return the fraction of ink in each block, float32 0-1, with the same bits on every CPU."""
    down, right = (-length % factor for length in mask_hw.shape)
    whole = cv2.copyMakeBorder(mask_hw * np.uint8(255), 0, down, 0, right, cv2.BORDER_CONSTANT)
    size = (whole.shape[1] // factor, whole.shape[0] // factor)
    means = cv2.resize(whole, size, interpolation=cv2.INTER_AREA)
    return np.asarray(means, np.float32) / np.float32(255)


def _all_paths(ink: NDArray[np.float32]) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Find the cheapest path through each column of the middle row.

    Returns:
        Columns of the paths, int64 (h, w), one path in each column of the array, and their costs,
        float32 (w,).
    """
    middle = len(ink) // 2
    up, up_cost = _paths(ink[middle::-1])
    down, down_cost = _paths(ink[middle:])
    paths = np.concatenate((up[::-1], down[1:]))
    return paths, up_cost + down_cost - ink[middle]


def _paths(ink: NDArray[np.float32]) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Find the cheapest path from each column of the first row to the last row."""
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
    paths: NDArray[np.int64],
    costs: NDArray[np.float32],
    digit_height: float,
) -> list[int]:
    """Return the indices of the cheapest paths that are far enough apart, from left to right."""
    total = float(ink.sum())
    # The ink to the left of each path: cumulative sums of the rows up to the path.
    sums = np.concatenate((np.zeros((len(ink), 1), np.float32), ink.cumsum(axis=1)), axis=1)
    left = np.take_along_axis(sums, paths, axis=1).sum(axis=0) / total
    good = (costs <= MAX_CROSSING * len(ink)) & (left >= MIN_SHARE) & (left <= 1 - MIN_SHARE)
    chosen: list[int] = []
    for index in np.argsort(costs, kind="stable"):
        far = all(abs(index - other) >= MIN_DISTANCE * digit_height for other in chosen)
        apart = all(abs(left[index] - left[other]) >= MIN_SHARE / 2 for other in chosen)
        if good[index] and far and apart:
            chosen.append(int(index))
    most = max(2, round(4 * ink.shape[1] / digit_height))
    return sorted(chosen[:most])


def _part(component: Component, where: NDArray[np.bool_]) -> Component | None:
    mask = component.mask * where
    x, y, width, height = cv2.boundingRect(mask)
    if not width:
        return None
    box = Box(component.box.x + x, component.box.y + y, width, height)
    inner = np.ascontiguousarray(mask[y : y + height, x : x + width])
    return Component(box, inner, cv2.countNonZero(inner))
