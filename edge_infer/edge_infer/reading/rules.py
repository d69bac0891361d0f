"""Ruled and squared paper: find the printed lines and take them out from under the writing.

A line is found by the probabilistic Hough transform (Matas, Galambos & Kittler 2000) on a
reduced mask. Then it is followed through the full mask, and each of its columns (or rows)
is erased where nothing but the line stands there: where a stroke crosses, the ink goes on
above or below and stays.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

ImageU8 = NDArray[np.uint8]

# The longer side of the mask on which lines are looked for.
SEARCH_SIZE: Final = 400
# A line is at least so long, as a share of the picture in its direction; a single one, which
# may be a tall 1 in a narrow picture, longer.
MIN_LENGTH: Final = 0.4
MIN_LENGTH_ALONE: Final = 0.7
# Rules run nearly along the picture's sides: tangent of the largest angle.
MAX_SLOPE: Final = 0.27
# Share of its length that is ink, at least: digits one under the other make a broken line.
MIN_INK: Final = 0.7
# Of its length, the longest gap: digits in a row or a column leave some.
MAX_BREAK: Final = 0.05
MAX_BREAK_ALONE: Final = 0.02
# So many lines in one direction are ruled paper; fewer must be longer and whole.
MANY: Final = 3
# Share of its length where nothing crosses it, at least: the bars of digits in a row make a
# line too.
MIN_FREE: Final = 0.6
# Its thickness as a share of its length, at most.
MAX_THICKNESS: Final = 0.025
# Of its length, what a line is followed further at each end.
GROWTH: Final = 0.5
# Pixels of the full mask that a line may leave its straight course by, and that are looked
# at on each side of it.
REACH: Final = 8
STRIP: Final = 24
# Where the ink is this much deeper than the line's own, a stroke lies on it.
STROKE_DEPTH: Final = 1.6


@dataclass(frozen=True)
class Rule:
    """A line that is nearly level, in a mask (or its transpose, for upright ones).

    Attributes:
        start: First column.
        end: Column after the last.
        offset: Row at column 0.
        slope: Rows a column.
    """

    start: float
    end: float
    offset: float
    slope: float

    def grown(self, share: float) -> Rule:
        """Return the line longer by a share of its length at each end."""
        more = share * (self.end - self.start)
        return Rule(self.start - more, self.end + more, self.offset, self.slope)


def erase_rules(mask_hw: ImageU8, depth_hw: ImageU8) -> ImageU8:
    """Return the mask without printed lines; strokes that cross them stay.

    Args:
        mask_hw: uint8 (h, w), 255 where there is ink.
        depth_hw: uint8 (h, w), how deep it is.
    """
    level, upright = find_rules(mask_hw)
    if not level and not upright:
        return mask_hw
    erased = mask_hw.copy()
    for rule in level:
        _erase(erased, mask_hw, depth_hw, rule, _most_break(level))
    for rule in upright:
        _erase(erased.T, mask_hw.T, depth_hw.T, rule, _most_break(upright))
    return erased


def find_rules(mask_hw: ImageU8) -> tuple[list[Rule], list[Rule]]:
    """Find printed lines: level ones, and upright ones with rows and columns exchanged.

    Args:
        mask_hw: uint8 (h, w), 255 where there is ink.
    """
    factor = max(1, -(-max(mask_hw.shape) // SEARCH_SIZE))
    small = _any_of_blocks(mask_hw, factor)
    height, width = small.shape
    shortest = int(MIN_LENGTH * min(small.shape))
    if shortest < 8:
        return [], []
    found = cv2.HoughLinesP(
        small, 1, np.pi / 360, shortest // 2, minLineLength=shortest, maxLineGap=shortest // 8 + 2
    )
    if found is None:
        return [], []
    segments = np.asarray(found, np.float64).reshape(-1, 4)
    across = np.abs(segments[:, 2:] - segments[:, :2])
    is_level = across[:, 1] <= MAX_SLOPE * across[:, 0]
    is_upright = across[:, 0] <= MAX_SLOPE * across[:, 1]
    level = _merge(segments[is_level], width)
    upright = _merge(segments[is_upright][:, [1, 0, 3, 2]], height)
    return [_enlarged(rule, factor) for rule in level], [
        _enlarged(rule, factor) for rule in upright
    ]


def _any_of_blocks(mask_hw: ImageU8, factor: int) -> ImageU8:
    if factor == 1:
        return mask_hw
    height, width = (length // factor for length in mask_hw.shape)
    whole = mask_hw[: height * factor, : width * factor]
    # The mean of a block of up to 16 x 16 pixels is above 0 where one of them is 255.
    return np.asarray(cv2.resize(whole, (width, height), interpolation=cv2.INTER_AREA), np.uint8)


def _merge(segments: NDArray[np.float64], extent: int) -> list[Rule]:
    """Join segments of the same line; keep lines that are long enough.

    Args:
        segments: float64 (n, 4), x and y of both ends.
        extent: Of the picture along x.
    """
    rules: list[Rule] = []
    swapped = segments[:, 0] > segments[:, 2]
    segments = np.where(swapped[:, None], segments[:, [2, 3, 0, 1]], segments)
    for x0, y0, x1, y1 in segments[np.argsort(segments[:, 0] - segments[:, 2])]:
        slope = (y1 - y0) / (x1 - x0)
        rule = Rule(x0, x1, y0 - slope * x0, slope)
        for index, other in enumerate(rules):
            if _same(rule, other):
                rules[index] = Rule(
                    min(x0, other.start), max(x1, other.end), other.offset, other.slope
                )
                break
        else:
            rules.append(rule)
    long = [rule for rule in rules if rule.end - rule.start >= MIN_LENGTH * extent]
    alone = len(long) < MANY
    shortest = (MIN_LENGTH_ALONE if alone else MIN_LENGTH) * extent
    return [rule for rule in long if rule.end - rule.start >= shortest]


def _same(rule: Rule, other: Rule) -> bool:
    return all(
        abs(rule.offset - other.offset + (rule.slope - other.slope) * x) <= 3.0
        for x in (rule.start, rule.end)
    )


def _enlarged(rule: Rule, factor: int) -> Rule:
    middle = (factor - 1) / 2
    offset = rule.offset * factor + middle - rule.slope * middle
    return Rule(rule.start * factor, (rule.end + 1) * factor, offset, rule.slope)


def _most_break(rules: list[Rule]) -> float:
    return MAX_BREAK if len(rules) >= MANY else MAX_BREAK_ALONE


def _erase(erased: ImageU8, mask: ImageU8, depth: ImageU8, rule: Rule, most_break: float) -> None:
    """Erase what of a level line is not part of a stroke, in ``erased``."""
    rows, columns = _strip_around(rule.grown(GROWTH), mask.shape)
    strip = mask[rows, columns[:, None]] != 0
    top, bottom = _runs_near(strip, REACH)
    thickness = bottom - top
    there = thickness > 0
    found = (columns >= rule.start) & (columns < rule.end)
    if there[found].mean() < MIN_INK or _longest_gap(there[found]) > most_break:
        return
    typical = float(np.median(thickness[there & found]))
    thin = there & (thickness <= typical * 1.5 + 1)
    if typical > max(MAX_THICKNESS * len(columns), 2.5) or thin[found].mean() < MIN_FREE:
        return
    along = np.arange(strip.shape[1])
    run = (along >= top[:, None]) & (along < bottom[:, None])
    deep = np.where(run, depth[rows, columns[:, None]], 0).max(axis=1)
    thin &= deep <= STROKE_DEPTH * np.median(deep[thin])
    gone = thin[:, None] & run
    erased[rows[gone], np.broadcast_to(columns[:, None], rows.shape)[gone]] = 0


def _longest_gap(there: NDArray[np.bool_]) -> float:
    """Return the longest run of blanks as a share of the length."""
    inked = np.flatnonzero(np.concatenate(([True], there, [True])))
    return float(np.diff(inked).max() - 1) / len(there)


def _strip_around(
    rule: Rule, shape: tuple[int, ...]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the rows int64 (n, m) around each of n columns of a line, and the columns.

    Rows beyond the picture are those of its edge.
    """
    height, width = shape
    columns = np.arange(max(int(rule.start), 0), min(int(rule.end), width))
    course = np.rint(rule.offset + rule.slope * columns).astype(np.int64)
    around = np.arange(-STRIP, STRIP + 1)
    return np.clip(course[:, None] + around, 0, height - 1), columns


def _runs_near(strip: NDArray[np.bool_], reach: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Find in each row the run of ink nearest to the middle, within reach.

    Args:
        strip: bool (n, m), m odd.
        reach: How far from the middle it may begin.

    Returns:
        First index and index after the last, both int64 (n,); equal where there is none.
    """
    count, length = strip.shape
    middle = length // 2
    distance = np.where(strip, np.abs(np.arange(length) - middle), length)
    nearest = distance.argmin(axis=1)
    rows = np.arange(count)
    found = distance[rows, nearest] <= reach
    index = np.arange(length)
    blank_before = np.where(~strip & (index <= nearest[:, None]), index, -1).max(axis=1)
    blank_after = np.where(~strip & (index >= nearest[:, None]), index, length).min(axis=1)
    top = np.where(found, blank_before + 1, 0)
    return top, np.where(found, blank_after, 0)
