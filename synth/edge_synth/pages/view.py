"""The camera's view: where a point of the flat paper stands in the picture."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge_synth.pages.hand import Glyph, Stroke
from edge_synth.pages.spec import PageSpec

Points = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class View:
    """A homography and a picture's size.

    Attributes:
        matrix: float64 (3, 3), from points x, y, 1 of the paper to those of the picture.
        width: Of the picture, in pixels.
        height: Likewise.
    """

    matrix: NDArray[np.float64]
    width: int
    height: int

    def map(self, points: Points) -> Points:
        """Return where points (n, 2) of the paper stand in the picture."""
        return _project(self.matrix, points)

    def see(self, glyph: Glyph) -> Glyph:
        """Return a glyph as the picture shows it."""
        strokes = tuple(Stroke(self.map(one.points), one.pressure) for one in glyph.strokes)
        return Glyph(glyph.label, strokes)

    def seen(self) -> tuple[float, float, float, float]:
        """Return left, top, right and bottom of the paper that the picture shows."""
        corners = np.array([(x, y) for x in (0, self.width) for y in (0, self.height)], float)
        back = _project(np.linalg.inv(self.matrix), corners)
        left, top = back.min(axis=0).tolist()
        right, bottom = back.max(axis=0).tolist()
        return left, top, right, bottom


def frame(spec: PageSpec, points: Points) -> View:
    """Return the view that shows points of the paper with the page's margin around them."""
    centre = (points.min(axis=0) + points.max(axis=0)) / 2
    size = float(np.ptp(points, axis=0).max()) + 2 * spec.margin * spec.digit_height_px
    angle = np.deg2rad(spec.turn_deg)
    turn = np.array(
        [[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1]]
    )
    away = np.array([[1, 0, 0], [0, 1, 0], [0, -spec.tilt / size, 1.0]])
    matrix = away @ turn @ _shift(-centre)
    mapped = _project(matrix, points)
    margin = spec.margin * spec.digit_height_px
    low, high = mapped.min(axis=0) - margin, mapped.max(axis=0) + margin
    width, height = np.ceil(high - low).astype(int).tolist()
    return View(_shift(-low) @ matrix, width, height)


def _shift(by: Points) -> NDArray[np.float64]:
    return np.array([[1, 0, by[0]], [0, 1, by[1]], [0, 0, 1]], np.float64)


def _project(matrix: NDArray[np.float64], points: Points) -> Points:
    mapped = np.column_stack([points, np.ones(len(points))]) @ matrix.T
    return mapped[:, :2] / mapped[:, 2:]
