"""Separate ink from background in pictures of single glyphs.

The background is estimated by a morphological closing or opening with a window wider than a
stroke, so that shadows vanish. Otsu's threshold (Otsu 1979, "A threshold selection method from
gray-level histograms") separates the ink from the rest.

Pictures of one size are processed side by side in one strip, an array (h, n, w), because OpenCV
and numpy handle one wide picture faster than many small ones. One picture is a strip of n = 1.

All steps give the same bits on every CPU: integer arithmetic, and float64 arithmetic on whole
numbers below 2**53, followed by single correctly rounded operations.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Sequence
from functools import lru_cache
from typing import Final, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

# Side of the window that estimates the background, as a share of the longer side of the
# picture: wider than a stroke, narrower than a shadow.
BACKGROUND_WINDOW: Final = 0.5
# Least contrast between ink and background, in grey levels and in standard deviations of the
# background. Otsu's threshold on pure Gaussian noise gives 2.6 standard deviations.
MIN_CONTRAST: Final = 16
MIN_CONTRAST_SD: Final = 3.5
# Connected components with a smaller share of the area of all ink are specks.
MIN_COMPONENT_SHARE: Final = 0.03
# Share of the ink below the level of full ink. It is not the maximum, because one highlight
# must not decide how bright the whole glyph becomes.
FULL_INK_PERCENT: Final = 95

_LEVELS: Final = np.arange(256, dtype=np.int64)
# Levels to the powers 0, 1 and 2, (3, 256).
_POWERS: Final = np.stack((np.ones_like(_LEVELS), _LEVELS, _LEVELS**2))
_RANGES: Final = 256 * np.arange(64, dtype=np.int64)[:, np.newaxis]

ImageU8 = NDArray[np.uint8]


class InkLevels(NamedTuple):
    """What a histogram says about background and ink.

    Attributes:
        threshold: Highest level of the background, 0-254; 255 when there is no ink.
        background: Median level of the background.
        full: Level of full ink, greater than ``background``: 95 % of the ink is not above it.
    """

    threshold: int
    background: int
    full: int


_NO_INK: Final = InkLevels(255, 0, 1)


def find_ink(greys: Sequence[ImageU8]) -> list[ImageU8 | None]:
    """Separate ink from background in pictures of one size, of any polarity and illumination.

    Args:
        greys: 1-64 pictures, each uint8 (h, w).

    Returns:
        For each picture uint8 (h, w) with background 0, full ink 255 and without specks, or
        None when the picture has no ink.
    """
    depths = _ink_depths(greys)
    pictures = depths[:, :, : greys[0].shape[1]]
    levels = find_levels(_histograms(pictures))
    thresholds = np.array([one.threshold for one in levels], np.uint8)[:, np.newaxis]
    masks = (depths > thresholds).view(np.uint8)
    has_ink = [_remove_specks(masks[:, index]) for index in range(len(greys))]
    near = cv2.dilate(_flat(masks), square(3), dst=_flat(masks))
    np.multiply(_flat(depths), near, out=_flat(depths))
    return [
        _stretched(pictures[:, index], one.background, one.full) if has_ink[index] else None
        for index, one in enumerate(levels)
    ]


def find_levels(histograms: NDArray[np.int64]) -> list[InkLevels]:
    """Find the levels of background and ink in each histogram.

    Args:
        histograms: int64 (n, 256), at least one count above 0 in each row.

    Returns:
        n results.
    """
    sums = np.add.accumulate(histograms[:, np.newaxis] * _POWERS, axis=2)
    thresholds = _otsu_thresholds(sums[:, 0], sums[:, 1]).tolist()
    # Memory views: numpy's calls cost more than the work on a few single numbers.
    return [
        _describe(rows.reshape(-1).data, one) for rows, one in zip(sums, thresholds, strict=True)
    ]


def otsu_threshold(histogram: NDArray[np.int64]) -> int:
    """Find Otsu's threshold.

    Args:
        histogram: int64 (256,), at least one count above 0.

    Returns:
        Level t, 0-254, for the classes <= t and > t; the lowest of equally good ones.
    """
    sums = np.add.accumulate(histogram * _POWERS[:2], axis=1)
    return int(_otsu_thresholds(sums[:1], sums[1:])[0])


def stretch_ink(depth_hw: ImageU8, mask_hw: ImageU8, background: int, full: int) -> ImageU8:
    """Stretch ink linearly to 0-255 and set all pixels away from it to 0.

    Args:
        depth_hw: uint8 (h, w), difference of each pixel from its background towards ink.
        mask_hw: uint8 (h, w), 1 in the ink, 0 elsewhere; its neighbours are kept too.
        background: Depth that becomes 0, 0-254.
        full: Depth that becomes 255, greater than ``background``, at most 255.

    Returns:
        uint8 (h, w).
    """
    ink = _stretched(depth_hw, background, full)
    ink *= np.asarray(cv2.dilate(mask_hw, square(3)), np.uint8)
    return ink


@lru_cache(maxsize=64)
def square(side: int) -> ImageU8:
    """Return a structuring element, uint8 (side, side) of ones, shared and read-only."""
    kernel = np.ones((side, side), np.uint8)
    kernel.flags.writeable = False
    return kernel


def _ink_depths(greys: Sequence[ImageU8]) -> ImageU8:
    """Lay pictures side by side and subtract their background, a morphological top-hat.

    Returns:
        uint8 (h, n, w + gap), the difference of each pixel from its background towards ink;
        0 in the gaps.
    """
    height, width = greys[0].shape
    window = _window(height, width)
    if len(greys) == 1:
        strip = _with_dark_background(greys[0][:, np.newaxis])
        depths = np.asarray(cv2.morphologyEx(_flat(strip), cv2.MORPH_TOPHAT, window), np.uint8)
        return depths.reshape(strip.shape)
    # The gaps are as wide as the window reaches, and never the extreme in it.
    strip = np.empty((height, len(greys), width + len(window) // 2), np.uint8)
    pictures, gaps = strip[:, :, :width], strip[:, :, width:]
    for index, grey in enumerate(greys):
        pictures[:, index] = grey
    pictures[...] = _with_dark_background(pictures)
    depths = strip.copy()
    gaps[...] = 255
    cv2.erode(_flat(strip), window, dst=_flat(strip))
    gaps[...] = 0
    cv2.dilate(_flat(strip), window, dst=_flat(strip))
    depths -= strip
    depths[:, :, width:] = 0
    return depths


@lru_cache(maxsize=64)
def _window(height: int, width: int) -> ImageU8:
    """Return the structuring element that estimates the background of pictures of a size."""
    return square(max(3, int(max(height, width) * BACKGROUND_WINDOW)) | 1)


def _flat(strip_hnw: ImageU8) -> ImageU8:
    """View a strip as one picture."""
    return strip_hnw.reshape(len(strip_hnw), -1)


def _with_dark_background(strip_hnw: ImageU8) -> ImageU8:
    """Return a strip in which pictures with a light background are inverted."""
    sides = (strip_hnw[0], strip_hnw[-1], strip_hnw[:, :, 0].T, strip_hnw[:, :, -1].T)
    border = np.concatenate(sides, axis=1)
    border.sort()
    # Most of the border is above a level exactly when this pixel is.
    typical = border[:, (border.shape[1] - 1) // 2].tolist()
    light = [_is_light(strip_hnw[:, index], level) for index, level in enumerate(typical)]
    if all(light):
        return ~strip_hnw
    # The inverse of a level, 255 - level, is its bitwise complement.
    return strip_hnw ^ (255 * np.array(light, np.uint8))[:, np.newaxis]


def _is_light(grey_hw: ImageU8, level: int) -> bool:
    """Return whether a level of a picture is above its Otsu threshold, 0-254."""
    if level in {0, 255}:
        return level == 255
    darkest, lightest, _, _ = cv2.minMaxLoc(grey_hw)
    if darkest < lightest and level in {darkest, lightest}:
        # Every threshold separates the two.
        return level == lightest
    return level > otsu_threshold(np.bincount(grey_hw.ravel(), minlength=256))


def _otsu_thresholds(
    count_below: NDArray[np.int64], sum_below: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Find the thresholds, int64 (n,), of n histograms.

    Args:
        count_below: int64 (n, 256), cumulative counts.
        sum_below: int64 (n, 256), cumulative sums of counts times levels.
    """
    # All numbers are whole and below 2**53 until the square.
    count_low, sum_low = count_below.astype(np.float64), sum_below.astype(np.float64)
    count, total = count_low[:, -1:], sum_low[:, -1:]
    # Between-class variance times the square of the count, without division by an empty class.
    score = total * count_low
    score -= count * sum_low
    score *= score
    score /= np.maximum(count_low * (count - count_low), 1.0)
    best: NDArray[np.int64] = score[:, :255].argmax(axis=1)
    return best


