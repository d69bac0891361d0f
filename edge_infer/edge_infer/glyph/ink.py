"""Ink told from ground in a picture of one glyph."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_infer.glyph.levels import Split, otsu_threshold, split_levels, stretch_table

# The ground is estimated over windows of this fraction of the longer side: wider than
# any stroke, narrower than a shadow.
GROUND_WINDOW: Final = 0.5
# Grey levels between ink and ground under which a picture counts as empty, and the
# same in standard deviations of the ground: an even split of pure noise gives 2.6.
MIN_CONTRAST: Final = 16
MIN_CONTRAST_SD: Final = 3.5
# Connected pieces with less than this share of all ink are specks.
MIN_PIECE_SHARE: Final = 0.03

ImageU8 = NDArray[np.uint8]


def find_ink(grey_hw: ImageU8) -> ImageU8 | None:
    """Tell ink from ground, whatever the polarity, shade and light.

    The ground is the picture closed (or opened, under light ink) by a window wider than
    a stroke, so that shadows vanish; Otsu's threshold (1979) parts ink from what is left.

    Args:
        grey_hw: uint8 (h, w).

    Returns:
        uint8 (h, w): ground 0, full ink 255; specks removed. None when there is no ink.
    """
    kernel = square(ground_window(*grey_hw.shape))
    turned = ~grey_hw if is_light_ground(grey_hw) else grey_hw
    depth = np.asarray(cv2.morphologyEx(turned, cv2.MORPH_TOPHAT, kernel), np.uint8)
    (split,) = split_levels(_histogram(depth)[np.newaxis])
    if not holds_ink(split):
        return None
    kept = _without_specks((depth > split.threshold).view(np.uint8))
    if not cv2.countNonZero(kept):
        return None
    return stretch_ink(depth, kept, split.ground, split.full)


def is_light_ground(grey_hw: ImageU8) -> bool:
    """Tell dark-on-light from light-on-dark by what most of the border is made of.

    Args:
        grey_hw: uint8 (h, w).

    Returns:
        Whether most border pixels lie above the picture's Otsu threshold.
    """
    border = np.concatenate((grey_hw[0], grey_hw[-1], grey_hw[:, 0], grey_hw[:, -1]))
    border.sort()
    # More than half of the border lies above a level when this pixel of it does.
    typical = int(border[(border.size - 1) // 2])
    darkest, lightest, _, _ = cv2.minMaxLoc(grey_hw)
    if darkest < lightest and typical in {darkest, lightest}:
        # Otsu's threshold parts the two, wherever it lies: no need to look for it.
        return typical == lightest
    return typical > otsu_threshold(_histogram(grey_hw))


def ground_window(height: int, width: int) -> int:
    """Return the side, odd, of the window over which a picture's ground is estimated."""
    return max(3, int(max(height, width) * GROUND_WINDOW)) | 1


def holds_ink(split: Split) -> bool:
    """Tell whether what lies above the threshold is ink, and not the noise of the ground."""
    return split.contrast >= max(MIN_CONTRAST, MIN_CONTRAST_SD * split.deviation)


@lru_cache(maxsize=64)
def square(side: int) -> ImageU8:
    """Return the structuring element of ``side`` x ``side`` pixels, shared, so read-only."""
    kernel = np.ones((side, side), np.uint8)
    kernel.flags.writeable = False
    return kernel


def stretch_ink(depth_hw: ImageU8, mask_hw: ImageU8, ground: int, full: int) -> ImageU8:
    """Bring ink to 0-255, and all that is not next to it to 0.

    Args:
        depth_hw: uint8 (h, w), how much each pixel differs from its ground towards ink.
        mask_hw: uint8 (h, w), 1 in the ink, 0 elsewhere.
        ground: Depth that is no ink yet, 0-254.
        full: Depth from which on it is full ink, above ``ground``, at most 255.

    Returns:
        uint8 (h, w).
    """
    ink = np.asarray(cv2.LUT(depth_hw, stretch_table(ground, full)), np.uint8)
    ink *= np.asarray(cv2.dilate(mask_hw, square(3)), np.uint8)
    return ink


def _histogram(image_hw: ImageU8) -> NDArray[np.int64]:
    return np.bincount(image_hw.ravel(), minlength=256)


def _without_specks(mask_hw: ImageU8) -> ImageU8:
    count, labels_hw = cv2.connectedComponents(mask_hw, connectivity=8)
    if count <= 2:
        return mask_hw
    labels: NDArray[np.int32] = np.asarray(labels_hw, np.int32)
    areas = np.bincount(labels.ravel())
    areas[0] = 0
    keep = (areas >= MIN_PIECE_SHARE * float(areas.sum())).astype(np.uint8)
    return keep.take(labels)
