"""Where the writing stands: rows and columns of glyphs on the paper."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from edge_synth.pages.forms import LETTER_FORMS
from edge_synth.pages.hand import Glyph, Hand
from edge_synth.pages.spec import PageSpec

# Between two columns, in heights of a digit.
COLUMN_GAP: Final = 1.8
# Bands in a digit's height in which neighbours are kept apart.
BANDS: Final = 12
# At most so far, in heights, does a glyph reach under its neighbour's roof.
NESTED: Final = 0.12
LETTERS: Final = sorted(set(LETTER_FORMS) - {"+"})


@dataclass(frozen=True, eq=False)
class Writing:
    """What a hand wrote, in pixels of the flat paper.

    Attributes:
        rows: The digits of each row, from left to right.
        others: Letters and signs.
        baselines: y of each row's base line where x is 0.
        slope: Change of y by x on a row; rising rows have a negative one.
    """

    rows: tuple[tuple[Glyph, ...], ...]
    others: tuple[Glyph, ...]
    baselines: tuple[float, ...]
    slope: float

    def points(self) -> NDArray[np.float64]:
        """All points of all digits and others: float64 (n, 2)."""
        glyphs = [*self.others, *(glyph for row in self.rows for glyph in row)]
        return np.concatenate([glyph.points() for glyph in glyphs])


def write(spec: PageSpec, rng: np.random.Generator) -> Writing:
    """Write all rows, with the letters and signs that stand in them."""
    hand = Hand(spec, rng)
    height = spec.digit_height_px
    rows: list[list[Glyph]] = [[] for _ in spec.rows]
    others: list[Glyph] = []
    x = 0.0
    for column in range(spec.columns):
        ends = [x]
        for i, row in enumerate(spec.rows):
            start = x + rng.uniform(0, spec.indent + 0.4 * spec.jitter) * height
            written = _write_row(hand, _part(row, column, spec.columns), start, spec, rng)
            placed = [glyph.moved(0, i * spec.leading * height) for glyph in written]
            rows[i] += [glyph for glyph in placed if glyph.label]
            others += [glyph for glyph in placed if not glyph.label]
            ends += [float(glyph.points()[:, 0].max()) for glyph in placed]
        x = max(ends) + COLUMN_GAP * height
    slope = -float(np.tan(np.deg2rad(spec.slope_deg)))
    return Writing(
        rows=tuple(tuple(_sloped(glyph, slope) for glyph in row) for row in rows),
        others=tuple(_sloped(glyph, slope) for glyph in others),
        baselines=tuple((i * spec.leading + 1) * height for i in range(len(rows))),
        slope=slope,
    )


def _part(row: str, column: int, columns: int) -> str:
    """The digits of a row that stand in one column."""
    edges = np.linspace(0, len(row), columns + 1).round().astype(int)
    return row[edges[column] : edges[column + 1]]


def _write_row(
    hand: Hand, digits: str, x: float, spec: PageSpec, rng: np.random.Generator
) -> list[Glyph]:
    """Write digits from x on; letters may stand before them and a plus between."""
    signs = list(digits)
    if "plus" in spec.clutter and len(digits) > 1:
        signs.insert(int(rng.integers(1, len(digits))), "+")
    if "letters" in spec.clutter:
        side = rng.choice([0, len(signs)])
        signs[side:side] = rng.choice(LETTERS, rng.integers(1, 4)).tolist()
    written: list[Glyph] = []
    for sign in signs:
        glyph = hand.write(sign)
        if written:
            apart = not (written[-1].label and glyph.label)
            gap = max(spec.spacing, 0.3) if apart else spec.spacing
            gap += max(spec.spacing, 0) * spec.jitter * rng.uniform(-0.4, 0.6)
            x = _right_of(written[-1], glyph, gap + spec.stroke, spec.digit_height_px)
        written.append(glyph.moved(x, 0))
    return written


def _right_of(left: Glyph, right: Glyph, gap: float, height: float) -> float:
    """Return the x at which the nearest ink of two neighbours is a gap (in heights) apart."""
    ends = np.full(3 * BANDS, -np.inf)
    starts = np.full(3 * BANDS, np.inf)
    for points, update, edges in (
        (left.points(), np.maximum, ends),
        (right.points(), np.minimum, starts),
    ):
        bands = np.clip(points[:, 1] / height * BANDS + BANDS, 1, 3 * BANDS - 2).astype(int)
        for step in (-1, 0, 1):
            update.at(edges, bands + step, points[:, 0])
    reach = float((ends - starts).max())
    if not np.isfinite(reach):
        reach = float(left.points()[:, 0].max())
    least = float(left.points()[:, 0].max()) - NESTED * height
    return max(reach + gap * height, least)


def _sloped(glyph: Glyph, slope: float) -> Glyph:
    return glyph.moved(0, slope * float(glyph.points()[:, 0].mean()))
