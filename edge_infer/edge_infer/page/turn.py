"""Pages turned by quarters: find out which, turn what was found, and turn boxes back."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from edge_infer.boxes import Box
from edge_infer.page.ink import Ink
from edge_infer.page.strokes import Piece

ImageU8 = NDArray[np.uint8]

QUARTERS: Final = 4
# Nats a piece by which another quarter must be likelier than the picture as it is: most
# pages are upright, and 0, 1, 8 and some 6 and 9 read as well upside down.
MIN_GAIN: Final = 0.4
# And so likely it must be in itself: what is unreadable either way stays as it is.
MIN_MEAN: Final = -1.2
# Pieces that must agree; a single digit may be anything.
MIN_PIECES: Final = 2
# No piece counts for more: one that is no digit either way says nothing.
LEAST_LOG: Final = -5.0


def further_turns(tensors: ImageU8) -> ImageU8:
    """Return tensors turned by 1, 2 and 3 quarters clockwise, one set after the other.

    Args:
        tensors: uint8 (n, 28, 28).

    Returns:
        uint8 (3 n, 28, 28).
    """
    turned = [np.rot90(tensors, -quarters, axes=(1, 2)) for quarters in range(1, QUARTERS)]
    return np.concatenate(turned)


def likeliest_turn(log_probabilities: NDArray[np.float64]) -> int:
    """Tell by how many quarters the page must be turned, clockwise, to be read.

    Args:
        log_probabilities: float64 (4, n), that each piece is some digit, by quarters.
    """
    count = log_probabilities.shape[1]
    if count < MIN_PIECES:
        return 0
    means = np.maximum(log_probabilities, LEAST_LOG).mean(axis=1)
    best = int(means.argmax())
    return best if means[best] >= max(means[0] + MIN_GAIN, MIN_MEAN) else 0


def turn_ink(ink: Ink, quarters: int) -> Ink:
    """Turn a page's ink clockwise."""
    if not quarters:
        return ink
    return Ink(np.ascontiguousarray(np.rot90(ink.depth, -quarters)), ink.threshold, ink.is_dark)


def turn_piece(piece: Piece, quarters: int, height: int, width: int) -> Piece:
    """Turn a piece clockwise with the picture of ``height`` and ``width`` that it is on."""
    mask = np.ascontiguousarray(np.rot90(piece.mask, -quarters))
    return Piece(turn_box(piece.box, quarters, height, width), mask, piece.area)


def turn_box(box: Box, quarters: int, height: int, width: int) -> Box:
    """Turn a box clockwise with the picture of ``height`` and ``width`` that it is on."""
    for _ in range(quarters % QUARTERS):
        box = Box(height - box.y - box.height, box.x, box.height, box.width)
        height, width = width, height
    return box
