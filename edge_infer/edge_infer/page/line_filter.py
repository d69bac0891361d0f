"""Filter out text lines that are no writing: marks, bleed-through and the scene beside the page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from edge_infer.boxes import Box
from edge_infer.page.page import Digit

# A box narrower than this, in its heights, may be a single stroke. A stroke is a 1 if its height
# is in this range, in heights of the wider digits of the page.
SLIM: Final = 0.4
ONE_HEIGHTS: Final = (0.7, 1.5)
# A line is unlike the page if its mean confidence is lower than this, its ink strength a lower
# fraction of that of the darkest line, or its height outside this range, in digit heights.
SURE: Final = 0.85
DARK: Final = 0.75
HEIGHTS: Final = (0.6, 1.7)
# A line is an outlier if its ink strength alone is a lower fraction of that of the darkest line;
# the second limit is for a line of one digit.
MIN_STRENGTH: Final = 0.3
MIN_STRENGTH_ALONE: Final = 0.45


@dataclass(frozen=True)
class ReadLine:
    """The digits of a decoded line.

    Attributes:
        digits: At least one.
        strength: Ink strength, in grey levels.
    """

    digits: Sequence[Digit]
    strength: float

    @property
    def confidence(self) -> float:
        """Mean confidence of the digits, 0-1."""
        return float(np.mean([digit.confidence for digit in self.digits]))


def outlier_lines(lines: Sequence[ReadLine]) -> list[int]:
    """Find the lines that are no writing, by comparison with the rest of the page.

    Returns:
        Indices of lines, ascending.
    """
    if not lines:
        return []
    digit_height = float(np.median([digit.box.height for line in lines for digit in line.digits]))
    wide = [d.box.height for line in lines for d in line.digits if not _is_slim(d.box)]
    # The scene beside the page may be darker than the writing, but is not read with confidence.
    sure = [line for line in lines if line.confidence >= SURE] or lines
    darkest = max(line.strength for line in sure)
    return [
        index
        for index, line in enumerate(lines)
        if _is_outlier(line, darkest, digit_height)
        or (wide and _is_mark(line, float(np.median(wide))))
    ]


def _is_outlier(line: ReadLine, darkest: float, digit_height: float) -> bool:
    """Return whether a line is very pale beside the darkest one, or unlike the page in two ways."""
    height = float(np.median([digit.box.height for digit in line.digits])) / digit_height
    share = line.strength / darkest
    signs = (line.confidence < SURE, share < DARK, not HEIGHTS[0] <= height <= HEIGHTS[1])
    min_strength = MIN_STRENGTH_ALONE if len(line.digits) == 1 else MIN_STRENGTH
    return share < min_strength or sum(signs) > 1


def _is_mark(line: ReadLine, digit_height: float) -> bool:
    """Return whether a line has only strokes that do not have the height of digits.

    A single upright stroke is a 1 among digits of its size, and otherwise the end of a ruled line.
    """
    least, most = (factor * digit_height for factor in ONE_HEIGHTS)
    boxes = [digit.box for digit in line.digits]
    return all(_is_slim(box) and not least <= box.height <= most for box in boxes)


def _is_slim(box: Box) -> bool:
    return box.width < SLIM * box.height
