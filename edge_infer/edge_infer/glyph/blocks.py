"""Pictures reduced by a whole number: integer means over blocks, the same on every CPU."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

ImageU8 = NDArray[np.uint8]


def reduce_to(grey_hw: ImageU8, longest: int) -> ImageU8:
    """Average whole blocks of pixels so that neither side exceeds ``longest``.

    Args:
        grey_hw: uint8 (h, w).
        longest: In pixels, at least 1.

    Returns:
        uint8 (ceil(h / k), ceil(w / k)) for the smallest fitting whole k; the picture
        itself when it fits already. Blocks over the edge are filled by repetition.
    """
    factor = -(-max(grey_hw.shape) // longest)
    if factor <= 1:
        return grey_hw
    return average_blocks(grey_hw, factor)


def average_blocks(grey_hw: ImageU8, factor: int) -> ImageU8:
    """Average blocks of a picture of any size; those over the edge repeat it."""
    height, width = (-(-length // factor) for length in grey_hw.shape)
    down, right = height * factor - grey_hw.shape[0], width * factor - grey_hw.shape[1]
    if down or right:
        grey_hw = np.asarray(
            cv2.copyMakeBorder(grey_hw, 0, down, 0, right, cv2.BORDER_REPLICATE), np.uint8
        )
    # Whole rows first, which is four times as fast as columns; no sum leaves uint32.
    rows = grey_hw.reshape(height, factor, -1).sum(axis=1, dtype=np.uint32)
    return _means(rows.reshape(height, width, factor).sum(axis=2, dtype=np.uint32), factor)


def average_blocks_of_glyph(ink_hw: ImageU8, factor: int) -> ImageU8:
    """Average blocks of a small picture; beyond its edge is no ink.

    One call that sums at every pixel is quicker than few sums in several calls.
    """
    sums = cv2.boxFilter(
        ink_hw,
        cv2.CV_32S,
        (factor, factor),
        anchor=(0, 0),
        normalize=False,
        borderType=cv2.BORDER_CONSTANT,
    )
    return _means(np.asarray(sums, np.int32)[::factor, ::factor], factor)


def _means(sums: NDArray[np.uint32] | NDArray[np.int32], factor: int) -> ImageU8:
    area = factor * factor
    return ((sums + area // 2) // area).astype(np.uint8)
