"""From any picture of one glyph to the 28x28 tensor; what that means is defined here alone.

Training on folders, calibration, single pictures, pages and camera frames all call these pure
functions, or ``glyph_stack``, which does the same with many pictures at once. The geometry is
MNIST's (LeCun et al. 1998): the ink's bounding box is scaled to fit 20x20 pixels with its
aspect kept, then placed in 28x28 with its centre of mass in the middle.

The same picture must give the same tensor on every CPU. So this module, ``glyph_stack`` and
those that they stand on (``glyph_ink``, ``levels``, ``blocks``) use integer arithmetic,
order-independent float64 sums over histograms, and only those OpenCV operations that are
bit-exact across builds: grey conversion, morphology, connected components, look-up tables,
integer sums and ``INTER_LINEAR_EXACT``
(plain ``INTER_LINEAR`` differs by a level between x86 and ARM).
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_infer.errors import ImageError
from edge_infer.glyph.blocks import average_blocks_of_glyph, reduce_to
from edge_infer.glyph.ink import find_ink, square, stretch_ink

IMAGE_SIZE: Final = 28
BOX_SIZE: Final = 20
# A picture is first brought under this; a glyph in it still has dozens of pixels.
WORKING_SIZE: Final = 512
# Share of a glyph's ink under the depth that counts as full: its edges, and faint parts.
GLYPH_FULL: Final = 0.8
# Strokes thinner than this, in pixels of the 20x20 box, are widened: MNIST's are 2-4.
MIN_STROKE_WIDTH: Final = 2

ImageU8 = NDArray[np.uint8]


def prepare_digit(image: ImageU8) -> ImageU8 | None:
    """Make the model's tensor from a picture of one glyph.

    Args:
        image: uint8 (h, w) grey, (h, w, 3) BGR or (h, w, 4) BGRA, 0-255; dark ink on
            light ground or light on dark, of any size.

    Returns:
        uint8 (28, 28), bright ink on 0, or None when the picture holds no ink.

    Raises:
        ImageError: The array is not such a picture.
    """
    ink = find_ink(reduce_to(to_grey(image), WORKING_SIZE))
    return None if ink is None else fit_to_box(ink)


def to_grey(image: ImageU8) -> ImageU8:
    """Bring a picture to one channel.

    Transparent pixels become paper: white under dark drawing, black under light.

    Args:
        image: uint8 (h, w), (h, w, 1), (h, w, 3) BGR or (h, w, 4) BGRA.

    Returns:
        uint8 (h, w).

    Raises:
        ImageError: Another dtype or shape, or no pixels.
    """
    if not isinstance(image, np.ndarray):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise ImageError(
            f"expected a numpy array of pixels, found {type(image).__name__}; "
            "edge_infer.read_image makes one of a file",
            code="wrong_dtype",
        )
    if image.dtype != np.uint8:
        raise ImageError(f"expected a uint8 picture, found {image.dtype}", code="wrong_dtype")
    shape = image.shape
    if image.ndim not in {2, 3} or (image.ndim == 3 and shape[2] not in {1, 3, 4}):
        raise ImageError(
            f"expected (h, w), (h, w, 3) or (h, w, 4) pixels, found {shape}", code="wrong_shape"
        )
    if image.size == 0:
        raise ImageError(f"the picture has no pixels: shape {shape}", code="wrong_shape")
    if image.ndim == 2:
        return image
    if shape[2] == 1:
        return image[:, :, 0]
    if shape[2] == 3:
        return _u8(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY))
    return _flatten_alpha(_u8(cv2.cvtColor(image, cv2.COLOR_BGRA2GRAY)), image[:, :, 3])


def make_glyph(depth_hw: ImageU8, mask_hw: ImageU8, ground: int) -> ImageU8:
    """Make the model's tensor of ink that is told already.

    Args:
        depth_hw: uint8 (h, w), how much each pixel differs from its ground towards ink.
        mask_hw: uint8 (h, w), 1 in the ink of the glyph, 0 elsewhere; some pixel is 1.
        ground: Depth that is no ink yet, 0-253.

    Returns:
        uint8 (28, 28), bright ink on 0.
    """
    counts = np.bincount(depth_hw[mask_hw.view(np.bool_)], minlength=256).cumsum()
    full = int(counts.searchsorted(counts[-1] * GLYPH_FULL))
    return fit_to_box(stretch_ink(depth_hw, mask_hw, ground, max(full, ground + 1)))


def fit_to_box(ink_hw: ImageU8) -> ImageU8:
    """Scale ink to the 20x20 box and put its centre of mass in the middle of 28x28.

    Args:
        ink_hw: uint8 (h, w), bright ink on 0, with at least one pixel above 0.

    Returns:
        uint8 (28, 28).
    """
    x, y, width, height = cv2.boundingRect(ink_hw)
    crop = _widen_thin_strokes(ink_hw[y : y + height, x : x + width])
    height, width = crop.shape
    side = max(height, width)
    factor = -(-side // (2 * BOX_SIZE))
    if factor > 1:
        crop = average_blocks_of_glyph(crop, factor)
    size = (_scaled(width, side), _scaled(height, side))
    if crop.shape != (size[1], size[0]):
        crop = _u8(cv2.resize(crop, size, interpolation=cv2.INTER_LINEAR_EXACT))
    return centre_by_mass(crop)


def centre_by_mass(ink_hw: ImageU8) -> ImageU8:
    """Place ink in 28x28 so that its centre of mass comes to the middle, to a pixel.

    Args:
        ink_hw: uint8 (h, w), both at most 28.

    Returns:
        uint8 (28, 28). Ink that would leave the field is kept inside it.
    """
    height, width = ink_hw.shape
    # Sums of whole numbers far below 2**53, so these floats are exact.
    moments = cv2.moments(ink_hw)
    mass = max(int(moments["m00"]), 1)
    top = centre_offset(int(moments["m01"]), mass, height)
    left = centre_offset(int(moments["m10"]), mass, width)
    field = np.zeros((IMAGE_SIZE, IMAGE_SIZE), np.uint8)
    field[top : top + height, left : left + width] = ink_hw
    return field


def centre_offset(moment: int, mass: int, length: int) -> int:
    """Return where in 28 pixels ink begins whose centre of mass comes to their middle.

    Args:
        moment: Sum of ink times its distance from where the ink begins.
        mass: Sum of ink, above 0.
        length: Of the ink, at most 28; all of it stays inside.
    """
    # round(14 - moment / mass) in integers; MNIST's middle is the pixel of index 14.
    wanted = (IMAGE_SIZE * mass - 2 * moment + mass) // (2 * mass)
    return min(max(wanted, 0), IMAGE_SIZE - length)


def _scaled(length: int, side: int) -> int:
    return max(1, (2 * length * BOX_SIZE + side) // (2 * side))


def _widen_thin_strokes(ink_hw: ImageU8) -> ImageU8:
    """Dilate where scaling down would leave hair-thin strokes as a grey breath."""
    side = max(ink_hw.shape)
    if side <= BOX_SIZE:
        return ink_hw
    mask = (ink_hw > 127).view(np.uint8)
    area = cv2.countNonZero(mask)
    boundary = area - cv2.countNonZero(cv2.erode(mask, square(3)))
    # A stroke of width w and length l has w*l pixels, 2*l of them on its boundary.
    width = 2 * area // max(boundary, 1)
    missing = MIN_STROKE_WIDTH * side // BOX_SIZE - width
    if missing <= 0:
        return ink_hw
    padded = cv2.copyMakeBorder(ink_hw, missing, missing, missing, missing, cv2.BORDER_CONSTANT)
    return _u8(cv2.dilate(padded, square(missing + 1)))


def _flatten_alpha(grey_hw: ImageU8, alpha_hw: ImageU8) -> ImageU8:
    if bool((alpha_hw == 255).all()):
        return grey_hw
    alpha = alpha_hw.astype(np.uint32)
    drawn = int((grey_hw * alpha).sum(dtype=np.uint64)) // max(int(alpha.sum(dtype=np.uint64)), 1)
    paper = 255 if drawn < 128 else 0
    return ((grey_hw * alpha + paper * (255 - alpha) + 127) // 255).astype(np.uint8)


def _u8(image: object) -> ImageU8:
    """Narrow what OpenCV's stubs call an array of integers or floats."""
    return np.asarray(image, dtype=np.uint8)
