"""Array types, boxes and coordinates that the modules of this package share."""

from __future__ import annotations

from typing import Final, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

Rng = np.random.Generator
# (h, w) grey or coverage, or (h, w, 3) BGR; 0-255.
ImageU8 = NDArray[np.uint8]
# (h, w) or (h, w, 3) BGR; 0-255, not rounded yet.
ImageF32 = NDArray[np.float32]
# (n, 2), columns x and y, y downwards.
Points = NDArray[np.float64]

# Fractional bits of the coordinates that OpenCV's drawing functions take.
SHIFT: Final = 4


class Box(NamedTuple):
    """An upright rectangle in pixels: columns x to x + width - 1, rows y to y + height - 1."""

    x: int
    y: int
    width: int
    height: int


def fixed_point(points: Points) -> NDArray[np.int32]:
    """Convert points to the fixed-point coordinates that OpenCV draws with ``shift=SHIFT``.

    Args:
        points: float64 (..., 2), in pixels.

    Returns:
        int32 (..., 2), in sixteenths of a pixel.
    """
    fixed: NDArray[np.int32] = np.rint(points * 2**SHIFT).astype(np.int32)
    return fixed


def draw_polyline(image_hw: ImageU8, fixed: NDArray[np.int32], pen_px: int) -> None:
    """Draw an open, antialiased line of level 255, in place.

    Args:
        image_hw: uint8 (h, w).
        fixed: int32 (n, 2), points in sixteenths of a pixel (:func:`fixed_point`).
        pen_px: Width of the line in pixels.
    """
    cv2.polylines(image_hw, [fixed], False, 255, pen_px, cv2.LINE_AA, SHIFT)


def rotation(angle_rad: float) -> NDArray[np.float64]:
    """Return a rotation matrix, float64 (2, 2)."""
    cos, sin = np.cos(angle_rad), np.sin(angle_rad)
    return np.array([[cos, -sin], [sin, cos]])
