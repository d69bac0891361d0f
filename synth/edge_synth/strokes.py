"""Operations on the strokes of a digit: width, holes, sharpness, orientation.

28 pixels are too few to narrow a stroke by half a pixel or to cut a digit obliquely. So
pictures are changed at twice the size, where a digit is about 40 pixels high, as on a page.
All pictures here are uint8 (h, w) with bright ink on 0.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_synth.arrays import ImageU8, Rng

LARGE_SIZE: Final = 56
# Pixels of this level or above are ink.
INK_LEVEL: Final = 128
# Levels are stretched beyond 255, so that more than one pixel has the full level.
_STRETCH: Final = 1.2
# A smaller hole, in pixels, is a gap between strokes.
_HOLE_AREA: Final = 10
# Largest share of ink in the square around a digit; with more ink the digit is a blot.
_FULLEST: Final = 0.48
# Largest ratio of the ink's standard deviations across and along its main axis in a straight
# stroke. A stroke of thickness t and length l has the ratio t / l.
_SLIM: Final = 0.33
# Least cosine of the angle between the stroke of a 1 and the vertical.
_STEEP: Final = 0.6


def enlarge(image: ImageU8) -> ImageU8:
    """Enlarge a digit, uint8 (28, 28), to uint8 (56, 56)."""
    large = cv2.resize(image, (LARGE_SIZE, LARGE_SIZE), interpolation=cv2.INTER_CUBIC)
    return np.asarray(large, np.uint8)


def crop_ink(image_hw: ImageU8) -> ImageU8:
    """Crop a picture to its ink.

    Args:
        image_hw: uint8 (h, w).

    Returns:
        uint8, a view; (0, 0) for a picture without ink.
    """
    x, y, width, height = cv2.boundingRect(image_hw)
    return image_hw[y : y + height, x : x + width]


def pad(image_hw: ImageU8, margin: int) -> ImageU8:
    """Add background on all sides: uint8 (h + 2 * margin, w + 2 * margin)."""
    sides = (margin, margin, margin, margin)
    return np.asarray(cv2.copyMakeBorder(image_hw, *sides, cv2.BORDER_CONSTANT, value=0), np.uint8)


def stroke_width(image_hw: ImageU8) -> int:
    """Measure the mean width of the strokes of a picture, uint8 (h, w), in pixels.

    A stroke of width w and length l has w * l pixels and 2 * l of them on its boundary.
    """
    mask = (image_hw >= INK_LEVEL).view(np.uint8)
    area = cv2.countNonZero(mask)
    boundary = area - cv2.countNonZero(cv2.erode(mask, _disc(3)))
    return 2 * area // max(boundary, 1)


def change_thickness(image_hw: ImageU8, pixels: int) -> ImageU8:
    """Widen the strokes, or narrow them.

    Widening stops before it closes a hole of the digit or turns the digit into a blot.

    Args:
        image_hw: uint8 (h, w).
        pixels: Change of a stroke's width; negative to narrow.

    Returns:
        uint8 (h + 2 * pixels, w + 2 * pixels) when widened, uint8 (h, w) when narrowed.
    """
    if pixels < 0:
        return brighten(np.asarray(cv2.erode(image_hw, _disc(1 - pixels)), np.uint8))
    padded = pad(image_hw, pixels)
    if not pixels:
        return padded
    holes = count_holes(padded)
    for amount in range(pixels, 0, -2):
        wider = np.asarray(cv2.dilate(padded, _disc(amount + 1)), np.uint8)
        if _fill(wider) <= _FULLEST and count_holes(wider) >= holes:
            return wider
    return padded


def narrow_to(image_hw: ImageU8, width: int) -> ImageU8:
    """Narrow strokes that are wider than ``width`` pixels: uint8 (h, w) from uint8 (h, w)."""
    missing = min(width - stroke_width(image_hw), 0)
    return change_thickness(image_hw, missing) if missing else image_hw


def brighten(image_hw: ImageU8) -> ImageU8:
    """Stretch the levels so that the ink is full again: uint8 (h, w) from uint8 (h, w)."""
    _, highest, _, _ = cv2.minMaxLoc(image_hw)
    if highest <= 0:
        return image_hw
    return np.asarray(cv2.convertScaleAbs(image_hw, alpha=_STRETCH * 255 / highest), np.uint8)


def vary_sharpness(image_hw: ImageU8, rng: Rng) -> ImageU8:
    """Make the edges harder or softer, or leave them unchanged.

    Drawn pictures have sharp edges, warped ones soft edges, and pages have both. Without this
    step a network learns to distinguish classes by the sharpness of their edges.

    Args:
        image_hw: uint8 (h, w), a digit of about 40 pixels or more.
        rng: Source of randomness.

    Returns:
        uint8 (h, w).
    """
    kind = rng.random()
    if kind < 0.4:
        gain = float(rng.uniform(1.5, 6))
        return np.asarray(cv2.LUT(image_hw, _hardening(round(4 * gain))), np.uint8)
    if kind < 0.7:
        side = 3 if rng.random() < 0.6 else 5
        return brighten(np.asarray(cv2.GaussianBlur(image_hw, (side, side), 0), np.uint8))
    return image_hw


def left_of_line(shape: tuple[int, int], place: float, slope: float) -> NDArray[np.bool_]:
    """Select the pixels to the left of a steep line.

    Args:
        shape: (h, w).
        place: Column at which the line crosses the middle row, in pixels.
        slope: Columns per row.

    Returns:
        bool (h, w).
    """
    height, width = shape
    borders = place + slope * (np.arange(height) - (height - 1) / 2)
    mask: NDArray[np.bool_] = np.arange(width) < borders[:, np.newaxis]
    return mask


def count_holes(image_hw: ImageU8) -> int:
    """Count the areas of background that ink encloses, without the smallest ones.

    Args:
        image_hw: uint8 (h, w).
    """
    ink = (image_hw >= INK_LEVEL).view(np.uint8)
    outlines, hierarchy = cv2.findContours(ink, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    # The last column is the index of the parent contour; only holes have a parent.
    return sum(
        family[3] >= 0 and cv2.contourArea(outline) >= _HOLE_AREA
        for outline, family in zip(outlines, hierarchy[0] if outlines else (), strict=True)
    )


def are_upright_strokes(images: ImageU8) -> NDArray[np.bool_]:
    """Find the pictures that show one straight, steep stroke, so that they may pass for a 1.

    Args:
        images: uint8 (n, h, w), bright ink on 0.

    Returns:
        bool (n,).
    """
    weights = images.reshape(len(images), images.shape[1] * images.shape[2]).astype(np.float32)
    rows, columns = (axis.ravel() for axis in np.indices(images.shape[1:], np.float32))
    powers = np.stack((np.ones_like(rows), columns, rows, columns**2, rows**2, columns * rows))
    mass, x, y, xx, yy, xy = (weights @ powers.T).T.astype(np.float64)
    mass = np.maximum(mass, 1)
    x, y = x / mass, y / mass
    xx, yy, xy = xx / mass - x * x, yy / mass - y * y, xy / mass - x * y
    spread = np.hypot((xx - yy) / 2, xy)
    along, across = (xx + yy) / 2 + spread, np.maximum((xx + yy) / 2 - spread, 0)
    # The cosine of twice the angle between the main axis and the vertical is
    # (yy - xx) / 2 / spread.
    steep = (yy - xx) / 2 > (2 * _STEEP**2 - 1) * spread
    slim = across < _SLIM**2 * along
    upright: NDArray[np.bool_] = slim & steep
    return upright


def _fill(image_hw: ImageU8) -> float:
    """Return the share of ink in the square around a digit, 0-1."""
    _, _, width, height = cv2.boundingRect(image_hw)
    ink = cv2.countNonZero((image_hw >= INK_LEVEL).view(np.uint8))
    return ink / max(width, height, 1) ** 2


@lru_cache(maxsize=64)
def _hardening(quarters: int) -> ImageU8:
    """Return a look-up table, uint8 (256,), of gain ``quarters / 4`` about the ink level."""
    levels = (np.arange(256) - INK_LEVEL) * (quarters / 4) + INK_LEVEL
    table: ImageU8 = np.clip(np.rint(levels), 0, 255).astype(np.uint8)
    table.flags.writeable = False
    return table


@lru_cache(maxsize=32)
def _disc(side: int) -> ImageU8:
    """Return an elliptic structuring element, uint8 (side, side)."""
    kernel = np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side)), np.uint8)
    kernel.flags.writeable = False
    return kernel
