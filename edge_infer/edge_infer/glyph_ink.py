"""Ink told from ground in a picture, or in a stack of pictures of one size at once.

On 28x28 pixels it is the number of calls that costs, not the pixels: in a stack of 64 a
picture takes half of the time that it takes alone. What becomes of it is the same, whatever
lies beside it.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_infer.levels import Split, otsu_threshold, split_levels, stretch_table

# The ground is estimated over windows of this fraction of the longer side: wider than
# any stroke, narrower than a shadow.
GROUND_WINDOW: Final = 0.5
# Grey levels between ink and ground under which a picture counts as empty, and the
# same in standard deviations of the ground: an even split of pure noise gives 2.6.
MIN_CONTRAST: Final = 16
MIN_CONTRAST_SD: Final = 3.5
# Connected pieces with less than this share of all ink are specks.
MIN_PIECE_SHARE: Final = 0.03

# In a stack a picture is framed by what its window reaches. Where that is much more than the
# picture, as around a strip, or more than a core's second cache holds, a stack gains nothing.
_MOST_FRAME: Final = 4
_MOST_FRAMED_PIXELS: Final = 128 * 1024
_LARGEST_STACK: Final = 64

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
    kernel = square(_window(*grey_hw.shape))
    turned = ~grey_hw if is_light_ground(grey_hw) else grey_hw
    depth = np.asarray(cv2.morphologyEx(turned, cv2.MORPH_TOPHAT, kernel), np.uint8)
    return _ink_of(depth, *split_levels(_histogram(depth)[np.newaxis]))


def find_inks(greys_nhw: ImageU8) -> list[ImageU8 | None]:
    """Do as :func:`find_ink` does, with each picture of a stack: uint8 (n, h, w), n at least 1."""
    # 255 less a level is its bits turned over.
    turn = np.array([255 * is_light for is_light in _are_light_grounds(greys_nhw)], np.uint8)
    depths = greys_nhw ^ turn[:, np.newaxis, np.newaxis]
    window = _window(*greys_nhw.shape[1:])
    depths -= _slide(_slide(depths, window, np.minimum, 255), window, np.maximum, 0)
    splits = split_levels(np.stack([_histogram(depth) for depth in depths]))
    return [_ink_of(depth, split) for depth, split in zip(depths, splits, strict=True)]


def stack_size(height: int, width: int) -> int:
    """Return how many pictures of a size :func:`find_inks` should be given at most.

    Returns:
        1 where they are better served one by one, by :func:`find_ink`.
    """
    margin = 2 * (_window(height, width) // 2)
    framed = (height + margin) * (width + margin)
    if framed > _MOST_FRAME * height * width:
        return 1
    return max(1, min(_LARGEST_STACK, _MOST_FRAMED_PIXELS // framed))


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


def _window(height: int, width: int) -> int:
    return max(3, int(max(height, width) * GROUND_WINDOW)) | 1


def _histogram(image_hw: ImageU8) -> NDArray[np.int64]:
    return np.bincount(image_hw.ravel(), minlength=256)


def _ink_of(depth_hw: ImageU8, split: Split) -> ImageU8 | None:
    if split.contrast < max(MIN_CONTRAST, MIN_CONTRAST_SD * split.deviation):
        return None
    kept = _without_specks((depth_hw > split.threshold).view(np.uint8))
    if not cv2.countNonZero(kept):
        return None
    return stretch_ink(depth_hw, kept, split.ground, split.full)


def _without_specks(mask_hw: ImageU8) -> ImageU8:
    count, labels_hw = cv2.connectedComponents(mask_hw, connectivity=8)
    if count <= 2:
        return mask_hw
    labels: NDArray[np.int32] = np.asarray(labels_hw, np.int32)
    areas = np.bincount(labels.ravel())
    areas[0] = 0
    keep = (areas >= MIN_PIECE_SHARE * float(areas.sum())).astype(np.uint8)
    return keep.take(labels)


def _are_light_grounds(greys_nhw: ImageU8) -> list[bool]:
    """Do as :func:`is_light_ground` does, with each picture of a stack."""
    sides = (greys_nhw[:, 0], greys_nhw[:, -1], greys_nhw[:, :, 0], greys_nhw[:, :, -1])
    border = np.concatenate(sides, axis=1)
    border.sort(axis=1)
    typical = border[:, (border.shape[1] - 1) // 2].tolist()
    pixels = greys_nhw.reshape(len(greys_nhw), -1)
    extremes = (typical, pixels.min(axis=1).tolist(), pixels.max(axis=1).tolist())
    return [
        level == lightest
        if darkest < lightest and level in {darkest, lightest}
        else is_light_ground(grey)
        for grey, level, darkest, lightest in zip(greys_nhw, *extremes, strict=True)
    ]


def _slide(images_nhw: ImageU8, side: int, extreme: np.ufunc, beyond: int) -> ImageU8:
    """Take the extreme over the square around each pixel, as ``cv2.erode`` and ``dilate`` do.

    Windows are doubled until they are as wide as wanted, over all pictures as one row of
    pixels: what runs from one line into the next lands in the margin, which is left out.

    Args:
        images_nhw: uint8 (n, h, w).
        side: Of the square, odd.
        extreme: ``np.minimum`` or ``np.maximum``.
        beyond: What stands beyond the edge.

    Returns:
        uint8 (n, h, w), a view of something larger.
    """
    count, height, width = images_nhw.shape
    margin = side // 2
    line, lines = width + 2 * margin, height + 2 * margin
    framed = np.full((count, lines, line), beyond, np.uint8)
    framed[:, margin : margin + height, margin : margin + width] = images_nhw
    row = framed.reshape(-1)
    for step in (1, line):
        covered = 1
        while covered < side:
            more = min(covered, side - covered)
            row = extreme(row[: -more * step], row[more * step :])
            covered += more
    return np.ndarray(images_nhw.shape, np.uint8, row, strides=(lines * line, line, 1))
