"""What is on a page and is no digit: specks, dots, underlines, the table beside it."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_synth.arrays import Box
from edge_synth.pages.hand import Glyph, Stroke
from edge_synth.pages.ink import ink_layer, stroke_px
from edge_synth.pages.layout import Writing
from edge_synth.pages.paper import blend
from edge_synth.pages.spec import PageSpec
from edge_synth.pages.view import View

ImageU8 = NDArray[np.uint8]
PictureF32 = NDArray[np.float32]

# Around a digit, in heights: nothing is dropped so near.
CLEAR: Final = 0.3
TABLES: Final = ((58, 82, 120), (40, 40, 44), (120, 150, 170), (90, 70, 60))


def marks(spec: PageSpec, writing: Writing, view: View, rng: np.random.Generator) -> list[Glyph]:
    """Return what the pen itself left besides digits, as the picture shows it."""
    glyphs = list(writing.others)
    height = spec.digit_height_px
    for row, base in zip(writing.rows, writing.baselines, strict=True):
        points = np.concatenate([glyph.points() for glyph in row])
        left, right = float(points[:, 0].min()), float(points[:, 0].max())
        if "underline" in spec.clutter:
            xs = np.linspace(left - 0.2 * height, right + 0.2 * height, 12)
            ys = base + 0.28 * height + writing.slope * xs + rng.normal(0, 0.008 * height, 12)
            glyphs.append(_mark(np.column_stack([xs, ys])))
        if "dots" in spec.clutter:
            at = (right + 0.35 * height, base - 0.03 * height + writing.slope * right)
            glyphs.append(_mark(at + rng.normal(0, 0.004 * height, (4, 2))))
    return [view.see(glyph) for glyph in glyphs]


def drop_specks(layer: ImageU8, spec: PageSpec, boxes: list[Box], rng: np.random.Generator) -> None:
    """Drop specks of ink on free paper, in place."""
    height, width = layer.shape
    for _ in range(int(rng.integers(3, 12)) if "specks" in spec.clutter else 0):
        x, y = float(rng.uniform(0, width)), float(rng.uniform(0, height))
        if any(_near(box, x, y, CLEAR * spec.digit_height_px) for box in boxes):
            continue
        long = rng.uniform(0.5, 1.6) * stroke_px(spec)
        axes = (max(1, round(long)), max(1, round(long * rng.uniform(0.4, 1))))
        angle, shade = float(rng.uniform(0, 180)), int(rng.integers(120, 256))
        cv2.ellipse(
            layer, (round(x), round(y)), axes, angle, 0, 360, shade, -1, lineType=cv2.LINE_AA
        )


def shine_through(
    paper: PictureF32, spec: PageSpec, writing: Writing, view: View, rng: np.random.Generator
) -> None:
    """Let the back of the page be seen: the same hand's writing, mirrored, faint and soft.

    It stands between the rows of the front as often as under them.
    """
    if spec.show_through == 0.0:
        return
    height, width = paper.shape[:2]
    by = rng.uniform((-0.6, -1.2), (0.6, 1.2)) * spec.digit_height_px
    glyphs = [_mirrored(view.see(glyph).moved(*by), width) for row in writing.rows for glyph in row]
    layer = ink_layer(glyphs, spec, (height, width))
    layer = cv2.GaussianBlur(layer, (0, 0), max(0.8, 0.25 * stroke_px(spec))).astype(np.uint8)
    blend(paper, layer, (110, 105, 105), spec.show_through)


def lay_on_table(
    paper: PictureF32, spec: PageSpec, boxes: list[Box], rng: np.random.Generator
) -> None:
    """Let the page end on one or two sides, where the table begins, in place."""
    if "edge" not in spec.clutter:
        return
    height, width = paper.shape[:2]
    table = np.array(TABLES[int(rng.integers(len(TABLES)))], np.float32)
    room = 0.35 * spec.digit_height_px
    left = max(0.0, min(box.x for box in boxes) - room)
    bottom = min(float(height), max(box.y + box.height for box in boxes) + room)
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    lean = float(rng.uniform(-0.03, 0.03))
    beyond = x + lean * (y - height / 2) < left * rng.uniform(0.3, 0.7)
    if rng.random() < 0.5:
        beyond |= y + lean * (x - width / 2) > bottom + (height - bottom) * rng.uniform(0.3, 0.7)
    paper[beyond] = table + rng.normal(0, 3, (int(beyond.sum()), 1)).astype(np.float32)


def _mark(points: NDArray[np.float64]) -> Glyph:
    return Glyph("", (Stroke(points, np.ones(len(points))),))


def _mirrored(glyph: Glyph, width: int) -> Glyph:
    flip = np.array([-1.0, 1.0])
    return Glyph(
        "", tuple(Stroke(one.points * flip + (width, 0), one.pressure) for one in glyph.strokes)
    )


def _near(box: Box, x: float, y: float, distance: float) -> bool:
    return (
        box.x - distance < x < box.x + box.width + distance
        and box.y - distance < y < box.y + box.height + distance
    )
