"""Single digits drawn with a pen, each by another writer, as training data.

They add ways of writing that a data set lacks (:mod:`edge_synth.forms`). Each writer has a
form of the digit, a slant, a width, a trembling hand and a pen. Strokes bend, and begin and
end too early or too late.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from edge_synth.arrays import ImageU8, Points, Rng, draw_polyline, fixed_point
from edge_synth.curves import Skeleton, skeleton
from edge_synth.forms import FORMS, Form


@dataclass(frozen=True)
class DigitStyle:
    """How drawn digits vary; lengths are in heights of the digit unless they are in pixels.

    Attributes:
        canvas_px: Side of a picture; there is room for the largest digit and the widest pen.
        sides_px: Shortest and longest of the longer sides, between the pen's centres: about
            three times the network's 20 pixels, as large as a digit on a page.
        thinnest_pen: Width of the thinnest pen.
        step: Distance between two points of a curve; a finer one is invisible.
        sway: Strength of bending along x and along y; level lines distinguish a 7 from a 1.
        clip_sd: Normal deviates are clipped to so many standard deviations.
    """

    canvas_px: int = 92
    sides_px: tuple[int, int] = (46, 62)
    thinnest_pen: float = 0.025
    step: float = 0.08
    sway: tuple[float, float] = (1.0, 0.5)
    clip_sd: float = 2.2


STYLE: Final = DigitStyle()


def draw_digit(digit: int, rng: Rng) -> ImageU8:
    """Draw one digit in one of its forms.

    Args:
        digit: 0-9.
        rng: Source of randomness; equal state gives an equal picture.

    Returns:
        uint8 (92, 92), 255 in the strokes and 0 elsewhere, antialiased.
    """
    ((_, picture),) = draw_digits(np.array([digit]), rng)
    return picture


def draw_digits(labels: NDArray[np.int64], rng: Rng) -> Iterator[tuple[int, ImageU8]]:
    """Draw a digit for each label, all digits of one form in turn.

    Args:
        labels: int64 (n,), 0-9.
        rng: Source of randomness; equal state gives equal pictures. Do not draw from it
            before the iterator is exhausted.

    Yields:
        An index into ``labels`` and its picture, uint8 (92, 92), 255 in the strokes and 0
        elsewhere. The next iteration overwrites the picture.

    Raises:
        ValueError: A label is not a digit.
    """
    if not np.isin(labels, list(FORMS)).all():
        raise ValueError(f"expected labels 0-9, found {np.unique(labels).tolist()}")
    for digit, forms in FORMS.items():
        places = np.flatnonzero(labels == digit)
        weights = np.array([form.weight for form in forms])
        chosen = rng.choice(len(forms), places.size, p=weights / weights.sum())
        for index, form in enumerate(forms):
            own = places[chosen == index]
            yield from zip(own.tolist(), draw_form(form, own.size, rng), strict=True)


def plain_strokes(digit: int) -> list[Points]:
    """Return the strokes of a digit in its first form, halfway between the extremes.

    Args:
        digit: 0-9.

    Returns:
        float64 (n, 2) each, x and y in heights of the digit, y downwards from 0 to 1.
    """
    shape = skeleton(FORMS[digit][0], STYLE.step)
    points = shape.trace(shape.controls(0.5), 1.0)
    return [points[first : last + 1] for first, last in shape.curves]


def draw_form(form: Form, count: int, rng: Rng) -> Iterator[ImageU8]:
    """Draw one form of a digit.

    Args:
        form: One of :data:`edge_synth.forms.FORMS`.
        count: Number of writers.
        rng: Source of randomness.

    Yields:
        uint8 (92, 92), 255 in the strokes and 0 elsewhere; the same array each time.
    """
    shape = skeleton(form, STYLE.step)
    halves = shape.halves()
    sides = rng.uniform(*STYLE.sides_px, count)
    points = _place(_write(shape, count, rng), sides)
    pens = _choose_pens(form, sides, len(halves), rng)
    canvas = np.zeros((STYLE.canvas_px, STYLE.canvas_px), np.uint8)
    for own_points, own_pens in zip(points, pens.tolist(), strict=True):
        canvas[:] = 0
        for (first, last), pen in zip(halves, own_pens, strict=True):
            draw_polyline(canvas, own_points[first : last + 1], pen)
        yield canvas


def _write(shape: Skeleton, count: int, rng: Rng) -> Points:
    """Write a form as ``count`` writers do: float64 (count, s, 2) in heights of the digit."""

    def vary(spread: float, *size: int) -> Points:
        deviates = rng.standard_normal((count, *size))
        return spread * deviates.clip(-STYLE.clip_sd, STYLE.clip_sd)

    controls = shape.controls(rng.uniform(-0.15, 1.15, (count, 1, 1)))
    controls += rng.uniform(0.2, 1.2, (count, 1, 1)) * vary(0.02, *controls.shape[1:])
    for first, last in shape.strokes:
        controls[:, first : last + 1] += vary(0.02, 1, 2)
        for end, inner in ((first, first + 1), (last, last - 1)):
            along = controls[:, end] - controls[:, inner]
            along /= np.linalg.norm(along, axis=1, keepdims=True)
            controls[:, end] += vary(0.035, 1) * along
    points = shape.trace(controls, rng.uniform(0.55, 1.15, (count, 1, 1)))
    return _lean(_bend(points, vary), vary)


def _bend(points: Points, vary: Callable[..., Points]) -> Points:
    """Bend all strokes of a digit along the same wave."""
    waves = 1.5 * np.pi * points[:, :, ::-1] + vary(3, 1, 2)
    bent: Points = points + vary(0.021, 1, 2) * np.array(STYLE.sway) * np.sin(waves)
    return bent


def _lean(points: Points, vary: Callable[..., Points]) -> Points:
    """Stretch, slant and rotate each digit."""
    x, y = points[:, :, 0] * np.exp(0.04 + vary(0.11, 1)), points[:, :, 1]
    x = x - np.tan(np.deg2rad(5 + vary(10, 1))) * y
    turn = np.deg2rad(vary(3, 1))
    return np.stack((x * np.cos(turn) - y * np.sin(turn), x * np.sin(turn) + y * np.cos(turn)), 2)


def _place(points: Points, sides: NDArray[np.float64]) -> NDArray[np.int32]:
    """Scale each digit to its size and centre it on the canvas.

    Args:
        points: float64 (n, s, 2), in any unit.
        sides: float64 (n,), the longer sides in pixels.

    Returns:
        int32 (n, s, 2), in sixteenths of a pixel.
    """
    least, most = points.min(axis=1, keepdims=True), points.max(axis=1, keepdims=True)
    scales = sides[:, None, None] / (most - least).max(axis=2, keepdims=True)
    return fixed_point((points - (least + most) / 2) * scales + STYLE.canvas_px / 2)


def _choose_pens(
    form: Form, sides: NDArray[np.float64], halves: int, rng: Rng
) -> NDArray[np.int64]:
    """Choose the pen's width in each half of a stroke: int64 (n, halves), in pixels."""
    low, high = np.log(STYLE.thinnest_pen), np.log(form.widest_pen)
    widths = np.exp(rng.uniform(low, high, (len(sides), 1)))
    pressure = rng.uniform(0.85, 1.15, (len(sides), halves))
    return np.maximum(np.rint(widths * pressure * sides[:, None]), 1).astype(np.int64)
