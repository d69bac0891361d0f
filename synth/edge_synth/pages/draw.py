"""Draw a page: paper, print, ink and camera, and the truth of what was written."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge_synth.arrays import Box
from edge_synth.pages.camera import photograph
from edge_synth.pages.clutter import drop_specks, lay_on_table, marks, shine_through
from edge_synth.pages.hand import Glyph
from edge_synth.pages.ink import grained, ink_box, ink_colour, ink_layer
from edge_synth.pages.layout import write
from edge_synth.pages.paper import blank_paper, blend, print_ruling
from edge_synth.pages.room import hold_up_in_room
from edge_synth.pages.spec import PageSpec
from edge_synth.pages.view import frame


@dataclass(frozen=True, eq=False)
class DrawnPage:
    """A picture of a page and its truth.

    Attributes:
        image: uint8 (h, w, 3) BGR.
        rows: The digits of each row, from left to right.
        boxes: For each row the boxes of its digits' ink, in pixels.
    """

    image: NDArray[np.uint8]
    rows: tuple[str, ...]
    boxes: tuple[tuple[Box, ...], ...]


def draw_page(spec: PageSpec, seed: int) -> DrawnPage:
    """Draw a page; the same for the same specification and seed.

    What chance decides about the hand does not change with the paper, nor that about the
    paper with the camera: each has a generator of its own.
    """
    by_hand, on_paper, by_camera = np.random.default_rng(seed).spawn(3)
    writing = write(spec, by_hand)
    view = frame(spec, writing.points())
    shape = (view.height, view.width)
    rows = tuple(tuple(view.see(glyph) for glyph in row) for row in writing.rows)
    boxes = tuple(tuple(ink_box(glyph, spec, shape) for glyph in row) for row in rows)
    every_box = [box for row in boxes for box in row]

    paper = blank_paper(spec, shape, on_paper)
    print_ruling(paper, spec, writing, view, on_paper)
    shine_through(paper, spec, writing, view, on_paper)
    ink = _ink(rows, marks(spec, writing, view, on_paper), spec, shape)
    ink = grained(ink, spec, on_paper)
    drop_specks(ink, spec, every_box, on_paper)
    blend(paper, ink, ink_colour(spec), spec.opacity)
    lay_on_table(paper, spec, every_box, on_paper)
    hold_up_in_room(paper, spec, every_box, on_paper)
    return DrawnPage(photograph(paper, spec, by_camera), spec.rows, boxes)


def _ink(
    rows: tuple[tuple[Glyph, ...], ...], others: list[Glyph], spec: PageSpec, shape: tuple[int, int]
) -> NDArray[np.uint8]:
    """Draw what was written, by one pen or by two in turns: uint8 (h, w) coverage."""
    first = [*(glyph for row in rows[::2] for glyph in row), *others]
    second = [glyph for row in rows[1::2] for glyph in row]
    if spec.second_pen == 1.0:
        return ink_layer([*first, *second], spec, shape)
    paler = ink_layer(second, spec, shape) * spec.second_pen
    return np.maximum(ink_layer(first, spec, shape), paler.astype(np.uint8))
