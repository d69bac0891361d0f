"""The hand: from a glyph's control points to strokes of a pen on the paper."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from edge_synth.pages.forms import LETTER_FORMS, Points, control_points, curve, form_count
from edge_synth.pages.spec import PageSpec

# A writer's usual form of a digit comes this often; the others in between.
USUAL: Final = 0.85
# Standard deviations at jitter 1: of a control point and of the base line in heights, of
# the slant and the turn of one glyph in degrees, of its width as a share.
POINT_SD, BASELINE_SD, SLANT_SD, TURN_SD, WIDTH_SD = 0.016, 0.03, 4.0, 2.5, 0.08
# How the pen presses: least at the end of a stroke, and how much it wavers.
LIFT_PRESSURE: Final = 0.65
WAVER: Final = 0.15
# Length of a gap where the pen skips, in points of the curve.
SKIP_POINTS: Final = 3


@dataclass(frozen=True, eq=False)
class Stroke:
    """A pen's path: float64 (n, 2) points x, y, and float64 (n,) pressures, 0-1."""

    points: Points
    pressure: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Glyph:
    """A written digit, letter or sign. Its label is empty where it is no digit."""

    label: str
    strokes: tuple[Stroke, ...]

    def points(self) -> Points:
        """All points of all strokes: float64 (n, 2)."""
        return np.concatenate([stroke.points for stroke in self.strokes])

    def moved(self, x: float, y: float) -> Glyph:
        """The same glyph somewhere else."""
        by = np.array([x, y])
        return Glyph(
            self.label,
            tuple(Stroke(stroke.points + by, stroke.pressure) for stroke in self.strokes),
        )


class Hand:
    """One writer, who mostly keeps to one form of each digit."""

    def __init__(self, spec: PageSpec, rng: np.random.Generator) -> None:
        """Choose the writer's forms."""
        self._spec = spec
        self._rng = rng
        self._usual = {digit: int(rng.integers(form_count(digit))) for digit in "0123456789"}

    def write(self, glyph: str) -> Glyph:
        """Write a digit, letter or sign from x = 0 on, above y = ``digit_height_px``."""
        spec, rng = self._spec, self._rng
        form = self._form(glyph)
        transform = self._transform()
        size = spec.digit_height_px * float(np.clip(1 + spec.size_spread * rng.normal(), 0.4, 2))
        strokes = []
        for _ in range(2 if spec.retraced else 1):
            for points, corners in control_points(glyph, form):
                shaken = points + rng.normal(0, POINT_SD * spec.jitter, points.shape)
                path = curve(shaken, corners) @ transform.T * size
                strokes.append(Stroke(path, self._pressure(len(path))))
        label = "" if glyph in LETTER_FORMS else glyph
        written = Glyph(label, tuple(strokes))
        left = float(written.points()[:, 0].min())
        lift = BASELINE_SD * spec.jitter * rng.normal() * size
        return written.moved(-left, spec.digit_height_px - size + lift)

    def _form(self, glyph: str) -> int:
        other = int(self._rng.integers(form_count(glyph)))
        if glyph not in self._usual or self._rng.random() > USUAL:
            return other
        return self._usual[glyph]

    def _transform(self) -> NDArray[np.float64]:
        """Slant, turn and width of one glyph: float64 (2, 2)."""
        jitter, rng = self._spec.jitter, self._rng
        slant = np.tan(np.deg2rad(self._spec.slant_deg + SLANT_SD * jitter * rng.normal()))
        turn = np.deg2rad(TURN_SD * jitter * rng.normal())
        width = self._spec.aspect * np.exp(WIDTH_SD * jitter * rng.normal())
        turned = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
        return turned @ np.array([[width, -slant], [0, 1]])

    def _pressure(self, count: int) -> NDArray[np.float64]:
        """Pressure along a stroke: it settles, wavers and lifts, and at times skips."""
        spec, rng = self._spec, self._rng
        if spec.pen == "mouse":
            return np.ones(count)
        t = np.linspace(0, 1, count)
        wave = np.sin(2 * np.pi * (rng.random() + t * rng.uniform(0.5, 2)))
        lift = (1 - LIFT_PRESSURE) * t**4
        pressure = 1 - spec.jitter * (lift + WAVER * (1 + wave) / 2)
        for start in np.flatnonzero(rng.random(count) < 0.02 * spec.skips):
            pressure[start : start + SKIP_POINTS] = 0.0
        return pressure
