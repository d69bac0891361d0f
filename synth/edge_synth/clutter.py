"""Clutter: what is on a page or behind it and is not a digit.

Paper is float32 (h, w, 3) BGR, 0-255, and an ink layer is uint8 (h, w), coverage 0-255. Both
are changed in place. ``boxes`` are the bounding boxes of all digits, which stay visible.
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np

from edge_synth.arrays import Box, ImageF32, ImageU8, Points, Rng
from edge_synth.camera import View
from edge_synth.hand import Glyph, Stroke
from edge_synth.ink import blend, ink_layer
from edge_synth.layout import Writing
from edge_synth.noise import blur
from edge_synth.spec import PageSpec

# Distance around a digit within which there are no specks, in heights of a digit.
_CLEAR: Final = 0.3
# BGR colours of tables and of the ink on the back of a page.
_TABLES: Final = ((58, 82, 120), (40, 40, 44), (120, 150, 170), (90, 70, 60))
_BACK_INK: Final = (110, 105, 105)
# Numbers of objects in a room, and of edges of walls, doors and windows.
_ROOM_OBJECTS: Final = (2, 7)
_ROOM_EDGES: Final = (2, 8)
# Share of the free height above the writing that shows the room.
_ROOM_HEIGHT: Final = (0.5, 0.8)


def write_marks(spec: PageSpec, writing: Writing, view: View, rng: Rng) -> list[Glyph]:
    """Return all that the pen wrote besides digits, in pixels of the image."""
    glyphs = list(writing.signs)
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


def drop_specks(layer: ImageU8, spec: PageSpec, boxes: list[Box], rng: Rng) -> None:
    """Draw specks of ink where there is no writing."""
    height, width = layer.shape
    for _ in range(int(rng.integers(3, 12)) if "specks" in spec.clutter else 0):
        x, y = float(rng.uniform(0, width)), float(rng.uniform(0, height))
        if any(_is_near(box, x, y, _CLEAR * spec.digit_height_px) for box in boxes):
            continue
        long = rng.uniform(0.5, 1.6) * spec.stroke_px
        axes = (max(1, round(long)), max(1, round(long * rng.uniform(0.4, 1))))
        angle, level = float(rng.uniform(0, 180)), int(rng.integers(120, 256))
        centre = (round(x), round(y))
        cv2.ellipse(layer, centre, axes, angle, 0, 360, level, -1, lineType=cv2.LINE_AA)


def show_through(paper: ImageF32, spec: PageSpec, writing: Writing, view: View, rng: Rng) -> None:
    """Let the writing on the back of the page shine through, mirrored and blurred.

    It stands between the rows of the front as often as behind them.
    """
    if spec.show_through == 0.0:
        return
    height, width = paper.shape[:2]
    by = rng.uniform((-0.6, -1.2), (0.6, 1.2)) * spec.digit_height_px
    glyphs = [_mirrored(view.see(glyph).moved(*by), width) for row in writing.rows for glyph in row]
    layer = ink_layer(glyphs, spec, (height, width)).astype(np.float32)
    soft = blur(layer, max(0.8, 0.25 * spec.stroke_px)).astype(np.uint8)
    blend(paper, soft, _BACK_INK, spec.show_through)


def lay_on_table(paper: ImageF32, spec: PageSpec, boxes: list[Box], rng: Rng) -> None:
    """Let the page end on one or two sides and show the table there."""
    if "edge" not in spec.clutter:
        return
    height, width = paper.shape[:2]
    table = np.array(_TABLES[int(rng.integers(len(_TABLES)))], np.float32)
    border = 0.35 * spec.digit_height_px
    left = max(0.0, min(box.x for box in boxes) - border)
    bottom = min(float(height), max(box.y + box.height for box in boxes) + border)
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    lean = float(rng.uniform(-0.03, 0.03))
    beyond = x + lean * (y - height / 2) < left * rng.uniform(0.3, 0.7)
    if rng.random() < 0.5:
        beyond |= y + lean * (x - width / 2) > bottom + (height - bottom) * rng.uniform(0.3, 0.7)
    paper[beyond] = table + rng.normal(0, 3, (int(beyond.sum()), 1)).astype(np.float32)


def hold_up_in_room(paper: ImageF32, spec: PageSpec, boxes: list[Box], rng: Rng) -> None:
    """Show a room above the page: grey rectangles and lines."""
    if "room" not in spec.clutter:
        return
    height = int(min(box.y for box in boxes) * rng.uniform(*_ROOM_HEIGHT))
    width = paper.shape[1]
    if height < 1:
        return
    room = np.full((height, width, 3), rng.uniform(90, 230), np.float32)
    for _ in range(int(rng.integers(*_ROOM_OBJECTS))):
        centre = (rng.uniform(0, width), rng.uniform(0, height))
        size = rng.uniform(0.05, 0.6, 2) * height
        corners = cv2.boxPoints((centre, size.tolist(), float(rng.uniform(-25, 25))))
        cv2.fillPoly(room, [np.rint(corners).astype(np.int32)], _grey(rng), cv2.LINE_AA)
    for _ in range(int(rng.integers(*_ROOM_EDGES))):
        ends = (rng.uniform(-0.2, 1.2, (2, 2)) * (width, height)).astype(int).tolist()
        cv2.line(room, ends[0], ends[1], _grey(rng), int(rng.integers(1, 6)), cv2.LINE_AA)
    paper[:height] = room + rng.normal(0, 2, room.shape).astype(np.float32)


def _grey(rng: Rng) -> tuple[float, float, float]:
    level = float(rng.uniform(30, 250))
    return level, level, level


def _mark(points: Points) -> Glyph:
    return Glyph("", (Stroke(points, np.ones(len(points))),))


def _mirrored(glyph: Glyph, width: int) -> Glyph:
    flip = np.array([-1.0, 1.0])
    strokes = (Stroke(one.points * flip + (width, 0), one.pressure) for one in glyph.strokes)
    return Glyph("", tuple(strokes))


def _is_near(box: Box, x: float, y: float, distance: float) -> bool:
    return (
        box.x - distance < x < box.x + box.width + distance
        and box.y - distance < y < box.y + box.height + distance
    )
