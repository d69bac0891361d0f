"""Pictures that are not one digit, drawn: signs, lines, scribbles, blots and noise.

What can be read as a digit is not among them. No steep single stroke: it is a 1. No ring:
a 0, and so is many a U. No upper right corner, and no T: 7. No bracket ``}``: 3.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_synth.strokes import LARGE_SIZE, ImageU8

Rng = np.random.Generator
Strokes = list[NDArray[np.float64]]

# Fractional bits of the points that OpenCV draws lines between.
_SHIFT: Final = 4
_MARGIN: Final = 12


def _lines(*strokes: str) -> Strokes:
    """Read strokes such as ``"0,0 1,1"``: points x,y in 0-1, y downwards."""
    return [
        np.array([[float(value) for value in point.split(",")] for point in stroke.split()])
        for stroke in strokes
    ]


# Signs, table lines and capitals as the pen draws them, stroke by stroke.
_SIGNS: Final[tuple[Strokes, ...]] = (
    _lines("0,.35 1,.35", "0,.65 1,.65"),
    _lines("0,.3 1,.3", "0,.5 1,.5", "0,.7 1,.7"),
    _lines("0,.5 1,.5", ".5,0 .5,1"),
    _lines("0,0 1,1", "1,0 0,1"),
    _lines("0,.5 1,.5", ".5,.1 .5,.9", ".15,.15 .85,.85", ".85,.15 .15,.85"),
    _lines("0,.6 .35,1 1,0"),
    _lines("0,.5 1,.5", ".65,.2 1,.5 .65,.8"),
    _lines("0,.5 1,.5", ".35,.2 0,.5 .35,.8"),
    _lines(".9,0 0,.5 .9,1"),
    _lines("0,0 .9,.5 0,1"),
    _lines(".45,0 0,0 0,1 .45,1"),
    _lines("0,0 .45,0 .45,1 0,1"),
    _lines(".4,0 .1,.25 .1,.75 .4,1"),
    _lines("0,0 .3,.25 .3,.75 0,1"),
    _lines(".35,0 0,1", ".75,0 .4,1"),
    _lines("0,0 0,1", ".5,0 .5,1"),
    _lines("0,.3 1,.3", "0,.7 1,.7", ".3,0 .3,1", ".7,0 .7,1"),
    _lines("0,.3 1,.3", ".35,0 .35,1"),
    _lines("0,.7 1,.7", ".7,0 .7,1"),
    _lines("0,0 0,1 1,1"),
    _lines("1,0 0,0 0,1"),
    _lines("1,0 1,1 0,1"),
    _lines("0,0 0,1", "0,.5 1,.5"),
    _lines("0,1 .5,0 1,1", ".2,.65 .8,.65"),
    _lines("1,0 0,0 0,1 1,1", "0,.5 .8,.5"),
    _lines("1,0 0,0 0,1", "0,.5 .8,.5"),
    _lines("0,0 0,1", "1,0 1,1", "0,.5 1,.5"),
    _lines("0,0 0,1", "1,0 0,.5 1,1"),
    _lines("0,1 0,0 .5,.6 1,0 1,1"),
    _lines("0,1 0,0 1,1 1,0"),
    _lines("0,1 0,0 .7,0 .9,.2 .7,.45 0,.45", ".4,.45 1,1"),
    _lines("0,1 0,0 .7,0 .9,.2 .7,.45 0,.45"),
    _lines("0,0 .5,1 1,0"),
    _lines("0,0 .25,1 .5,.3 .75,1 1,0"),
)


def draw_sign(rng: Rng) -> ImageU8:
    """Draw a sign, a few table lines or a capital letter."""
    return _draw(_SIGNS[rng.integers(len(_SIGNS))], rng)


def draw_dash(rng: Rng) -> ImageU8:
    """Draw a level line, short and thick or long and thin, straight or bent."""
    bend = rng.normal(0, 0.08)
    line = np.array([[0, 0.5], [0.5, 0.5 + bend], [1, 0.5]])
    return _draw([line], rng, aspect=float(rng.uniform(0.3, 1)), lean_deg=12)


def draw_crossing(rng: Rng) -> ImageU8:
    """Draw where long lines of a grid meet, one to three each way."""
    strokes: Strokes = []
    for axis in (0, 1):
        for place in rng.uniform(0.2, 0.8, rng.integers(1, 4)):
            line = np.array([[0, place], [1, place]])
            strokes.append(line if axis else line[:, ::-1])
    return _draw(strokes, rng, lean_deg=6)


def draw_wave(rng: Rng) -> ImageU8:
    """Draw a level wave or zigzag of two turns or more; with fewer it could be a 2 or a 5."""
    turns, points = rng.uniform(2, 5), 48
    x = np.linspace(0, 1, points)
    phase = 2 * np.pi * (turns * x + rng.random())
    wave = np.sin(phase) if rng.random() < 0.6 else np.arcsin(np.sin(phase)) / (np.pi / 2)
    height = rng.uniform(0.1, 0.35)
    return _draw([np.stack((x, 0.5 + height * wave), axis=1)], rng, lean_deg=12)


def draw_scribble(rng: Rng) -> ImageU8:
    """Draw a tangle, or writing crossed out: too many turns for any digit."""
    knots = int(rng.integers(10, 22))
    points = rng.random((knots, 2))
    if rng.random() < 0.5:
        # To and fro, line by line.
        points[:, 0] = np.arange(knots) % 2 * rng.uniform(0.7, 1, knots)
        points[:, 1] = np.linspace(0, 1, knots) + rng.normal(0, 0.04, knots)
    curve = cv2.resize(points.astype(np.float32), (2, 8 * knots), interpolation=cv2.INTER_CUBIC)
    return _draw([np.asarray(curve, np.float64)], rng)


def draw_blots(rng: Rng) -> ImageU8:
    """Draw a full stop, a colon, three dots, quotes, or a blot."""
    field = _field()
    count = int(rng.choice((1, 2, 3), p=(0.5, 0.3, 0.2)))
    level = rng.random() < 0.5
    middle, radius = LARGE_SIZE // 2 + _MARGIN, int(rng.integers(4, 9 if count > 1 else 16))
    for place in range(count):
        offset = int((place - (count - 1) / 2) * rng.uniform(2.2, 4) * radius)
        x, y = (middle + offset, middle) if level else (middle, middle + offset)
        angles = np.linspace(0, 2 * np.pi, 24, endpoint=False)
        waves = rng.normal(0, 0.12, 3) @ np.stack([np.cos(k * angles + k) for k in (1, 2, 3)])
        # Never slim: that is a 1.
        stretch = rng.uniform(0.75, 1.5), rng.uniform(0.75, 1)
        radii = radius * np.maximum(1 + waves, 0.5)
        outline = np.stack((np.cos(angles) * stretch[0], np.sin(angles) * stretch[1]), axis=1)
        points = np.rint(np.array([x, y]) + outline * radii[:, np.newaxis]).astype(np.int32)
        cv2.fillPoly(field, [points], 255)
    return field


def draw_noise(rng: Rng) -> ImageU8:
    """Draw patches of smooth noise above a threshold, as of shadows and worn paper."""
    knots = int(rng.integers(4, 12))
    smooth = cv2.resize(
        rng.normal(size=(knots, knots)).astype(np.float32),
        (LARGE_SIZE, LARGE_SIZE),
        interpolation=cv2.INTER_CUBIC,
    )
    # A partition, not a sort: the level over which a given share of the pixels lies.
    place = int(rng.uniform(0.55, 0.9) * smooth.size)
    level = np.partition(smooth, place, axis=None)[place]
    patches: ImageU8 = (255 * (smooth > level)).astype(np.uint8)
    return patches


def draw_specks(rng: Rng) -> ImageU8:
    """Draw a handful of specks or more."""
    field = np.zeros((LARGE_SIZE, LARGE_SIZE), np.uint8)
    for x, y in rng.integers(0, LARGE_SIZE, (rng.integers(4, 40), 2)):
        cv2.circle(
            field, (int(x), int(y)), int(rng.integers(0, 4)), int(rng.integers(120, 256)), -1
        )
    return field


# With how often each is drawn; the shares sum to 1.
DRAWN: Final[Mapping[Callable[[Rng], ImageU8], float]] = {
    draw_sign: 0.40,
    draw_dash: 0.12,
    draw_crossing: 0.06,
    draw_wave: 0.06,
    draw_scribble: 0.10,
    draw_blots: 0.10,
    draw_noise: 0.10,
    draw_specks: 0.06,
}


def _draw(
    strokes: Strokes, rng: Rng, *, aspect: float | None = None, lean_deg: float = 10
) -> ImageU8:
    """Draw strokes with a pen of random width, a hand that trembles, and some distortion.

    Args:
        strokes: Points x,y in 0-1.
        rng: Source of randomness.
        aspect: Height over width; drawn at random when None.
        lean_deg: Largest turn and slant.

    Returns:
        uint8 (h, w), full ink 255.
    """
    aspect = float(np.exp(rng.uniform(-0.35, 0.35))) if aspect is None else aspect
    width, height = (LARGE_SIZE * min(1, ratio) for ratio in (1 / aspect, aspect))
    lean, slant = np.deg2rad(rng.uniform(-lean_deg, lean_deg, 2))
    turn = np.array([[np.cos(lean), -np.sin(lean)], [np.sin(lean), np.cos(lean)]])
    linear = turn @ np.array([[width, np.tan(slant) * height], [0, height]])
    pen = max(1, int(rng.uniform(0.02, 0.2) * LARGE_SIZE))
    tremble = rng.uniform(0, 0.04) * LARGE_SIZE
    field = _field()
    for stroke in strokes:
        moved = (stroke - 0.5) @ linear.T + rng.normal(0, tremble, stroke.shape)
        points = (moved + LARGE_SIZE / 2 + _MARGIN) * 2**_SHIFT
        cv2.polylines(
            field, [np.rint(points).astype(np.int32)], False, 255, pen, cv2.LINE_AA, _SHIFT
        )
    return field


def _field() -> ImageU8:
    return np.zeros((LARGE_SIZE + 2 * _MARGIN, LARGE_SIZE + 2 * _MARGIN), np.uint8)
