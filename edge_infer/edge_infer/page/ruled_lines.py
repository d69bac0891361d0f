"""Remove the printed lines of ruled and squared paper from the ink mask.

Lines are found by a Hough transform (Duda & Hart 1972) of the upper edges in a reduced mask: the
edge of a level line is as long as the line, and strokes have little of it. Each line is then
followed through the full mask. A column of the line is erased if it has no other ink there.
Where a stroke crosses, the ink continues above or below the line and stays.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

ImageU8 = NDArray[np.uint8]

# The longer side, in pixels, of the mask on which lines are searched.
SEARCH_SIZE: Final = 400
# Minimum length as a fraction of the picture. Fewer than MIN_RULING lines must be longer, since a
# tall 1 in a narrow picture looks like a line. No lines are searched if MIN_LENGTH is fewer than
# MIN_PIXELS.
MIN_LENGTH: Final = 0.4
MIN_LENGTH_ALONE: Final = 0.7
MIN_PIXELS: Final = 8
# Lines tried in each direction, those with most votes.
MAX_LINES: Final = 1000
# Lines are nearly parallel to the sides of the picture: largest slope.
MAX_SLOPE: Final = 0.27
# Fraction of the length that is ink, at least. A column of digits has less.
MIN_INK: Final = 0.7
# The dots of a dotted line are closer than this, in pixels of the reduced mask.
DOT_GAP: Final = 7
# Lines closer than half of this, in pixels of the reduced mask, are one line.
BREADTH: Final = 7
# Longest gap as a fraction of the length. Rows and columns of digits have longer ones.
MAX_BREAK: Final = 0.05
MAX_BREAK_ALONE: Final = 0.02
# This many lines in one direction are a ruling. Fewer must be longer and have shorter gaps.
MIN_RULING: Final = 3
# Fraction of the length without crossing strokes, at least. The bars of a row of digits, which
# look like a line, have less.
MIN_FREE: Final = 0.6
# Thickness as a fraction of the length, at most.
MAX_THICKNESS: Final = 0.025
# A line is followed beyond each end by this fraction of its length.
GROWTH: Final = 0.5
# Distance from the straight course that a line may have, and rows examined on each side of the
# course, in pixels of the full mask.
REACH: Final = 8
STRIP: Final = 24
# Ink with this multiple of the contrast of the line belongs to a stroke on the line.
STROKE_CONTRAST: Final = 1.6


class RuledLine(NamedTuple):
    """A nearly horizontal line of a mask, or a vertical line of its transpose.

    Attributes:
        start: First column.
        end: Column after the last.
        offset: Row at column 0.
        slope: Rows for each column.
    """

    start: float
    end: float
    offset: float
    slope: float


def erase_ruled_lines(mask_hw: ImageU8, contrast_hw: ImageU8) -> ImageU8:
    """Return the mask without printed lines. Strokes that cross them stay.

    Args:
        mask_hw: uint8 (h, w), 255 for ink.
        contrast_hw: uint8 (h, w), the contrast of the ink.
    """
    horizontal, vertical = find_ruled_lines(mask_hw)
    if not horizontal and not vertical:
        return mask_hw
    erased = mask_hw.copy()
    for line in horizontal:
        _erase(erased, mask_hw, contrast_hw, line, _max_break(horizontal))
    for line in vertical:
        _erase(erased.T, mask_hw.T, contrast_hw.T, line, _max_break(vertical))
    return erased


def find_ruled_lines(mask_hw: ImageU8) -> tuple[list[RuledLine], list[RuledLine]]:
    """Find printed lines: horizontal ones, and vertical ones in the transposed mask.

    Args:
        mask_hw: uint8 (h, w), 255 for ink.
    """
    factor = max(1, -(-max(mask_hw.shape) // SEARCH_SIZE))
    small = _block_maxima(mask_hw, factor)
    if MIN_LENGTH * min(small.shape) < MIN_PIXELS:
        return [], []
    horizontal, vertical = _find_horizontal(small), _find_horizontal(np.ascontiguousarray(small.T))
    return _enlarged(horizontal, factor), _enlarged(vertical, factor)


def _find_horizontal(mask_hw: ImageU8) -> list[RuledLine]:
    """Find the nearly horizontal lines, those with most votes first."""
    height, width = mask_hw.shape
    shortest = int(MIN_LENGTH * width)
    offsets, slopes = _likely_lines(_upper_edges(mask_hw), shortest // 2)
    columns = np.arange(width)
    courses = np.rint(offsets[:, None] + slopes[:, None] * columns).astype(np.int64)
    on_page = (courses >= 0) & (courses < height)
    courses = np.clip(courses, 0, height - 1)
    remaining = np.asarray(cv2.dilate(mask_hw, np.ones((3, 1), np.uint8)), np.uint8)
    lines: list[RuledLine] = []
    for offset, slope, course, inside in zip(offsets, slopes, courses, on_page, strict=True):
        inked = (remaining[course, columns] != 0) & inside
        if np.count_nonzero(inked) < MIN_INK * shortest:
            continue
        start, end = _longest_run(inked, shortest // 8 + 2)
        if end - start >= shortest and inked[start:end].mean() >= MIN_INK:
            lines.append(RuledLine(start, end, float(offset), float(slope)))
            # A slightly rotated copy of the line is not another line.
            first, last = (3 * start + end) // 4, (start + 3 * end) // 4
            ends = (first, int(course[first])), (last, int(course[last]))
            cv2.line(remaining, *ends, (0,), BREADTH)
    min_length = MIN_LENGTH_ALONE * width if len(lines) < MIN_RULING else 0.0
    return [line for line in lines if line.end - line.start >= min_length]


def _likely_lines(edges_hw: ImageU8, least: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the offsets and slopes of the lines with most votes, float64 (n,), best first."""
    max_angle = float(np.arctan(MAX_SLOPE))
    found = cv2.HoughLines(
        edges_hw,
        1,
        np.pi / 360,
        least,
        min_theta=np.pi / 2 - max_angle,
        max_theta=np.pi / 2 + max_angle,
    )
    lines = np.zeros((0, 2)) if found is None else np.asarray(found, np.float64).reshape(-1, 2)
    distances, angles = lines[:MAX_LINES].T
    return distances / np.sin(angles), -1 / np.tan(angles)


