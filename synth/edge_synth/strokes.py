"""Digits drawn larger, and what can be done to their strokes there.

28 pixels are too few to thin a stroke by half a pixel, to cut aslant, or to leave a hair.
So pictures are changed at twice the size, where a digit is some 40 pixels high as on a
page, and :func:`edge_infer.glyph.preprocess.fit_to_box` brings them back as the reader does.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_infer.glyph.preprocess import fit_to_box
from edge_infer.model.metadata import IMAGE_SIZE

ImageU8 = NDArray[np.uint8]

LARGE_SIZE: Final = 2 * IMAGE_SIZE
# From here on a pixel counts as ink.
INK_LEVEL: Final = 128
# Beyond the highest level, so that more than a single pixel is full.
_STRETCH: Final = 1.2
# A hole of fewer pixels than this is a fleck between strokes.
_HOLE_AREA: Final = 10
# Ink over the square around it: what fills more is a blot, whichever digit it was.
_FULLEST: Final = 0.48
# Across over along: what is slimmer is a straight stroke. Measured as standard deviations
# of the ink along its axes, a stroke of thickness t and length l has t / l.
_SLIM: Final = 0.33
# How far from upright the stroke of a 1 may lean, as the cosine of its lean.
_STEEP: Final = 0.6


def enlarge(image: ImageU8) -> ImageU8:
    """Draw a digit of (28, 28) at (56, 56)."""
    large = cv2.resize(image, (LARGE_SIZE, LARGE_SIZE), interpolation=cv2.INTER_CUBIC)
    return np.asarray(large, np.uint8)


def crop_ink(image_hw: ImageU8) -> ImageU8:
    """Cut a picture down to its ink; nothing is left of one without any."""
    x, y, width, height = cv2.boundingRect(image_hw)
    return image_hw[y : y + height, x : x + width]


def pad(image_hw: ImageU8, margin: int) -> ImageU8:
    """Add ground all around."""
    sides = (margin, margin, margin, margin)
    return np.asarray(cv2.copyMakeBorder(image_hw, *sides, cv2.BORDER_CONSTANT, value=0), np.uint8)


def normalise(image_hw: ImageU8) -> ImageU8:
    """Normalise as the reader does: uint8 (28, 28), all 0 for a picture without ink."""
    if not cv2.countNonZero(image_hw):
        return np.zeros((IMAGE_SIZE, IMAGE_SIZE), np.uint8)
    return fit_to_box(image_hw)


def stroke_width(image_hw: ImageU8) -> int:
    """Measure the mean width of the strokes in pixels.

    A stroke of width w and length l has w * l pixels and 2 * l of them on its boundary.
    """
    mask = (image_hw >= INK_LEVEL).view(np.uint8)
    area = cv2.countNonZero(mask)
    boundary = area - cv2.countNonZero(cv2.erode(mask, _disc(3)))
    return 2 * area // max(boundary, 1)


def change_thickness(image_hw: ImageU8, pixels: int) -> ImageU8:
    """Widen the strokes by so many pixels, or narrow them where below 0.

    Widening stops short of closing a hole of the digit, for an 8 without holes is none, and
    of making a blot.

    Args:
        image_hw: uint8 (h, w).
        pixels: By which a stroke's width changes.

    Returns:
        uint8 (h + 2 * pixels, w + 2 * pixels) when widened, else of the same size.
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


def brighten(image_hw: ImageU8) -> ImageU8:
    """Stretch the levels so that the ink is full again, as the reader sees to before all else."""
    _, highest, _, _ = cv2.minMaxLoc(image_hw)
    if highest <= 0:
        return image_hw
    return np.asarray(cv2.convertScaleAbs(image_hw, alpha=_STRETCH * 255 / highest), np.uint8)


def refocus(image_hw: ImageU8, rng: np.random.Generator) -> ImageU8:
    """Make the edges of a larger picture harder or softer, or leave them as they are.

    What is drawn comes out sharp, what was warped does not, a page has both. Without this a
    network learns to tell digits by their soft edges.

    Args:
        image_hw: uint8 (h, w), twice the network's size or more.
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


def thin_to(image_hw: ImageU8, width: int) -> ImageU8:
    """Narrow the strokes to some width, where they are wider."""
    missing = min(width - stroke_width(image_hw), 0)
    return change_thickness(image_hw, missing) if missing else image_hw


def half_plane(shape: tuple[int, int], place: float, slope: float) -> NDArray[np.bool_]:
    """Give the pixels left of a steep line.

    Args:
        shape: (h, w).
        place: Where the line crosses the middle row, in pixels from the left.
        slope: Pixels sideways a row.

    Returns:
        bool (h, w).
    """
    height, width = shape
    borders = place + slope * (np.arange(height) - (height - 1) / 2)
    mask: NDArray[np.bool_] = np.arange(width) < borders[:, np.newaxis]
    return mask


def count_holes(image_hw: ImageU8) -> int:
    """Count the patches of ground that ink encloses, flecks left aside."""
    ink = (image_hw >= INK_LEVEL).view(np.uint8)
    outlines, hierarchy = cv2.findContours(ink, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    # The last column is the outline around it: only holes have one.
    return sum(
        family[3] >= 0 and cv2.contourArea(outline) >= _HOLE_AREA
        for outline, family in zip(outlines, hierarchy[0] if outlines else (), strict=True)
    )


def are_upright_strokes(images: ImageU8) -> NDArray[np.bool_]:
    """Tell the pictures that are one straight, steep stroke and thus may pass for a 1.

    Args:
        images: uint8 (n, 28, 28).

    Returns:
        bool (n,).
    """
    weights = images.reshape(len(images), IMAGE_SIZE**2).astype(np.float32)
    rows, columns = (axis.ravel() for axis in np.indices(images.shape[1:], np.float32))
    powers = np.stack((np.ones_like(rows), columns, rows, columns**2, rows**2, columns * rows))
    mass, x, y, xx, yy, xy = (weights @ powers.T).T.astype(np.float64)
    mass = np.maximum(mass, 1)
    x, y = x / mass, y / mass
    xx, yy, xy = xx / mass - x * x, yy / mass - y * y, xy / mass - x * y
    spread = np.hypot((xx - yy) / 2, xy)
    along, across = (xx + yy) / 2 + spread, np.maximum((xx + yy) / 2 - spread, 0)
    # cos of twice the lean of the main axis from upright is (yy - xx) / 2 / spread.
    steep = (yy - xx) / 2 > (2 * _STEEP**2 - 1) * spread
    slim = across < _SLIM**2 * along
    upright: NDArray[np.bool_] = slim & steep
    return upright


def _fill(image_hw: ImageU8) -> float:
    _, _, width, height = cv2.boundingRect(image_hw)
    ink = cv2.countNonZero((image_hw >= INK_LEVEL).view(np.uint8))
    return ink / max(width, height, 1) ** 2


@lru_cache(maxsize=64)
def _hardening(quarters: int) -> ImageU8:
    """Return the table that steepens levels about the middle by so many quarters."""
    levels = (np.arange(256) - INK_LEVEL) * (quarters / 4) + INK_LEVEL
    table: ImageU8 = np.clip(np.rint(levels), 0, 255).astype(np.uint8)
    table.flags.writeable = False
    return table


@lru_cache(maxsize=32)
def _disc(side: int) -> ImageU8:
    kernel = np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side)), np.uint8)
    kernel.flags.writeable = False
    return kernel
