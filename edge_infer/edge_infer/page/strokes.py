"""Connected pieces of ink on a page, those that may be of digits."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_infer.boxes import Box
from edge_infer.page.ink import Ink, at_least, histogram, some_rows
from edge_infer.page.page import bounding_box
from edge_infer.page.rules import erase_rules

ImageU8 = NDArray[np.uint8]

# Pieces under this many pixels in height and width, or in all, are noise whatever they are.
MIN_SIZE: Final = 5
MIN_AREA: Final = 8
# At most so many pieces of a page are looked at, the largest.
MAX_PIECES: Final = 1000
# Writing is as deep as this share of the page's ink, at least: less is the other side's,
# shining through, a faint grid, or a shadow.
MIN_STRENGTH: Final = 0.3
# A stroke's middle is deeper than what just counts as ink, so many times.
MIN_PEAK: Final = 1.6
# Share of the ink that must lie away from the border to tell that.
MIN_INNER: Final = 0.05
# This share of the ink is no deeper than what counts as the page's ink.
STRENGTH_SHARE: Final = 0.75
# Share of the ink that must lie off the border for the rest to be left out.
MIN_INSIDE: Final = 0.25
# In heights of the page's digits, what at the border is a whole digit, and half as wide.
WHOLE: Final = 0.85
# In heights of the page's digits: less in both directions is a speck.
SPECK: Final = 0.2
# Width over height of what tells the page's digit height.
MIN_ASPECT, MAX_ASPECT = 0.1, 4.0


@dataclass(frozen=True, eq=False)
class Piece:
    """A piece of ink.

    Attributes:
        box: Around it, in pixels of the working picture.
        mask: uint8 (height, width) of the box, 1 where the piece is.
        area: Its pixels.
    """

    box: Box
    mask: ImageU8
    area: int


def find_pieces(ink: Ink) -> list[Piece]:
    """Find the pieces of writing on a page, in no order.

    Args:
        ink: The page's.
    """
    mask = erase_rules(ink.mask, ink.depth)
    strength = _page_strength(mask, ink.depth)
    limit = max(ink.threshold, int(MIN_STRENGTH * strength))
    if limit > ink.threshold:
        cv2.bitwise_and(mask, at_least(ink.depth, limit), dst=mask)
    pieces = _connected(mask)[:MAX_PIECES]
    pieces = [piece for piece in pieces if _peak(piece, ink.depth) >= MIN_PEAK * limit]
    pieces = _inside(pieces, mask.shape)
    speck = SPECK * digit_height(pieces)
    return [piece for piece in pieces if max(piece.box.height, piece.box.width) >= speck]


def _inside(pieces: Sequence[Piece], shape: tuple[int, ...]) -> list[Piece]:
    """Leave out what runs off the picture, where there is enough that does not.

    Of a glyph cut off nobody knows the rest, and the end of a rule is none. What is as tall
    as the other digits is whole, or nearly so; and a picture may be cut close around all.
    """
    inside = [piece for piece in pieces if not _touches(piece.box, shape)]
    share = sum(piece.area for piece in inside) / max(1, sum(piece.area for piece in pieces))
    if share < MIN_INSIDE:
        return list(pieces)
    height = digit_height(inside)
    return [
        piece
        for piece in pieces
        if not _touches(piece.box, shape)
        or (piece.box.height >= WHOLE * height and piece.box.width >= WHOLE * height / 2)
    ]


def _touches(box: Box, shape: tuple[int, ...]) -> bool:
    height, width = shape
    ends = box.x + box.width >= width or box.y + box.height >= height
    return min(box.x, box.y) <= 0 or ends


def _page_strength(mask: ImageU8, depth: ImageU8) -> int:
    """Return how deep the page's ink is: the level that most of it lies under.

    What reaches the border, such as the desk beside the page, tells only where nothing else
    is there.
    """
    inner = _without_border(mask)
    if cv2.countNonZero(inner) < MIN_INNER * cv2.countNonZero(mask):
        inner = mask
    counts = histogram(some_rows(depth), some_rows(inner)).cumsum()
    return int(np.searchsorted(counts, STRENGTH_SHARE * counts[-1]))


def _without_border(mask: ImageU8) -> ImageU8:
    """Return the mask without the pieces that touch its border."""
    if not any(side.any() for side in (mask[0], mask[-1], mask[:, 0], mask[:, -1])):
        return mask
    framed = np.asarray(
        cv2.copyMakeBorder(mask, 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=(255,)), np.uint8
    )
    cv2.floodFill(framed, None, (0, 0), (0,), flags=8)
    return framed[1:-1, 1:-1]


def digit_height(pieces: Sequence[Piece]) -> float:
    """Return the height of the middle pixel's piece, of those that may be digits.

    Returns:
        In pixels; 0 without such pieces.
    """
    likely = [
        (piece.box.height, piece.area)
        for piece in pieces
        if MIN_ASPECT <= piece.box.width / piece.box.height <= MAX_ASPECT
    ]
    if not likely:
        return 0.0
    heights, areas = np.array(sorted(likely)).T
    return float(heights[np.searchsorted(areas.cumsum(), areas.sum() / 2)])


def _peak(piece: Piece, depth: ImageU8) -> float:
    """Return how deep a piece is where it is deepest."""
    box = piece.box
    place = depth[box.y : box.y + box.height, box.x : box.x + box.width]
    return cv2.minMaxLoc(place, piece.mask)[1]


def _connected(mask: ImageU8) -> list[Piece]:
    """Return the connected pieces that are more than noise, the largest first.

    Their outlines are followed: on a page, most of which is blank, that is far quicker than
    to label each pixel.
    """
    outlines, links = cv2.findContours(mask, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE)
    if not outlines:
        return []
    # Of each outline: the next and the one before of its kind, the first hole in it, and
    # what it is a hole in; -1 for none.
    tree: list[list[int]] = np.asarray(links)[0].tolist()
    pieces: list[Piece] = []
    for index, outline in enumerate(outlines):
        box = Box(*cv2.boundingRect(outline))
        if tree[index][3] >= 0 or max(box.width, box.height) < MIN_SIZE:
            continue
        rims = [outline, *(outlines[hole] for hole in _holes(tree, index))]
        filled = np.zeros((box.height, box.width), np.uint8)
        cv2.drawContours(filled, rims, -1, (1,), cv2.FILLED, offset=(-box.x, -box.y))
        area = cv2.countNonZero(filled)
        if area >= MIN_AREA:
            pieces.append(Piece(box, filled, area))
    return sorted(pieces, key=lambda piece: -piece.area)


def _holes(tree: Sequence[Sequence[int]], index: int) -> Iterator[int]:
    hole = tree[index][2]
    while hole >= 0:
        yield hole
        hole = tree[hole][0]


def join(pieces: Sequence[Piece]) -> Piece:
    """Return several pieces as one."""
    if len(pieces) == 1:
        return pieces[0]
    box = bounding_box(piece.box for piece in pieces)
    mask = np.zeros((box.height, box.width), np.uint8)
    for piece in pieces:
        top, left = piece.box.y - box.y, piece.box.x - box.x
        mask[top : top + piece.box.height, left : left + piece.box.width] |= piece.mask
    return Piece(box, mask, sum(piece.area for piece in pieces))
