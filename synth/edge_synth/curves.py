"""From the control points of a form to smooth strokes, as matrices that are computed once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from edge_synth.arrays import Points
from edge_synth.forms import Form, read_drawing


@dataclass(frozen=True, eq=False)
class Skeleton:
    """A form with k control points and s points on its curves.

    Attributes:
        extremes: float64 (2, k, 2), the control points of both extremes.
        smooth: float64 (s, k), maps control points to points on smooth curves through them.
        straight: float64 (s, k), maps control points to points on lines between them.
        strokes: Index of the first and last control point of each stroke.
        curves: Index of the first and last of the s points of each stroke.
    """

    extremes: Points
    smooth: Points
    straight: Points
    strokes: tuple[tuple[int, int], ...]
    curves: tuple[tuple[int, int], ...]

    def controls(self, blend: float | Points) -> Points:
        """Return the control points between the extremes, float64 (..., k, 2).

        Args:
            blend: 0 for the first extreme, 1 for the second; a scalar or float64 (n, 1, 1).
        """
        points: Points = (1 - blend) * self.extremes[0] + blend * self.extremes[1]
        return points

    def trace(self, controls: Points, roundness: float | Points) -> Points:
        """Return the points of all strokes, float64 (..., s, 2).

        Args:
            controls: float64 (..., k, 2).
            roundness: 0 for straight lines, 1 for smooth curves; a scalar or float64 (n, 1, 1).
        """
        smooth, straight = self.smooth @ controls, self.straight @ controls
        points: Points = roundness * smooth + (1 - roundness) * straight
        return points

    def halves(self) -> list[tuple[int, int]]:
        """Return the index of the first and last point of both halves of each stroke."""
        halves: list[tuple[int, int]] = []
        for first, last in self.curves:
            middle = (first + last + 1) // 2
            halves += [(first, middle), (middle, last)]
        return halves


@cache
def skeleton(form: Form, step: float) -> Skeleton:
    """Compute the matrices of a form.

    Args:
        form: Its extremes have the same strokes, corners and numbers of points.
        step: Distance between two points of a curve, in heights of the glyph.
    """
    one, other = (read_drawing(extreme) for extreme in form.extremes)
    middle = (one.points + other.points) / 2
    matrices: list[tuple[Points, Points]] = []
    curves: list[tuple[int, int]] = []
    rows = 0
    for first, last in one.strokes:
        begin = rows
        for run in one.runs:
            if first <= run[0] and run[1] <= last:
                matrices.append(_curve(middle, *run, step))
                rows += len(matrices[-1][0])
        curves.append((begin, rows - 1))
    smooth, straight = (np.concatenate(parts) for parts in zip(*matrices, strict=True))
    extremes = np.stack((one.points, other.points))
    return Skeleton(extremes, smooth, straight, one.strokes, tuple(curves))


def _curve(points: Points, first: int, last: int, step: float) -> tuple[Points, Points]:
    """Return the matrices from all control points to the curve through some of them.

    The curve is a Catmull-Rom spline (Catmull and Rom 1974) with straight ends.

    Args:
        points: float64 (k, 2), their distances determine the number of points on the curve.
        first: Index of the control point at the beginning of the curve.
        last: Index of the control point at its end.
        step: Largest distance between two points of the curve.

    Returns:
        float64 (s, k) for the smooth curve and float64 (s, k) for straight lines.
    """
    lengths = np.hypot(*np.diff(points[first : last + 1], axis=0).T)
    steps = np.maximum(np.ceil(lengths / step).astype(np.int64), 1)
    before = np.append(np.repeat(np.arange(len(steps)), steps), len(steps) - 1)
    t = np.append(np.concatenate([np.arange(count) / count for count in steps]), 1.0)
    own = np.eye(len(points))[first : last + 1]
    padded = np.concatenate((2 * own[:1] - own[1:2], own, 2 * own[-1:] - own[-2:-1]))
    weights = 0.5 * np.stack(
        (
            -t + 2 * t**2 - t**3,
            2 - 5 * t**2 + 3 * t**3,
            t + 4 * t**2 - 3 * t**3,
            -(t**2) + t**3,
        )
    )
    smooth = sum(weights[k, :, None] * padded[before + k] for k in range(4))
    straight = (1 - t)[:, None] * own[before] + t[:, None] * own[before + 1]
    return np.asarray(smooth, np.float64), straight
