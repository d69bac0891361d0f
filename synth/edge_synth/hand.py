"""A writer's hand: from the forms of glyphs to strokes of a pen on flat paper."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from edge_synth.arrays import Points, Rng, rotation
from edge_synth.curves import skeleton
from edge_synth.forms import FORMS, LETTERS, Form
from edge_synth.spec import PageSpec


@dataclass(frozen=True)
class HandStyle:
    """How handwriting varies; standard deviations hold for a jitter of 1.

    Attributes:
        step: Distance between two points of a stroke, in heights of the glyph.
        usual: Share of a digit's glyphs that have the writer's usual form.
        point_sd: Of a control point, in heights.
        baseline_sd: Of the distance to the baseline, in heights.
        slant_sd_deg: Of the slant of one glyph.
        turn_sd_deg: Of the rotation of one glyph.
        width_sd: Of the logarithm of one glyph's width.
        lifted_pressure: Pressure at the end of a stroke, 0-1.
        pressure_wave: Amplitude of the pressure's variation along a stroke, 0-1.
        skip_points: Length of a gap where the pen skips, in points of a stroke.
    """

    step: float = 0.025
    usual: float = 0.85
    point_sd: float = 0.016
    baseline_sd: float = 0.03
    slant_sd_deg: float = 4.0
    turn_sd_deg: float = 2.5
    width_sd: float = 0.08
    lifted_pressure: float = 0.65
    pressure_wave: float = 0.15
    skip_points: int = 3


STYLE: Final = HandStyle()
# Forms that are not written on pages: alone on a page, a 5 with a separate bar may be two
# digits on a page that lies on its side.
_AMBIGUOUS: Final = ("bar apart",)


@dataclass(frozen=True, eq=False)
class Stroke:
    """The path of a pen: float64 (n, 2) points and float64 (n,) pressures, 0-1."""

    points: Points
    pressure: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Glyph:
    """A written digit, letter or sign. The label is empty unless it is a digit."""

    label: str
    strokes: tuple[Stroke, ...]

    def points(self) -> Points:
        """Return the points of all strokes, float64 (n, 2)."""
        return np.concatenate([stroke.points for stroke in self.strokes])

    def moved(self, x: float, y: float) -> Glyph:
        """Return the glyph at another place."""
        by = np.array([x, y])
        strokes = tuple(Stroke(stroke.points + by, stroke.pressure) for stroke in self.strokes)
        return Glyph(self.label, strokes)


class Hand:
    """One writer, who mostly keeps to one form of each digit."""

    def __init__(self, spec: PageSpec, rng: Rng) -> None:
        """Choose the writer's usual forms."""
        self._spec = spec
        self._rng = rng
        self._usual = {str(digit): self._any_form(str(digit)) for digit in FORMS}
        self._blend = {str(digit): float(rng.uniform(0, 1)) for digit in FORMS}

    def write(self, sign: str) -> Glyph:
        """Write a glyph whose ink begins at x = 0 and stands on y = ``digit_height_px``.

        Args:
            sign: A digit, or one of :data:`edge_synth.forms.LETTERS`.
        """
        spec, rng = self._spec, self._rng
        shape = skeleton(self._form(sign), STYLE.step)
        transform = self._transform()
        size = spec.digit_height_px * float(np.clip(1 + spec.size_spread * rng.normal(), 0.4, 2))
        strokes: list[Stroke] = []
        for _ in range(2 if spec.retraced else 1):
            controls = shape.controls(self._blend.get(sign, 0.0))
            controls = controls + rng.normal(0, STYLE.point_sd * spec.jitter, controls.shape)
            points = shape.trace(controls, 1.0) @ transform.T * size
            for first, last in shape.curves:
                path = points[first : last + 1]
                strokes.append(Stroke(path, self._pressure(len(path))))
        glyph = Glyph("" if sign in LETTERS else sign, tuple(strokes))
        left = float(glyph.points()[:, 0].min())
        lift = STYLE.baseline_sd * spec.jitter * rng.normal() * size
        return glyph.moved(-left, spec.digit_height_px - size + lift)

    def _form(self, sign: str) -> Form:
        if sign in LETTERS:
            return LETTERS[sign]
        return self._usual[sign] if self._rng.random() < STYLE.usual else self._any_form(sign)

    def _any_form(self, digit: str) -> Form:
        """Choose a form whose loops stay open under the page's pen, if there is one."""
        forms = [form for form in FORMS[int(digit)] if form.name not in _AMBIGUOUS]
        widest = min(self._spec.stroke, max(form.widest_pen for form in forms))
        legible = [form for form in forms if form.widest_pen >= widest]
        weights = np.array([form.weight for form in legible])
        return legible[int(self._rng.choice(len(legible), p=weights / weights.sum()))]

    def _transform(self) -> NDArray[np.float64]:
        """Return slant, rotation and width of one glyph, float64 (2, 2)."""
        jitter, rng = self._spec.jitter, self._rng
        slant_deg = self._spec.slant_deg + STYLE.slant_sd_deg * jitter * rng.normal()
        turn = rotation(np.deg2rad(STYLE.turn_sd_deg * jitter * rng.normal()))
        width = self._spec.aspect * np.exp(STYLE.width_sd * jitter * rng.normal())
        linear: NDArray[np.float64] = turn @ [[width, -np.tan(np.deg2rad(slant_deg))], [0, 1]]
        return linear

    def _pressure(self, count: int) -> NDArray[np.float64]:
        """Return the pressure along a stroke, float64 (count,): it varies, lifts and skips."""
        spec, rng = self._spec, self._rng
        if spec.pen == "mouse":
            return np.ones(count)
        t = np.linspace(0, 1, count)
        wave = np.sin(2 * np.pi * (rng.random() + t * rng.uniform(0.5, 2)))
        lift = (1 - STYLE.lifted_pressure) * t**4
        pressure = 1 - spec.jitter * (lift + STYLE.pressure_wave * (1 + wave) / 2)
        for start in np.flatnonzero(rng.random(count) < 0.02 * spec.skips):
            pressure[start : start + STYLE.skip_points] = 0.0
        return pressure
