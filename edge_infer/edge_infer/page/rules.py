"""Ruled and squared paper: find the printed lines and take them out from under the writing.

A line is found by the Hough transform (Duda & Hart 1972) on a reduced mask, of which the
upper edges alone are looked at: those of a level line are as long as itself, and of strokes
little is left. Then it is followed through the full mask, and each of its columns (or rows)
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
# In a smaller picture, where they would be of fewer pixels than this, none are looked for.
MIN_PIXELS: Final = 8
# So many lines are tried in each direction, those through most ink.
MOST_LINES: Final = 1000
# Rules run nearly along the picture's sides: tangent of the largest angle.
MAX_SLOPE: Final = 0.27
# Share of its length that is ink, at least: digits one under the other make a broken line.
MIN_INK: Final = 0.7
# Dots of a line are nearer to one another than this, in pixels of the reduced mask.
DOTS: Final = 7
# Lines nearer to each other than half of this, in pixels of the reduced mask, are one.
BREADTH: Final = 7
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
    if MIN_LENGTH * min(small.shape) < MIN_PIXELS:
        return [], []
    level, upright = _find_level(small), _find_level(np.ascontiguousarray(small.T))
    return [_enlarged(rule, factor) for rule in level], [
        _enlarged(rule, factor) for rule in upright
    ]


def _find_level(mask_hw: ImageU8) -> list[Rule]:
    """Find lines that are nearly level, those that most of the ink lies on first."""
    height, width = mask_hw.shape
    shortest = int(MIN_LENGTH * width)
    offsets, slopes = _likely_lines(_level_edges(mask_hw), shortest // 2)
    columns = np.arange(width)
    courses = np.rint(offsets[:, None] + slopes[:, None] * columns).astype(np.int64)
    on_page = (courses >= 0) & (courses < height)
    courses = np.clip(courses, 0, height - 1)
    left = np.asarray(cv2.dilate(mask_hw, np.ones((3, 1), np.uint8)), np.uint8)
    rules: list[Rule] = []
    for offset, slope, course, inside in zip(offsets, slopes, courses, on_page, strict=True):
        inked = (left[course, columns] != 0) & inside
        if np.count_nonzero(inked) < MIN_INK * shortest:
            continue
        start, end = _longest_run(inked, shortest // 8 + 2)
        if end - start >= shortest and inked[start:end].mean() >= MIN_INK:
            rules.append(Rule(start, end, float(offset), float(slope)))
            # What goes along the line, a little aslant, is no other one.
            first, last = (3 * start + end) // 4, (start + 3 * end) // 4
            ends = (first, int(course[first])), (last, int(course[last]))
            cv2.line(left, *ends, (0,), BREADTH)
    alone = MIN_LENGTH_ALONE * width if len(rules) < MANY else 0.0
    return [rule for rule in rules if rule.end - rule.start >= alone]


def _likely_lines(edges_hw: ImageU8, least: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the offsets and slopes of lines through many pixels, most first."""
    steepest = float(np.arctan(MAX_SLOPE))
    found = cv2.HoughLines(
        edges_hw,
        1,
        np.pi / 360,
        least,
        min_theta=np.pi / 2 - steepest,
        max_theta=np.pi / 2 + steepest,
    )
    lines = np.zeros((0, 2)) if found is None else np.asarray(found, np.float64).reshape(-1, 2)
    distances, angles = lines[:MOST_LINES].T
    return distances / np.sin(angles), -1 / np.tan(angles)


def _longest_run(inked: NDArray[np.bool_], gap: int) -> tuple[int, int]:
    """Return the first index of the longest run with no longer gap, and that after its last."""
    places = np.flatnonzero(inked)
    breaks = np.flatnonzero(places[1:] - places[:-1] > gap)
    starts = places[np.concatenate(([0], breaks + 1))]
    ends = places[np.concatenate((breaks, [-1]))] + 1
    longest = int((ends - starts).argmax())
    return int(starts[longest]), int(ends[longest])


def _level_edges(mask_hw: ImageU8) -> ImageU8:
    """Return the upper edges of what runs nearly level, dots joined; of the rest, little."""
    joined = cv2.morphologyEx(mask_hw, cv2.MORPH_CLOSE, np.ones((1, DOTS), np.uint8))
    edges = np.array(joined, np.uint8)
    edges[1:] &= ~edges[:-1]
    return edges


def _any_of_blocks(mask_hw: ImageU8, factor: int) -> ImageU8:
    if factor == 1:
        return mask_hw
    height, width = mask_hw.shape
    rows = mask_hw[: height // factor * factor].reshape(-1, factor, width).max(axis=1)
    block = np.ones((1, factor), np.uint8)
    across = np.asarray(cv2.dilate(rows, block, anchor=(0, 0)), np.uint8)
    return np.ascontiguousarray(across[:, : width // factor * factor : factor])


def _enlarged(rule: Rule, factor: int) -> Rule:
    middle = (factor - 1) / 2
    offset = rule.offset * factor + middle - rule.slope * middle
    return Rule(rule.start * factor, rule.end * factor, offset, rule.slope)


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
    # A strip is narrow: bytes hold its indices, and are quick.
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
