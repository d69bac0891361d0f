"""Marks on paper as negatives: signs, lines, scribbles, blots and noise.

None of them may pass for a digit. There is no steep single stroke, which is a 1; no ring and
few kinds of U, which are a 0; no upper right corner and no T drawn by hand, which are a 7; and
no bracket ``}``, which is a 3.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

import cv2
import numpy as np

from edge_synth.arrays import ImageU8, Points, Rng, draw_polyline, fixed_point, rotation
from edge_synth.forms import read_drawing
from edge_synth.strokes import LARGE_SIZE

# Background around what is drawn, in pixels.
_MARGIN: Final = 12
# Signs, lines of tables and capitals in the notation of :mod:`edge_synth.forms`, all straight;
# x and y are shares of the sign's width and height.
_SIGNS: Final = (
    "0,.35 1,.35 / 0,.65 1,.65",
    "0,.3 1,.3 / 0,.5 1,.5 / 0,.7 1,.7",
    "0,.5 1,.5 / .5,0 .5,1",
    "0,0 1,1 / 1,0 0,1",
    "0,.5 1,.5 / .5,.1 .5,.9 / .15,.15 .85,.85 / .85,.15 .15,.85",
    "0,.6 .35,1 1,0",
    "0,.5 1,.5 / .65,.2 1,.5 .65,.8",
    "0,.5 1,.5 / .35,.2 0,.5 .35,.8",
    ".9,0 0,.5 .9,1",
    "0,0 .9,.5 0,1",
    ".45,0 0,0 0,1 .45,1",
    "0,0 .45,0 .45,1 0,1",
    ".4,0 .1,.25 .1,.75 .4,1",
    "0,0 .3,.25 .3,.75 0,1",
    ".35,0 0,1 / .75,0 .4,1",
    "0,0 0,1 / .5,0 .5,1",
    "0,.3 1,.3 / 0,.7 1,.7 / .3,0 .3,1 / .7,0 .7,1",
    "0,.3 1,.3 / .35,0 .35,1",
    "0,.7 1,.7 / .7,0 .7,1",
    "0,0 0,1 1,1",
    "1,0 0,0 0,1",
    "1,0 1,1 0,1",
    "0,0 0,1 / 0,.5 1,.5",
    "0,1 .5,0 1,1 / .2,.65 .8,.65",
    "1,0 0,0 0,1 1,1 / 0,.5 .8,.5",
    "1,0 0,0 0,1 / 0,.5 .8,.5",
    "0,0 0,1 / 1,0 1,1 / 0,.5 1,.5",
    "0,0 0,1 / 1,0 0,.5 1,1",
    "0,1 0,0 .5,.6 1,0 1,1",
    "0,1 0,0 1,1 1,0",
    "0,1 0,0 .7,0 .9,.2 .7,.45 0,.45 / .4,.45 1,1",
    "0,1 0,0 .7,0 .9,.2 .7,.45 0,.45",
    "0,0 .5,1 1,0",
    "0,0 .25,1 .5,.3 .75,1 1,0",
)


def draw_mark(rng: Rng) -> ImageU8:
    """Draw a sign, a line, a scribble, blots or noise.

    Args:
        rng: Source of randomness; equal state gives an equal picture.

    Returns:
        uint8 (h, w), 56 or 80 pixels a side, bright ink on 0.
    """
    return _MARKS[rng.choice(len(_MARKS), p=_SHARES)](rng)


def _draw_sign(rng: Rng) -> ImageU8:
    """Draw a sign, a few lines of a table or a capital letter."""
    sign = _SIGNS[rng.integers(len(_SIGNS))]
    return _draw(read_drawing(sign).stroke_points(), rng)


def _draw_dash(rng: Rng) -> ImageU8:
    """Draw a level line, short and thick or long and thin, straight or bent."""
    bend = rng.normal(0, 0.08)
    line = np.array([[0, 0.5], [0.5, 0.5 + bend], [1, 0.5]])
    return _draw([line], rng, aspect=float(rng.uniform(0.3, 1)), lean_deg=12)


def _draw_crossing(rng: Rng) -> ImageU8:
    """Draw a crossing of long lines of a grid, one to three in each direction."""
    strokes: list[Points] = []
    for axis in (0, 1):
        for place in rng.uniform(0.2, 0.8, rng.integers(1, 4)):
            line = np.array([[0, place], [1, place]])
            strokes.append(line if axis else line[:, ::-1])
    return _draw(strokes, rng, lean_deg=6)


def _draw_wave(rng: Rng) -> ImageU8:
    """Draw a level wave or zigzag of at least two turns; with fewer it could be a 2 or a 5."""
    turns, points = rng.uniform(2, 5), 48
    x = np.linspace(0, 1, points)
    phase = 2 * np.pi * (turns * x + rng.random())
    wave = np.sin(phase) if rng.random() < 0.6 else np.arcsin(np.sin(phase)) / (np.pi / 2)
    height = rng.uniform(0.1, 0.35)
    return _draw([np.stack((x, 0.5 + height * wave), axis=1)], rng, lean_deg=12)


def _draw_scribble(rng: Rng) -> ImageU8:
    """Draw a tangle or crossed-out writing, with too many turns for any digit."""
    knots = int(rng.integers(10, 22))
    points = rng.random((knots, 2))
    if rng.random() < 0.5:
        # Back and forth, line by line.
        points[:, 0] = np.arange(knots) % 2 * rng.uniform(0.7, 1, knots)
        points[:, 1] = np.linspace(0, 1, knots) + rng.normal(0, 0.04, knots)
    curve = cv2.resize(points.astype(np.float32), (2, 8 * knots), interpolation=cv2.INTER_CUBIC)
    return _draw([np.asarray(curve, np.float64)], rng)


def _draw_blots(rng: Rng) -> ImageU8:
    """Draw a full stop, a colon, three dots, quotation marks or a blot."""
    field = _field()
    count = int(rng.choice((1, 2, 3), p=(0.5, 0.3, 0.2)))
    level = rng.random() < 0.5
    middle, radius = len(field) // 2, int(rng.integers(4, 9 if count > 1 else 16))
    for place in range(count):
        offset = int((place - (count - 1) / 2) * rng.uniform(2.2, 4) * radius)
        centre = (middle + offset, middle) if level else (middle, middle + offset)
        angles = np.linspace(0, 2 * np.pi, 24, endpoint=False)
        waves = rng.normal(0, 0.12, 3) @ np.stack([np.cos(k * angles + k) for k in (1, 2, 3)])
        # Never slim: a slim blot is a 1.
        stretch = rng.uniform(0.75, 1.5), rng.uniform(0.75, 1)
        radii = radius * np.maximum(1 + waves, 0.5)
        outline = np.stack((np.cos(angles) * stretch[0], np.sin(angles) * stretch[1]), axis=1)
        points = np.rint(np.array(centre) + outline * radii[:, np.newaxis]).astype(np.int32)
        cv2.fillPoly(field, [points], 255)
    return field


def _draw_noise(rng: Rng) -> ImageU8:
    """Draw patches of smooth noise above a threshold, like shadows and worn paper."""
    knots = int(rng.integers(4, 12))
    coarse = rng.normal(size=(knots, knots)).astype(np.float32)
    smooth = cv2.resize(coarse, (LARGE_SIZE, LARGE_SIZE), interpolation=cv2.INTER_CUBIC)
    # The threshold below which a given share of the pixels lies.
    place = int(rng.uniform(0.55, 0.9) * smooth.size)
    level = np.partition(smooth, place, axis=None)[place]
    patches: ImageU8 = (255 * (smooth > level)).astype(np.uint8)
    return patches


def _draw_specks(rng: Rng) -> ImageU8:
    """Draw 4 to 39 specks."""
    field = np.zeros((LARGE_SIZE, LARGE_SIZE), np.uint8)
    for x, y in rng.integers(0, LARGE_SIZE, (rng.integers(4, 40), 2)):
        radius, level = int(rng.integers(0, 4)), int(rng.integers(120, 256))
        cv2.circle(field, (int(x), int(y)), radius, level, -1)
    return field


# The share of each kind of mark; the shares sum to 1.
MARKS: Final[Mapping[Callable[[Rng], ImageU8], float]] = {
    _draw_sign: 0.40,
    _draw_dash: 0.12,
    _draw_crossing: 0.06,
    _draw_wave: 0.06,
    _draw_scribble: 0.10,
    _draw_blots: 0.10,
    _draw_noise: 0.10,
    _draw_specks: 0.06,
}
_MARKS: Final = tuple(MARKS)
_SHARES: Final = tuple(MARKS.values())


def _draw(
    strokes: Sequence[Points], rng: Rng, *, aspect: float | None = None, lean_deg: float = 10
) -> ImageU8:
    """Draw strokes with a pen of random width, a trembling hand and some distortion.

    Args:
        strokes: float64 (n, 2) each, x and y in 0-1.
        rng: Source of randomness.
        aspect: Height divided by width; random when None.
        lean_deg: Largest rotation and slant.

    Returns:
        uint8 (80, 80), 255 in the strokes and 0 elsewhere, antialiased.
    """
    aspect = float(np.exp(rng.uniform(-0.35, 0.35))) if aspect is None else aspect
    width, height = (LARGE_SIZE * min(1, ratio) for ratio in (1 / aspect, aspect))
    lean, slant = np.deg2rad(rng.uniform(-lean_deg, lean_deg, 2))
    linear = rotation(lean) @ np.array([[width, np.tan(slant) * height], [0, height]])
    pen_px = max(1, int(rng.uniform(0.02, 0.2) * LARGE_SIZE))
    tremble = rng.uniform(0, 0.04) * LARGE_SIZE
    field = _field()
    for stroke in strokes:
        moved = (stroke - 0.5) @ linear.T + rng.normal(0, tremble, stroke.shape)
        draw_polyline(field, fixed_point(moved + LARGE_SIZE / 2 + _MARGIN), pen_px)
    return field


def _field() -> ImageU8:
    return np.zeros((LARGE_SIZE + 2 * _MARGIN, LARGE_SIZE + 2 * _MARGIN), np.uint8)
