"""Digits drawn with a pen, each by a writer of its own, to train on beside collected ones.

They bring the ways of writing that a data set lacks (:mod:`edge_synth.digit_forms`). A
writer has a form of the digit, a slant, a width, a trembling hand, a pen; strokes bend, begin
too early and end too late.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_infer.glyph.preprocess import fit_to_box
from edge_infer.model.metadata import IMAGE_SIZE
from edge_synth.digit_forms import FORMS, Form, read_drawing
from edge_synth.strokes import ImageU8

Rng = np.random.Generator
Points = NDArray[np.float64]

# Longer side of a digit in pixels, smallest and largest, measured between pen centres:
# about three times the network's, as a digit stands on a page.
_SIDES: Final = (46, 62)
# Room for that and for the widest pen.
_CANVAS: Final = 92
# Of the thinnest pen, in heights of the digit.
_HAIR: Final = 0.025
# Heights of the digit between two points of a curve: finer cannot be seen.
_STEP: Final = 0.08
# How much of the bending is sideways and how much up and down: lines that are level tell
# 7 from 1.
_SWAY: Final = np.array([1.0, 0.5])
# Fractional bits of the points that OpenCV draws lines between.
_SHIFT: Final = 4


def draw_digits(labels: NDArray[np.int64], rng: Rng) -> ImageU8:
    """Draw digits.

    Args:
        labels: int64 (n,), 0-9.
        rng: Source of randomness; equal state gives equal output.

    Returns:
        uint8 (n, 28, 28), bright ink on 0, normalised as the reader does.
    """
    assert np.isin(labels, list(FORMS)).all(), "labels are digits, 0-9"
    images = np.zeros((len(labels), IMAGE_SIZE, IMAGE_SIZE), np.uint8)
    for digit, forms in FORMS.items():
        places = np.flatnonzero(labels == digit)
        weights = np.array([form.weight for form in forms])
        chosen = rng.choice(len(forms), places.size, p=weights / weights.sum())
        for index, form in enumerate(forms):
            own = places[chosen == index]
            images[own] = draw_form(form, own.size, rng)
    return images


def draw_form(form: Form, count: int, rng: Rng) -> ImageU8:
    """Draw one form of a digit so many times: uint8 (count, 28, 28), as of ``draw_digits``."""
    images = np.zeros((count, IMAGE_SIZE, IMAGE_SIZE), np.uint8)
    for index, canvas in enumerate(_draw_large(form, count, rng)):
        images[index] = fit_to_box(canvas)
    return images


@dataclass(frozen=True)
class _Plan:
    """A form made ready for many writers at once; k control points, s points on its curves.

    Attributes:
        extremes: float64 (2, k, 2).
        smooth: float64 (s, k), from control points to curves through them.
        straight: float64 (s, k), from control points to the lines between them.
        strokes: Each stroke's first and last control point.
        pieces: First and last of the s points of each half of a stroke.
    """

    extremes: Points
    smooth: Points
    straight: Points
    strokes: tuple[tuple[int, int], ...]
    pieces: tuple[tuple[int, int], ...]


@cache
def _plan(form: Form) -> _Plan:
    one, other = (read_drawing(extreme) for extreme in form.extremes)
    middle = (one.points + other.points) / 2
    curves: list[tuple[Points, Points]] = []
    pieces: list[tuple[int, int]] = []
    rows = 0
    for first, last in one.strokes:
        begun = rows
        for run in one.runs:
            if first <= run[0] and run[1] <= last:
                curves.append(_curve(middle, *run))
                rows += len(curves[-1][0])
        half = (begun + rows) // 2
        pieces += [(begun, half), (half, rows - 1)]
    smooth, straight = (np.concatenate(matrices) for matrices in zip(*curves, strict=True))
    return _Plan(np.stack((one.points, other.points)), smooth, straight, one.strokes, tuple(pieces))


def _curve(points: Points, first: int, last: int) -> tuple[Points, Points]:
    """Give what leads from control points to a curve through some of them, and to lines.

    The curve is of Catmull and Rom (1974), straight beyond its ends.

    Args:
        points: float64 (k, 2), which say how finely the curve is divided.
        first: Control point at the beginning of the curve.
        last: Control point at its end.

    Returns:
        float64 (s, k) for the curve, float64 (s, k) for the lines.
    """
    lengths = np.hypot(*np.diff(points[first : last + 1], axis=0).T)
    steps = np.maximum(np.ceil(lengths / _STEP).astype(np.int64), 1)
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


def _draw_large(form: Form, count: int, rng: Rng) -> Iterator[ImageU8]:
    """Yield one canvas again and again, with a fresh digit on it each time."""
    plan = _plan(form)
    sides = rng.uniform(*_SIDES, count)
    points = _place(_write(plan, count, rng), sides)
    pens = _choose_pens(form, sides, len(plan.pieces), rng)
    canvas = np.zeros((_CANVAS, _CANVAS), np.uint8)
    for own_points, own_pens in zip(points, pens.tolist(), strict=True):
        canvas[:] = 0
        for (first, last), pen in zip(plan.pieces, own_pens, strict=True):
            piece = own_points[first : last + 1]
            cv2.polylines(canvas, [piece], False, 255, pen, cv2.LINE_AA, _SHIFT)
        yield canvas


def _write(plan: _Plan, count: int, rng: Rng) -> Points:
    """Let so many writers write a form: float64 (count, s, 2) in heights of the digit."""

    def vary(spread: float, *shape: int) -> Points:
        return spread * rng.standard_normal((count, *shape)).clip(-2.2, 2.2)

    blend = rng.uniform(-0.15, 1.15, (count, 1, 1))
    controls = (1 - blend) * plan.extremes[0] + blend * plan.extremes[1]
    controls += rng.uniform(0.2, 1.2, (count, 1, 1)) * vary(0.02, *controls.shape[1:])
    for first, last in plan.strokes:
        controls[:, first : last + 1] += vary(0.02, 1, 2)
        for end, inner in ((first, first + 1), (last, last - 1)):
            along = controls[:, end] - controls[:, inner]
            along /= np.linalg.norm(along, axis=1, keepdims=True)
            controls[:, end] += vary(0.035, 1) * along
    roundness = rng.uniform(0.55, 1.15, (count, 1, 1))
    points = roundness * (plan.smooth @ controls) + (1 - roundness) * (plan.straight @ controls)
    return _lean(_bend(points, vary), vary)


def _bend(points: Points, vary: Callable[..., Points]) -> Points:
    """Bend all strokes alike, as a turning hand does."""
    waves = 1.5 * np.pi * points[:, :, ::-1] + vary(3, 1, 2)
    bent: Points = points + vary(0.021, 1, 2) * _SWAY * np.sin(waves)
    return bent


def _lean(points: Points, vary: Callable[..., Points]) -> Points:
    """Stretch, slant and turn a digit."""
    x, y = points[:, :, 0] * np.exp(0.04 + vary(0.11, 1)), points[:, :, 1]
    x = x - np.tan(np.deg2rad(5 + vary(10, 1))) * y
    turn = np.deg2rad(vary(3, 1))
    return np.stack((x * np.cos(turn) - y * np.sin(turn), x * np.sin(turn) + y * np.cos(turn)), 2)


def _place(points: Points, sides: NDArray[np.float64]) -> NDArray[np.int32]:
    """Scale each digit to its size and put it in the middle of the canvas.

    Args:
        points: float64 (n, s, 2), in any unit.
        sides: float64 (n,), the longer sides in pixels.

    Returns:
        int32 (n, s, 2), in fractions of a pixel as OpenCV takes them.
    """
    least, most = points.min(axis=1, keepdims=True), points.max(axis=1, keepdims=True)
    scales = sides[:, None, None] / (most - least).max(axis=2, keepdims=True)
    placed = (points - (least + most) / 2) * scales + _CANVAS / 2
    fractions: NDArray[np.int32] = np.rint(placed * 2**_SHIFT).astype(np.int32)
    return fractions


def _choose_pens(
    form: Form, sides: NDArray[np.float64], pieces: int, rng: Rng
) -> NDArray[np.int64]:
    """Choose a pen for each digit and how hard it is pressed: int64 (n, pieces), in pixels."""
    widths = np.exp(rng.uniform(np.log(_HAIR), np.log(form.widest_pen), (len(sides), 1)))
    pressure = rng.uniform(0.85, 1.15, (len(sides), pieces))
    return np.maximum(np.rint(widths * pressure * sides[:, None]), 1).astype(np.int64)
