"""Ink on paper. An ink layer is uint8 (h, w), the coverage of each pixel, 0-255."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_synth.arrays import SHIFT, Box, ImageF32, ImageU8, Rng, fixed_point
from edge_synth.hand import Glyph, Stroke
from edge_synth.noise import blur, grey_noise
from edge_synth.spec import PageSpec

# Factors of supersampling for thin strokes and for thick ones, in which edges matter less.
_FINE, _COARSE = 4, 2
_THICK_PX: Final = 8.0
# Width of a stroke under the lightest pressure, as a share of the width under full pressure.
_LEAST_WIDTH: Final = 0.55
# Least coverage of a pixel inside a digit's box.
_INKED: Final = 64
# Strength of the paper's grain in the strokes of each pen, 0-1.
_GRAIN: Final = {"pencil": 0.55, "ballpoint": 0.25, "marker": 0.05, "mouse": 0.0}
# BGR colours.
_COLOURS: Final = {"black": (42, 38, 36), "blue": (150, 62, 38), "red": (52, 44, 188)}
_PENCIL: Final = (92, 88, 86)
_CHALK: Final = (226, 232, 230)


def ink_layer(glyphs: Iterable[Glyph], spec: PageSpec, shape: tuple[int, int]) -> ImageU8:
    """Draw glyphs that are in pixels of the image: uint8 (h, w) of height and width ``shape``."""
    layer = np.zeros(shape, np.uint8)
    for glyph in glyphs:
        _draw(layer, glyph, spec)
    return layer


def ink_box(glyph: Glyph, spec: PageSpec, shape: tuple[int, int]) -> Box:
    """Return the bounding box of a glyph's ink in an image of height and width ``shape``."""
    layer = np.zeros(shape, np.uint8)
    drawn = _draw(layer, glyph, spec)
    part = layer[drawn.y : drawn.y + drawn.height, drawn.x : drawn.x + drawn.width]
    x, y, width, height = cv2.boundingRect((part >= _INKED).astype(np.uint8))
    return Box(drawn.x + x, drawn.y + y, width, height)


def ink_colour(spec: PageSpec) -> tuple[int, int, int]:
    """Return the colour of the ink, BGR 0-255."""
    if spec.paper == "dark":
        return _CHALK
    if spec.pen == "mouse" and spec.colour == "black":
        return (0, 0, 0)
    return _PENCIL if spec.pen == "pencil" else _COLOURS[spec.colour]


def add_grain(layer: ImageU8, spec: PageSpec, rng: Rng) -> None:
    """Let the grain of the paper show in the strokes of a layer, in place."""
    roughness = _GRAIN[spec.pen] * min(1.0, spec.jitter + spec.texture)
    if roughness == 0.0:
        return
    size_px = max(0.6, spec.stroke_px / 8)
    x, y, width, height = cv2.boundingRect(layer)
    # The factor restores the standard deviation of 1 after the blur.
    grain = blur(grey_noise((height, width), rng), size_px) * np.float32(
        2 * np.sqrt(np.pi) * size_px
    )
    kept = np.clip(1 - roughness * (0.35 + 0.45 * grain), 0, 1)
    part = layer[y : y + height, x : x + width]
    part[:] = (part * kept).astype(np.uint8)


def blend(
    paper: ImageF32, layer: ImageU8, colour_bgr: tuple[int, int, int], opacity: float
) -> None:
    """Blend a colour into the paper where a layer covers it, in place.

    Args:
        paper: float32 (h, w, 3), 0-255.
        layer: uint8 (h, w), coverage 0-255.
        colour_bgr: 0-255.
        opacity: 0-1, under full coverage.
    """
    x, y, width, height = cv2.boundingRect(layer)
    part = paper[y : y + height, x : x + width]
    alpha = layer[y : y + height, x : x + width, None] * np.float32(opacity / 255)
    part += alpha * (np.array(colour_bgr, np.float32) - part)


def _draw(layer: ImageU8, glyph: Glyph, spec: PageSpec) -> Box:
    """Draw one glyph into a layer and return the box that it may have changed."""
    width = spec.stroke_px
    points = glyph.points()
    low = np.floor(points.min(axis=0) - width - 1).astype(int)
    high = np.ceil(points.max(axis=0) + width + 2).astype(int)
    factor = _FINE if width < _THICK_PX else _COARSE
    patch = np.zeros(((high - low)[::-1] * factor).tolist(), np.uint8)
    for stroke in glyph.strokes:
        _draw_stroke(patch, stroke, low, width, factor)
    columns, rows = (high - low).tolist()
    small = np.asarray(cv2.resize(patch, (columns, rows), interpolation=cv2.INTER_AREA), np.uint8)
    if spec.pen == "mouse":
        small = np.where(small >= 128, 255, 0).astype(np.uint8)
    left, top = np.clip(low, 0, (layer.shape[1], layer.shape[0])).tolist()
    right, bottom = np.clip(high, 0, (layer.shape[1], layer.shape[0])).tolist()
    part = small[top - low[1] : bottom - low[1], left - low[0] : right - low[0]]
    target = layer[top:bottom, left:right]
    np.maximum(target, part, out=target)
    return Box(left, top, right - left, bottom - top)


def _draw_stroke(
    patch: ImageU8, stroke: Stroke, origin: NDArray[np.int64], width: float, factor: int
) -> None:
    """Draw one stroke as short lines; pressure determines the width and level of each."""
    at = fixed_point((stroke.points - origin) * factor).tolist()
    for start, end, pressure in zip(at, at[1:], stroke.pressure.tolist(), strict=False):
        if pressure <= 0:
            continue
        share = _LEAST_WIDTH + (1 - _LEAST_WIDTH) * pressure
        thickness = max(1, round(width * factor * share))
        level = round(255 * (0.5 + 0.5 * pressure))
        cv2.line(patch, start, end, level, thickness, cv2.LINE_8, SHIFT)