def _describe(sums: memoryview[int], split: int) -> InkLevels:
    """Describe one histogram, or find that its highest levels are noise and not ink.

    Args:
        sums: 3 * 256 cumulative sums: of counts, and of counts times levels and squared levels.
        split: Otsu's threshold.
    """
    background_count, background_sum, background_squares = (
        sums[split],
        sums[256 + split],
        sums[512 + split],
    )
    ink_count = sums[255] - background_count
    if not ink_count or not background_count:
        return _NO_INK
    mean = background_sum / background_count
    contrast = (sums[511] - background_sum) / ink_count - mean
    deviation = math.sqrt(max(background_squares / background_count - mean * mean, 0.0))
    if contrast < max(MIN_CONTRAST, MIN_CONTRAST_SD * deviation):
        return _NO_INK
    # Counts at which the levels are reached, rounded up.
    half, most = (background_count + 1) // 2, -(-ink_count * FULL_INK_PERCENT // 100)
    background = bisect_left(sums, half, 0, split)
    full = bisect_left(sums, background_count + most, split, 255)
    return InkLevels(split, background, max(full, background + 1))


def _remove_specks(mask_hw: ImageU8) -> bool:
    """Remove small components from a mask of 0 and 1, in place; return whether any is left."""
    count, labels = cv2.connectedComponents(mask_hw, connectivity=8)
    if count <= 2:
        return count == 2
    labels_hw = np.asarray(labels, np.int32)
    areas = np.bincount(labels_hw.ravel())
    areas[0] = 0
    keep = areas >= MIN_COMPONENT_SHARE * float(areas.sum())
    keep[0] = False
    mask_hw[...] = keep.view(np.uint8).take(labels_hw)
    return bool(keep.any())


@lru_cache(maxsize=1024)
def _stretch_table(background: int, full: int) -> ImageU8:
    """Return the look-up table, uint8 (256,), of a linear stretch to 0-255, read-only."""
    span = full - background
    stretched = ((_LEVELS - background) * 255 + span // 2) // span
    table = np.clip(stretched, 0, 255).astype(np.uint8)
    table.flags.writeable = False
    return table


def _stretched(depth_hw: ImageU8, background: int, full: int) -> ImageU8:
    return np.asarray(cv2.LUT(depth_hw, _stretch_table(background, full)), np.uint8)


def _histograms(strip_hnw: ImageU8) -> NDArray[np.int64]:
    """Count the levels of each picture, int64 (n, 256)."""
    count = strip_hnw.shape[1]
    # A range of 256 values of its own for each picture.
    values = strip_hnw if count == 1 else strip_hnw + _RANGES[:count]
    return np.bincount(values.ravel(), minlength=256 * count).reshape(count, 256)
