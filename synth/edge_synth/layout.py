"""The layout of the writing: rows and columns of glyphs on flat paper."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from edge_synth.arrays import Points, Rng
from edge_synth.forms import LETTERS
from edge_synth.hand import Glyph, Hand
from edge_synth.spec import PageSpec

# Gap between two columns, in heights of a digit.
_COLUMN_GAP: Final = 1.8
# Bands per height of a digit in which the distance between neighbours is measured.
_BANDS: Final = 12
# Largest length, in heights, by which a glyph may begin left of its neighbour's right end.
_NESTED: Final = 0.12
# Least spacing between a digit and a letter or sign.
_SIGN_SPACING: Final = 0.3
_LETTERS: Final = sorted(set(LETTERS) - {"+"})


@dataclass(frozen=True, eq=False)
class Writing:
    """Handwriting on a page, in pixels of the flat paper.

    Attributes:
        rows: The digits of each row, from left to right.
        signs: Letters and signs.
        baselines: y of each row's baseline where x is 0.
        slope: Change of y per x along a row; negative where rows rise.
    """

    rows: tuple[tuple[Glyph, ...], ...]
    signs: tuple[Glyph, ...]
    baselines: tuple[float, ...]
    slope: float

    def points(self) -> Points:
        """Return the points of all glyphs, float64 (n, 2)."""
        glyphs = [*self.signs, *(glyph for row in self.rows for glyph in row)]
        return np.concatenate([glyph.points() for glyph in glyphs])


def write(spec: PageSpec, rng: Rng) -> Writing:
    """Write all rows of a page, with the letters and signs in them."""
    hand = Hand(spec, rng)
    height = spec.digit_height_px
    rows: list[list[Glyph]] = [[] for _ in spec.rows]
    signs: list[Glyph] = []
    x = 0.0
    for column in range(spec.columns):
        ends = [x]
        for i, row in enumerate(spec.rows):
            start = x + rng.uniform(0, spec.indent + 0.4 * spec.jitter) * height
            written = _write_row(hand, _part(row, column, spec.columns), start, spec, rng)
            placed = [glyph.moved(0, i * spec.leading * height) for glyph in written]
            rows[i] += [glyph for glyph in placed if glyph.label]
            signs += [glyph for glyph in placed if not glyph.label]
            ends += [float(glyph.points()[:, 0].max()) for glyph in placed]
        x = max(ends) + _COLUMN_GAP * height
    slope = -float(np.tan(np.deg2rad(spec.slope_deg)))
    return Writing(
        rows=tuple(tuple(_sloped(glyph, slope) for glyph in row) for row in rows),
        signs=tuple(_sloped(glyph, slope) for glyph in signs),
        baselines=tuple((i * spec.leading + 1) * height for i in range(len(rows))),
        slope=slope,
    )


def _part(row: str, column: int, columns: int) -> str:
    """Return the digits of a row that stand in one column."""
    edges = np.linspace(0, len(row), columns + 1).round().astype(int)
    return row[edges[column] : edges[column + 1]]


def _write_row(hand: Hand, digits: str, x: float, spec: PageSpec, rng: Rng) -> list[Glyph]:
    """Write digits from x on; letters may stand beside them and a plus between them."""
    signs = list(digits)
    if "plus" in spec.clutter and len(digits) > 1:
        signs.insert(int(rng.integers(1, len(digits))), "+")
    if "letters" in spec.clutter:
        side = rng.choice([0, len(signs)])
        signs[side:side] = rng.choice(_LETTERS, rng.integers(1, 4)).tolist()
    written: list[Glyph] = []
    for sign in signs:
        glyph = hand.write(sign)
        if written:
            are_digits = written[-1].label and glyph.label
            gap = spec.spacing if are_digits else max(spec.spacing, _SIGN_SPACING)
            gap += max(spec.spacing, 0) * spec.jitter * rng.uniform(-0.4, 0.6)
            x = _right_of(written[-1], glyph, gap + spec.stroke, spec.digit_height_px)
        written.append(glyph.moved(x, 0))
    return written


def _right_of(left: Glyph, right: Glyph, gap: float, height: float) -> float:
    """Return the x at which the nearest strokes of two neighbours are ``gap`` heights apart."""
    ends = np.full(3 * _BANDS, -np.inf)
    starts = np.full(3 * _BANDS, np.inf)
    for points, update, edges in (
        (left.points(), np.maximum, ends),
        (right.points(), np.minimum, starts),
    ):
        bands = np.clip(points[:, 1] / height * _BANDS + _BANDS, 1, 3 * _BANDS - 2).astype(int)
        for step in (-1, 0, 1):
            update.at(edges, bands + step, points[:, 0])
    right_end = float(left.points()[:, 0].max())
    reach = float((ends - starts).max())
    if not np.isfinite(reach):
        reach = right_end
    return max(reach + gap * height, right_end - _NESTED * height)


def _sloped(glyph: Glyph, slope: float) -> Glyph:
    return glyph.moved(0, slope * float(glyph.points()[:, 0].mean()))
