"""A row's atoms and candidates: what may stand on the row, before it is decided."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_infer.glyph.preprocess import make_glyph
from edge_infer.page.ink import Ink
from edge_infer.page.strokes import Piece, join

ImageU8 = NDArray[np.uint8]

# Atoms that may make one glyph together.
MAX_ATOMS: Final = 5
# Of a glyph in heights of the row's digits: width at most, gap between neighbours at most.
MAX_WIDTH: Final = 1.5
MAX_GAP: Final = 0.25
# What is this tall, in heights of the row's digits, may be a digit by itself.
TALL: Final = 0.7


@dataclass(frozen=True, eq=False)
class Span:
    """Atoms of a row as one piece.

    Attributes:
        start: First atom.
        end: Atom after the last.
        piece: All of them.
        is_apart: Whether there is paper between two atoms as tall as digits are.
    """

    start: int
    end: int
    piece: Piece
    is_apart: bool


def make_spans(atoms: Sequence[Piece], digit_height: float, most: int = MAX_ATOMS) -> list[Span]:
    """Return every run of atoms that may be one glyph; each single atom is one.

    Args:
        atoms: Of a row, from left to right.
        digit_height: Of the row, in pixels.
        most: Atoms in a run.
    """
    spans: list[Span] = []
    for start in range(len(atoms)):
        right = atoms[start].box.x + atoms[start].box.width
        left = atoms[start].box.x
        is_apart = False
        for end in range(start + 1, min(start + most, len(atoms)) + 1):
            box = atoms[end - 1].box
            if box.x - right > MAX_GAP * digit_height:
                break
            is_apart |= (
                end > start + 1
                and box.x >= right
                and _are_tall(atoms[start : end - 1], atoms[end - 1], TALL * digit_height)
            )
            left, right = min(left, box.x), max(right, box.x + box.width)
            if end > start + 1 and right - left > MAX_WIDTH * digit_height:
                break
            spans.append(Span(start, end, join(atoms[start:end]), is_apart))
    return spans


def _are_tall(before: Sequence[Piece], atom: Piece, limit: float) -> bool:
    return atom.box.height >= limit and max(one.box.height for one in before) >= limit


def make_tensor(piece: Piece, ink: Ink) -> ImageU8:
    """Bring a piece's ink to the model's geometry.

    Returns:
        uint8 (28, 28).
    """
    box = piece.box
    inside = np.asarray(cv2.copyMakeBorder(piece.mask, 1, 1, 1, 1, cv2.BORDER_CONSTANT), np.uint8)
    top, left = max(box.y - 1, 0), max(box.x - 1, 0)
    depth = ink.depth[top : box.y + box.height + 1, left : box.x + box.width + 1]
    inside = inside[top - box.y + 1 :, left - box.x + 1 :][: depth.shape[0], : depth.shape[1]]
    return make_glyph(depth, inside, ink.threshold // 2)
