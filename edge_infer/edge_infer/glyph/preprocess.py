"""Convert a picture of one glyph to the model's 28x28 tensor.

Training on folders, calibration, single pictures, pages and camera frames use these functions.
The geometry is MNIST's (LeCun et al. 1998): the bounding box of the ink is scaled to fit 20x20
pixels with its aspect ratio kept, then placed in 28x28 pixels with its centre of mass in the
middle.

The same picture gives the same tensor on every CPU, alone or in a stack. So this module and
``ink`` use integer arithmetic, exact float64 sums, and only those OpenCV operations that are
bit-exact across builds: grey conversion, morphology, connected components, look-up tables,
integer sums and ``INTER_LINEAR_EXACT`` (``INTER_LINEAR`` differs by a level between x86 and ARM).
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby, islice
from operator import attrgetter
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_infer.errors import ImageError
from edge_infer.glyph.ink import find_ink, square, stretch_ink
from edge_infer.model.metadata import IMAGE_SIZE

BOX_SIZE: Final = 20
# Longer side to which a picture is reduced first; a glyph in it still has dozens of pixels.
WORKING_SIZE: Final = 512
# Share of the pixels of a glyph below the depth of full ink: its edges and faint parts.
FULL_INK_SHARE: Final = 0.8
# Thinner strokes, in pixels of the 20x20 box, are widened; those of MNIST have 2-4.
MIN_STROKE_WIDTH: Final = 2
# Largest stack in pixels and pictures: its buffers fit into the second-level cache of a core.
_STACK_PIXELS: Final = 56 * 1024
_LARGEST_STACK: Final = 64
_UINT8: Final = np.dtype(np.uint8)

ImageU8 = NDArray[np.uint8]


def prepare_digit(image: ImageU8) -> ImageU8 | None:
    """Make the model's tensor from a picture of one glyph.

    Args:
        image: uint8 (h, w) grey, (h, w, 3) BGR or (h, w, 4) BGRA, 0-255; dark ink on a light
            background or light on dark, of any size.

    Returns:
        uint8 (28, 28), bright ink on 0, or None when the picture has no ink.

    Raises:
        ImageError: The array is not such a picture.
    """
    return _prepare_stack([_working_grey(image)])[0]


def prepare_digits(images: Sequence[ImageU8]) -> list[ImageU8 | None]:
    """Make the model's tensors from several pictures of one glyph each.

    Consecutive pictures of one size are processed in stacks, because small pictures cost calls
    and not pixels: 28x28 pixels take a third of the time of :func:`prepare_digit`, 64x64 most
    of it.

    Args:
        images: As for :func:`prepare_digit`.

    Returns:
        For each picture the same as :func:`prepare_digit`.

    Raises:
        ImageError: An array is not such a picture.
    """
    tensors: list[ImageU8 | None] = []
    for (height, width), greys in groupby(map(_working_grey, images), attrgetter("shape")):
        most = max(1, min(_LARGEST_STACK, _STACK_PIXELS // (height * width)))
        while stack := list(islice(greys, most)):
            tensors += _prepare_stack(stack)
    return tensors


def to_grey(image: ImageU8) -> ImageU8:
    """Convert a picture to one channel.

    Transparent pixels become background: white under a dark drawing, black under a light one.

    Args:
        image: uint8 (h, w), (h, w, 1), (h, w, 3) BGR or (h, w, 4) BGRA.

    Returns:
        uint8 (h, w).

    Raises:
        ImageError: The dtype or shape is another, or there are no pixels.
    """
    if not isinstance(image, np.ndarray):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise ImageError(
            f"expected a numpy array of pixels, found {type(image).__name__}; "
            "edge_infer.read_image reads one from a file",
            code="wrong_dtype",
        )
    if image.dtype != _UINT8:
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


def make_glyph(depth_hw: ImageU8, mask_hw: ImageU8, background: int) -> ImageU8:
    """Make the model's tensor from ink that is known already.

    Args:
        depth_hw: uint8 (h, w), difference of each pixel from its background towards ink.
        mask_hw: uint8 (h, w), 1 in the ink of the glyph, 0 elsewhere; at least one pixel is 1.
        background: Depth that is not ink yet, 0-253.

    Returns:
        uint8 (28, 28), bright ink on 0.
    """
    counts = np.bincount(depth_hw[mask_hw.view(np.bool_)], minlength=256).cumsum()
    full = int(counts.searchsorted(counts[-1] * FULL_INK_SHARE))
    return fit_to_box(stretch_ink(depth_hw, mask_hw, background, max(full, background + 1)))


def fit_to_box(ink_hw: ImageU8) -> ImageU8:
    """Scale ink to the 20x20 box and place its centre of mass in the middle of 28x28 pixels.

    Args:
        ink_hw: uint8 (h, w), bright ink on 0, with at least one pixel above 0.

    Returns:
        uint8 (28, 28).
    """
    x, y, width, height = cv2.boundingRect(ink_hw)
    crop = ink_hw[y : y + height, x : x + width]
    return centre_by_mass(crop if max(height, width) == BOX_SIZE else _scale_to_box(crop))


def centre_by_mass(ink_hw: ImageU8) -> ImageU8:
    """Place ink in 28x28 pixels with its centre of mass at the pixel of index 14, as in MNIST.

    Args:
        ink_hw: uint8 (h, w), both at most 28.

    Returns:
        uint8 (28, 28). Ink that would leave the field is moved inside.
    """
    height, width = ink_hw.shape
    moments = cv2.moments(ink_hw)
    mass = moments["m00"] or 1.0
    top = _centred_start(moments["m01"], mass, height)
    left = _centred_start(moments["m10"], mass, width)
    field = np.zeros((IMAGE_SIZE, IMAGE_SIZE), np.uint8)
    field[top : top + height, left : left + width] = ink_hw
    return field


def reduce_to(grey_hw: ImageU8, longest: int) -> ImageU8:
    """Reduce a picture by averaging blocks of k x k pixels.

    Args:
        grey_hw: uint8 (h, w).
        longest: Largest height and width of the result in pixels, at least 1.

    Returns:
        uint8 (ceil(h / k), ceil(w / k)) for the smallest whole k that suffices; the picture
        itself when k is 1. Blocks across the edge are filled by repeating it.
    """
    factor = -(-max(grey_hw.shape) // longest)
    if factor <= 1:
        return grey_hw
    height, width = (-(-length // factor) for length in grey_hw.shape)
    down, right = height * factor - grey_hw.shape[0], width * factor - grey_hw.shape[1]
    if down or right:
        grey_hw = _u8(cv2.copyMakeBorder(grey_hw, 0, down, 0, right, cv2.BORDER_REPLICATE))
    # Sums of whole rows first: four times as fast as columns first. No sum exceeds uint32.
    rows = grey_hw.reshape(height, factor, -1).sum(axis=1, dtype=np.uint32)
    return _block_means(rows.reshape(height, width, factor).sum(axis=2, dtype=np.uint32), factor)


def _working_grey(image: ImageU8) -> ImageU8:
    return reduce_to(to_grey(image), WORKING_SIZE)


def _prepare_stack(greys: Sequence[ImageU8]) -> list[ImageU8 | None]:
    return [None if ink is None else fit_to_box(ink) for ink in find_ink(greys)]


def _scale_to_box(ink_hw: ImageU8) -> ImageU8:
    """Scale ink, uint8 (h, w), so that its longer side becomes that of the box."""
    crop = _widen_thin_strokes(ink_hw)
    height, width = crop.shape
    side = max(height, width)
    size = _scaled(width, side), _scaled(height, side)
    factor = -(-side // (2 * BOX_SIZE))
    if factor > 1:
        # Of a small picture, sums at every pixel in one call are faster than block sums.
        sums = cv2.boxFilter(
            crop,
            cv2.CV_32S,
            (factor, factor),
            anchor=(0, 0),
            normalize=False,
            borderType=cv2.BORDER_CONSTANT,
        )
        crop = _block_means(np.asarray(sums, np.int32)[::factor, ::factor], factor)
    if crop.shape != (size[1], size[0]):
        crop = _u8(cv2.resize(crop, size, interpolation=cv2.INTER_LINEAR_EXACT))
    return crop


def _scaled(length: int, side: int) -> int:
    """Scale a length as ``side`` to that of the box, rounded."""
    return max(1, (2 * length * BOX_SIZE + side) // (2 * side))


def _widen_thin_strokes(ink_hw: ImageU8) -> ImageU8:
    """Dilate strokes that would almost vanish when they are scaled down."""
    side = max(ink_hw.shape)
    if side <= BOX_SIZE:
        return ink_hw
    mask = (ink_hw > 127).view(np.uint8)
    area = cv2.countNonZero(mask)
    boundary = area - cv2.countNonZero(cv2.erode(mask, square(3)))
    # A stroke of width w and length l has w * l pixels, 2 * l of them on its boundary.
    width = 2 * area // max(boundary, 1)
    missing = MIN_STROKE_WIDTH * side // BOX_SIZE - width
    if missing <= 0:
        return ink_hw
    padded = cv2.copyMakeBorder(ink_hw, missing, missing, missing, missing, cv2.BORDER_CONSTANT)
    return _u8(cv2.dilate(padded, square(missing + 1)))


def _centred_start(moment: float, mass: float, length: int) -> int:
    """Return where ink starts in 28 pixels when its centre of mass comes to index 14.

    Args:
        moment: Sum of ink times its distance from the start of the ink.
        mass: Sum of ink, above 0.
        length: Length of the ink in pixels, at most 28; all of it stays inside.
    """
    # round(14 - moment / mass); exact, because all are whole numbers far below 2**53.
    wanted = int((IMAGE_SIZE * mass - 2 * moment + mass) // (2 * mass))
    return min(max(wanted, 0), IMAGE_SIZE - length)


def _block_means(sums: NDArray[np.uint32] | NDArray[np.int32], factor: int) -> ImageU8:
    area = factor * factor
    return ((sums + area // 2) // area).astype(np.uint8)


def _flatten_alpha(grey_hw: ImageU8, alpha_hw: ImageU8) -> ImageU8:
    if bool((alpha_hw == 255).all()):
        return grey_hw
    alpha = alpha_hw.astype(np.uint32)
    drawn = int((grey_hw * alpha).sum(dtype=np.uint64)) // max(int(alpha.sum(dtype=np.uint64)), 1)
    paper = 255 if drawn < 128 else 0
    return ((grey_hw * alpha + paper * (255 - alpha) + 127) // 255).astype(np.uint8)


def _u8(image: object) -> ImageU8:
    """Narrow OpenCV's result type, an array of integers or floats, to uint8."""
    return np.asarray(image, dtype=np.uint8)
