"""Drawn pages: paper, print, ink and camera, with the truth about the writing."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from edge_synth.arrays import Box, ImageU8
from edge_synth.camera import frame, photograph
from edge_synth.clutter import drop_specks, hold_up_in_room, lay_on_table, show_through, write_marks
from edge_synth.hand import Glyph
from edge_synth.ink import add_grain, blend, ink_box, ink_colour, ink_layer
from edge_synth.layout import write
from edge_synth.paper import blank_paper, print_ruling
from edge_synth.spec import PageSpec

# Of a page drawn by its size: the longer side divided by the shorter one, the largest height
# of a digit as a share of the longer side, and the mean width of a digit with its gap in heights.
_ASPECT: Final = 4 / 3
_LARGEST_DIGIT: Final = 1 / 8
_ADVANCE: Final = 1.1


@dataclass(frozen=True, eq=False)
class DrawnPage:
    """An image of a page and the truth about it.

    Attributes:
        image: uint8 (h, w, 3) BGR.
        rows: The digits of each row, from left to right.
        boxes: The bounding boxes of the digits' ink in each row, in pixels.
    """

    image: ImageU8
    rows: tuple[str, ...]
    boxes: tuple[tuple[Box, ...], ...]


def draw_page(spec: PageSpec, seed: int, size_px: tuple[int, int] | None = None) -> DrawnPage:
    """Draw a page, the same for the same arguments.

    Hand, paper and camera have a random generator each. So a change of the paper does not
    change the writing, and a change of the camera changes neither.

    Args:
        spec: The page.
        seed: 0 or more.
        size_px: Width and height of the image. The writing is centred in it, and digits are
            smaller than ``spec.digit_height_px`` where they would not fit. When None, the
            image is as large as the writing with ``spec.margin`` around it.
    """
    by_hand, on_paper, by_camera = np.random.default_rng(seed).spawn(3)
    if size_px is not None:
        spec = _fitted(spec, seed, size_px)
    writing = write(spec, by_hand)
    view = frame(spec, writing.points(), size_px)
    shape = (view.height, view.width)
    rows = tuple(tuple(view.see(glyph) for glyph in row) for row in writing.rows)
    boxes = tuple(tuple(ink_box(glyph, spec, shape) for glyph in row) for row in rows)
    every_box = [box for row in boxes for box in row]

    paper = blank_paper(spec, shape, on_paper)
    print_ruling(paper, spec, writing, view, on_paper)
    show_through(paper, spec, writing, view, on_paper)
    ink = _ink(rows, write_marks(spec, writing, view, on_paper), spec, shape)
    add_grain(ink, spec, on_paper)
    drop_specks(ink, spec, every_box, on_paper)
    blend(paper, ink, ink_colour(spec), spec.opacity)
    lay_on_table(paper, spec, every_box, on_paper)
    hold_up_in_room(paper, spec, every_box, on_paper)
    return DrawnPage(photograph(paper, spec, by_camera), spec.rows, boxes)


def draw_sized_page(size_px: int, digits: int, seed: int = 0) -> DrawnPage:
    """Draw a page in a quick but legible hand, on grained paper with light from one side.

    Args:
        size_px: Longer side of the image; the shorter one is 3/4 of it.
        digits: Number of digits on it, at least one.
        seed: Of digits, hand and paper.
    """
    spec = PageSpec(
        digit_height_px=max(1, int(size_px * _LARGEST_DIGIT)),
        margin=1.0,
        jitter=0.6,
        stroke=0.08,
        texture=0.3,
        noise_sd=2.0,
        blur_px=0.6,
        light="gradient",
        light_depth=0.3,
    )
    count = max(1, round(math.sqrt(digits * _ADVANCE / (_ASPECT * spec.leading))))
    parts = np.array_split(np.random.default_rng(seed).integers(0, 10, digits), count)
    rows = tuple("".join(map(str, part)) for part in parts)
    return draw_page(replace(spec, rows=rows), seed, (size_px, round(size_px / _ASPECT)))


def _fitted(spec: PageSpec, seed: int, size_px: tuple[int, int]) -> PageSpec:
    """Reduce the height of the digits until writing and margin fit into an image."""
    by_hand, _, _ = np.random.default_rng(seed).spawn(3)
    view = frame(spec, write(spec, by_hand).points())
    scale = min(1.0, size_px[0] / view.width, size_px[1] / view.height)
    return replace(spec, digit_height_px=max(1, int(scale * spec.digit_height_px)))


def _ink(
    rows: tuple[tuple[Glyph, ...], ...], marks: list[Glyph], spec: PageSpec, shape: tuple[int, int]
) -> ImageU8:
    """Draw the writing, by one pen or by two in turns: uint8 (h, w), coverage 0-255."""
    first = [*(glyph for row in rows[::2] for glyph in row), *marks]
    second = [glyph for row in rows[1::2] for glyph in row]
    if spec.second_pen == 1.0:
        return ink_layer([*first, *second], spec, shape)
    paler = ink_layer(second, spec, shape) * spec.second_pen
    return np.maximum(ink_layer(first, spec, shape), paler.astype(np.uint8))
