"""Rows that are no writing: marks, what shines through, what is to be seen beside the page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from edge_infer.boxes import Box
from edge_infer.page.page import Digit

# A box narrower than this, in its heights, may hold a mere stroke; among other digits a 1 is
# between so many of their heights tall.
SLIM: Final = 0.4
ONES: Final = (0.7, 1.5)
# Writing whose digits are less sure than this on average looks like the rest of the page's.
SURE: Final = 0.85
# That is, at least so dark beside the darkest row, and between so many heights of the page's
# digits tall.
DARK: Final = 0.75
TALL: Final = (0.6, 1.7)
# What is paler than this is no writing, and what is paler than that is none by itself.
PALEST: Final = 0.3
PALEST_ALONE: Final = 0.45


@dataclass(frozen=True)
class ReadRow:
    """A row as it was read.

    Attributes:
        digits: One at least.
        strength: How deep its ink is, in grey levels.
    """

    digits: Sequence[Digit]
    strength: float

    @property
    def confidence(self) -> float:
        """The mean over its digits, 0-1."""
        return float(np.mean([digit.confidence for digit in self.digits]))


def stray_rows(rows: Sequence[ReadRow]) -> list[int]:
    """Tell which rows are no writing, by comparison with the rest of the page.

    Returns:
        Indices of rows, in order.
    """
    if not rows:
        return []
    typical = float(np.median([digit.box.height for row in rows for digit in row.digits]))
    wide = [d.box.height for row in rows for d in row.digits if not _is_slim(d.box)]
    # What is read for sure tells how dark the page's writing is: scenery may be darker.
    sure = [row for row in rows if row.confidence >= SURE] or rows
    darkest = max(row.strength for row in sure)
    return [
        index
        for index, row in enumerate(rows)
        if _is_alien(row, darkest, typical) or (wide and _is_mark(row, float(np.median(wide))))
    ]


def _is_alien(row: ReadRow, darkest: float, typical: float) -> bool:
    """Tell whether two things speak against a row: it is unsure, pale, of another size."""
    height = float(np.median([digit.box.height for digit in row.digits])) / typical
    share = row.strength / darkest
    signs = (row.confidence < SURE, share < DARK, not TALL[0] <= height <= TALL[1])
    return share < (PALEST_ALONE if len(row.digits) == 1 else PALEST) or sum(signs) > 1


def _is_mark(row: ReadRow, height: float) -> bool:
    """Tell whether all is slim and not as tall as the page's other digits.

    A lone upright stroke is a 1 among digits of its size, and the end of a rule elsewhere.
    """
    least, most = (factor * height for factor in ONES)
    boxes = [digit.box for digit in row.digits]
    return all(_is_slim(box) and not least <= box.height <= most for box in boxes)


def _is_slim(box: Box) -> bool:
    return box.width < SLIM * box.height
