"""Ink that is paler than the writing beside it: the other side of the page, shining through.

A piece is compared with what stands beside it and not with the page: a row by a paler pen
has no darker neighbours, and stays.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_infer.boxes import Box
from edge_infer.page.ink import Ink, histogram
from edge_infer.page.strokes import Piece

ImageU8 = NDArray[np.uint8]

# This share of a piece's pixels is no deeper than what counts as its strength.
STRENGTH_SHARE: Final = 0.75
# What is less deep than this share of its piece's or its neighbours' strength is pale.
PALE: Final = 0.5
# A stroke's soft edge is pale and belongs to it: heights of the piece.
EDGE: Final = 0.05
# Share of a piece's pixels that are pale and no edge, for a part to be taken off.
PALE_PART: Final = 0.1
# Smallest part left, in pixels.
MIN_PART: Final = 8
# Neighbours: heights between them at most, share of the lower one's height beside the other
# at least, and what they have of a piece's area at least.
NEAR: Final = 2.5
BESIDE: Final = 0.4
MIN_AREA: Final = 0.5


def strength(piece: Piece, ink: Ink) -> float:
    """Return how deep the ink of a piece is, in grey levels."""
    return _most(_under(piece, ink.depth), piece)


def leave_out_pale(pieces: Sequence[Piece], ink: Ink, grey_hw: ImageU8) -> list[Piece]:
    """Return pieces without those, and those parts, that are pale beside the others.

    Args:
        pieces: Of a page.
        ink: The page's.
        grey_hw: uint8 (h, w), the page.
    """
    told = [pair for piece in pieces for pair in _strong_parts(piece, ink, grey_hw)]
    if not told:
        return []
    parts = [part for part, _ in told]
    contrasts = np.array([contrast for _, contrast in told])
    areas = np.array([part.area for part in parts])
    stands_out = areas[None, :] >= MIN_AREA * areas[:, None]
    beside = _are_beside([part.box for part in parts]) & stands_out
    darkest = np.where(beside, contrasts[None, :], 0).max(axis=1)
    return [part for part, pale in zip(parts, contrasts < PALE * darkest, strict=True) if not pale]


def _strong_parts(piece: Piece, ink: Ink, grey_hw: ImageU8) -> list[tuple[Piece, int]]:
    """Take pale parts off a piece; what they held together falls apart.

    Returns:
        The parts, and how strong the contrast of each is.
    """
    contrast = _contrast(piece, ink, grey_hw)
    most = _most(contrast, piece)
    strong = np.asarray(contrast >= PALE * most, np.uint8) & piece.mask
    whole = (1 - PALE_PART) * piece.area
    if cv2.countNonZero(strong) > whole:
        return [(piece, most)]
    radius = max(1, round(EDGE * piece.box.height))
    near = np.asarray(cv2.dilate(strong, np.ones((2 * radius + 1,) * 2, np.uint8)))
    kept = np.asarray(cv2.bitwise_and(near, piece.mask), np.uint8)
    if cv2.countNonZero(kept) > whole:
        return [(piece, most)]
    _, labels, about, _ = cv2.connectedComponentsWithStats(kept, connectivity=8)
    stats = np.asarray(about, np.int64)[1:].tolist()
    parts = [
        Piece(
            Box(piece.box.x + x, piece.box.y + y, width, height),
            (labels[y : y + height, x : x + width] == label).view(np.uint8),
            area,
        )
        for label, (x, y, width, height, area) in enumerate(stats, 1)
        if area >= MIN_PART
    ]
    return [(part, _most(_contrast(part, ink, grey_hw), part)) for part in parts]


def _contrast(piece: Piece, ink: Ink, grey_hw: ImageU8) -> ImageU8:
    """Return the depth of a piece's box in 255ths of the brighter of ink and ground.

    That is the same in the light and in the shadow.
    """
    depth, grey = _under(piece, ink.depth), _under(piece, grey_hw)
    brighter = cv2.add(grey, depth) if ink.is_dark else grey
    return np.asarray(cv2.divide(depth, brighter, scale=255), np.uint8)


def _most(values: ImageU8, piece: Piece) -> int:
    """Return the value that most of a piece's pixels lie under."""
    counts = histogram(values, piece.mask).cumsum()
    return int(counts.searchsorted(int(STRENGTH_SHARE * (counts[-1] - 1)) + 1))


def _are_beside(boxes: Sequence[Box]) -> NDArray[np.bool_]:
    """Tell which boxes stand beside which: bool (n, n)."""
    x, y, width, height = np.array([(b.x, b.y, b.width, b.height) for b in boxes]).T
    gap = np.maximum(x[:, None], x) - np.minimum((x + width)[:, None], x + width)
    overlap = np.minimum((y + height)[:, None], y + height) - np.maximum(y[:, None], y)
    tall, low = np.maximum(height[:, None], height), np.minimum(height[:, None], height)
    return np.asarray((gap <= NEAR * tall) & (overlap >= BESIDE * low), np.bool_)


def _under(piece: Piece, image_hw: ImageU8) -> ImageU8:
    box = piece.box
    return image_hw[box.y : box.y + box.height, box.x : box.x + box.width]