def _longest_run(inked: NDArray[np.bool_], gap: int) -> tuple[int, int]:
    """Return start and end of the longest run of ink without a longer gap."""
    places = np.flatnonzero(inked)
    breaks = np.flatnonzero(places[1:] - places[:-1] > gap)
    starts = places[np.concatenate(([0], breaks + 1))]
    ends = places[np.concatenate((breaks, [-1]))] + 1
    longest = int((ends - starts).argmax())
    return int(starts[longest]), int(ends[longest])


def _upper_edges(mask_hw: ImageU8) -> ImageU8:
    """Return the upper edges of the mask after joining the dots of dotted lines."""
    joined = cv2.morphologyEx(mask_hw, cv2.MORPH_CLOSE, np.ones((1, DOT_GAP), np.uint8))
    edges = np.array(joined, np.uint8)
    edges[1:] &= ~edges[:-1]
    return edges


def _block_maxima(mask_hw: ImageU8, factor: int) -> ImageU8:
    if factor == 1:
        return mask_hw
    height, width = mask_hw.shape
    rows = mask_hw[: height // factor * factor].reshape(-1, factor, width).max(axis=1)
    block = np.ones((1, factor), np.uint8)
    across = np.asarray(cv2.dilate(rows, block, anchor=(0, 0)), np.uint8)
    return np.ascontiguousarray(across[:, : width // factor * factor : factor])


def _enlarged(lines: list[RuledLine], factor: int) -> list[RuledLine]:
    middle = (factor - 1) / 2
    return [
        RuledLine(start * factor, end * factor, offset * factor + middle - slope * middle, slope)
        for start, end, offset, slope in lines
    ]


def _max_break(lines: list[RuledLine]) -> float:
    return MAX_BREAK if len(lines) >= MIN_RULING else MAX_BREAK_ALONE


def _erase(
    erased: ImageU8, mask: ImageU8, contrast: ImageU8, line: RuledLine, max_break: float
) -> None:
    """Erase the parts of a horizontal line that no stroke crosses, in ``erased``."""
    rows, columns = _strip_around(line, mask.shape)
    strip = mask[rows, columns[:, None]] != 0
    top, bottom = _runs_near(strip, REACH)
    thickness = bottom - top
    is_ink = thickness > 0
    found = (columns >= line.start) & (columns < line.end)
    if is_ink[found].mean() < MIN_INK or _longest_gap(is_ink[found]) > max_break:
        return
    typical = float(np.median(thickness[is_ink & found]))
    thin = is_ink & (thickness <= typical * 1.5 + 1)
    if typical > max(MAX_THICKNESS * len(columns), 2.5) or thin[found].mean() < MIN_FREE:
        return
    along = np.arange(strip.shape[1])
    run = (along >= top[:, None]) & (along < bottom[:, None])
    strength = np.where(run, contrast[rows, columns[:, None]], 0).max(axis=1)
    thin &= strength <= STROKE_CONTRAST * np.median(strength[thin])
    is_erased = thin[:, None] & run
    erased[rows[is_erased], np.broadcast_to(columns[:, None], rows.shape)[is_erased]] = 0


def _longest_gap(is_ink: NDArray[np.bool_]) -> float:
    """Return the longest gap as a fraction of the length."""
    inked = np.flatnonzero(np.concatenate(([True], is_ink, [True])))
    return float(np.diff(inked).max() - 1) / len(is_ink)


def _strip_around(
    line: RuledLine, shape: tuple[int, ...]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the rows around a lengthened line, int64 (n, m), and its n columns, int64 (n,).

    Rows outside the picture are clipped to its edge.
    """
    height, width = shape
    growth = GROWTH * (line.end - line.start)
    columns = np.arange(max(int(line.start - growth), 0), min(int(line.end + growth), width))
    course = np.rint(line.offset + line.slope * columns).astype(np.int64)
    around = np.arange(-STRIP, STRIP + 1)
    return np.clip(course[:, None] + around, 0, height - 1), columns


def _runs_near(strip: NDArray[np.bool_], reach: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Find the run of ink nearest to the middle of each row.

    Args:
        strip: bool (n, m), m odd.
        reach: Distance of the run from the middle, at most.

    Returns:
        First index and index after the last, both int64 (n,); equal where there is no run.
    """
    count, length = strip.shape
    # A strip is narrow, so int8 can hold its indices, which is fast.
    index = np.arange(length, dtype=np.int8)
    beyond = np.int8(length)
    distance = np.where(strip, np.abs(index - index[length // 2]), beyond)
    nearest = distance.argmin(axis=1)
    found = distance[np.arange(count), nearest] <= reach
    middle = nearest.astype(np.int8)[:, None]
    blank_before = np.where(strip | (index > middle), np.int8(-1), index).max(axis=1)
    blank_after = np.where(strip | (index < middle), beyond, index).min(axis=1)
    top = np.where(found, blank_before.astype(np.int64) + 1, 0)
    return top, np.where(found, blank_after.astype(np.int64), 0)
