"""Ink on paper: how much of each pixel the pen covers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_synth.arrays import Box
from edge_synth.pages.hand import Glyph, Stroke
from edge_synth.pages.noise import grey_noise
from edge_synth.pages.spec import PageSpec

ImageU8 = NDArray[np.uint8]

# Finer pixels to a pixel, for thin and for thick strokes, whose edges are a smaller part.
FINE, COARSE = 4, 2
THICK_PX: Final = 8.0
# Fractional bits of a coordinate in OpenCV's drawing.
SHIFT: Final = 4
# Least share of a stroke's width under the lightest pressure.
LEAST_WIDTH: Final = 0.55
# A pixel with this coverage belongs to a digit's box.
INKED: Final = 64
# BGR colours of ink.
COLOURS: Final = {"black": (42, 38, 36), "blue": (150, 62, 38), "red": (52, 44, 188)}
PENCIL: Final = (92, 88, 86)
CHALK: Final = (226, 232, 230)


def ink_layer(glyphs: Iterable[Glyph], spec: PageSpec, shape: tuple[int, int]) -> ImageU8:
    """Draw glyphs, already in pixels of the picture: uint8 (h, w) coverage."""
    layer = np.zeros(shape, np.uint8)
    for glyph in glyphs:
        _draw(layer, glyph, spec)
    return layer


def ink_box(glyph: Glyph, spec: PageSpec, shape: tuple[int, int]) -> Box:
    """Return the box of a glyph's ink in a picture of this shape."""
    layer = np.zeros(shape, np.uint8)
    x, y, width, height = _draw(layer, glyph, spec)
    inked = cv2.boundingRect((layer[y : y + height, x : x + width] >= INKED).astype(np.uint8))
    return Box(x + inked[0], y + inked[1], inked[2], inked[3])


def stroke_px(spec: PageSpec) -> float:
    """Return the pen's width in pixels."""
    return max(1.0, spec.stroke * spec.digit_height_px)


def ink_colour(spec: PageSpec) -> tuple[int, int, int]:
    """Return the ink's colour, BGR."""
    if spec.paper == "dark":
        return CHALK
    if spec.pen == "mouse":
        return (0, 0, 0) if spec.colour == "black" else COLOURS[spec.colour]
    return PENCIL if spec.pen == "pencil" else COLOURS[spec.colour]


def grained(layer: ImageU8, spec: PageSpec, rng: np.random.Generator) -> ImageU8:
    """Let the paper's grain show in the strokes, in place, as pencil does."""
    rough = {"pencil": 0.55, "ballpoint": 0.25, "marker": 0.05, "mouse": 0.0}[spec.pen]
    rough *= min(1.0, spec.jitter + spec.texture)
    if rough == 0.0:
        return layer
    size = max(0.6, stroke_px(spec) / 8)
    x, y, width, height = cv2.boundingRect(layer)
    grain = cv2.GaussianBlur(grey_noise((height, width), rng), (0, 0), size)
    grain *= np.float32(2 * np.sqrt(np.pi) * size)  # To a standard deviation of 1 again.
    kept = np.clip(1 - rough * (0.35 + 0.45 * grain), 0, 1)
    part = layer[y : y + height, x : x + width]
    part[:] = (part * kept).astype(np.uint8)
    return layer


def _draw(layer: ImageU8, glyph: Glyph, spec: PageSpec) -> tuple[int, int, int, int]:
    """Draw one glyph into a layer; return the x, y, width and height of what it may touch."""
    width = stroke_px(spec)
    points = glyph.points()
    low = np.floor(points.min(axis=0) - width - 1).astype(int)
    high = np.ceil(points.max(axis=0) + width + 2).astype(int)
    fine = FINE if width < THICK_PX else COARSE
    patch = np.zeros(((high - low)[::-1] * fine).tolist(), np.uint8)
    for stroke in glyph.strokes:
        _draw_stroke(patch, stroke, low, width, fine)
    columns, rows = (high - low).tolist()
    small = cv2.resize(patch, (columns, rows), interpolation=cv2.INTER_AREA)
    if spec.pen == "mouse":
        small = np.where(small >= 128, 255, 0).astype(np.uint8)
    left, top = np.clip(low, 0, (layer.shape[1], layer.shape[0])).tolist()
    right, bottom = np.clip(high, 0, (layer.shape[1], layer.shape[0])).tolist()
    part = small[top - low[1] : bottom - low[1], left - low[0] : right - low[0]]
    target = layer[top:bottom, left:right]
    np.maximum(target, part, out=target)
    return left, top, right - left, bottom - top


def _draw_stroke(
    patch: ImageU8, stroke: Stroke, origin: NDArray[np.int64], width: float, fine: int
) -> None:
    """Draw one stroke as short lines, each as wide and dark as the pressure on it."""
    at = np.rint((stroke.points - origin) * fine * (1 << SHIFT)).astype(int).tolist()
    for start, end, pressure in zip(at, at[1:], stroke.pressure.tolist(), strict=False):
        if pressure <= 0:
            continue
        thickness = max(1, round(width * fine * (LEAST_WIDTH + (1 - LEAST_WIDTH) * pressure)))
        value = round(255 * (0.5 + 0.5 * pressure))
        cv2.line(patch, start, end, value, thickness, cv2.LINE_8, SHIFT)
