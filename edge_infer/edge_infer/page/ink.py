"""Ink apart from paper: any light, any polarity, faint pencil and thick marker.

The ground is a median over a window wider than strokes, so that it follows shadows, even
their edges, and lies neither above nor below the paper's grain. It is found on a reduced
picture; what differs from it by more than the paper's own noise is ink.

As in ``preprocess`` the operations are those that OpenCV rounds alike on every CPU;
``INTER_AREA`` is one of them where it divides by a whole number.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

ImageU8 = NDArray[np.uint8]

# The longer side of the picture on which the ground is found.
GROUND_SIZE: Final = 320
# Its window as a share of the shorter side of the picture: at first wide enough for the
# thickest strokes, then fitted to those found.
WIDE_WINDOW: Final = 0.5
WINDOW_IN_STROKES: Final = 10
MIN_WINDOW: Final = 9
# A wider one is moved over the halved picture.
WIDE: Final = 64
# A noisy picture is smoothed as long as that helps, by a Gaussian whose standard deviation
# is at most this share of the width of its strokes.
MAX_SMOOTHING: Final = 0.35
# Ink differs from the ground by so many grey levels, by this share of the ground's own
# level (in poor light everything is less), and by so many times the level that this share
# of the noise lies under: 4.5 standard deviations where it is Gaussian.
MIN_DEPTH: Final = 5
MIN_DEPTH_SHARE: Final = 0.04
NOISE_SHARE: Final = 0.98
NOISE_FACTOR: Final = 2.2
# The edges of a sheet on a desk go both ways too; but most of a picture is not edge, and the
# noise is at most so many times the median of all differences.
MOST_NOISE: Final = 12
# Of a large picture every so many rows tell how often each level is.
ROW_STEP: Final = 8


@dataclass(frozen=True, eq=False)
class Ink:
    """The ink of a picture.

    Attributes:
        depth: uint8 (h, w), how much darker (or lighter, on dark) than its ground each
            pixel is, in grey levels.
        threshold: Depth from which on a pixel is ink.
        is_dark: Whether ink is darker than its ground.
    """

    depth: ImageU8
    threshold: int
    is_dark: bool

    @property
    def mask(self) -> ImageU8:
        """uint8 (h, w): 255 where there is ink, else 0."""
        return at_least(self.depth, self.threshold)


def find_page_ink(grey_hw: ImageU8) -> Ink:
    """Tell ink from ground.

    Args:
        grey_hw: uint8 (h, w).
    """
    found = _find_ink(grey_hw, WIDE_WINDOW)
    # Strokes that fill most of the window are their own ground: then a wider one.
    is_found = cv2.minMaxLoc(found.depth)[1] >= found.threshold
    return found if is_found else _find_ink(grey_hw, 1.0)


def _find_ink(grey_hw: ImageU8, widest: float) -> Ink:
    """Tell ink from ground by windows up to a share of the picture's shorter side."""
    factor = max(1, -(-max(grey_hw.shape) // GROUND_SIZE))
    small = _reduced(grey_hw, factor)
    window = int(min(small.shape) * widest)
    darker, lighter = _differences(small, _median(small, window))
    limit = max(MIN_DEPTH, _noise_limit(darker, lighter))
    # Reducing has smoothed a large picture; in a small one the noise would be measured.
    sigma = 0.0 if factor > 1 else 1.0
    widths = [max(1.0, _stroke_width(_smoothed(one, sigma))) for one in (darker, lighter)]
    # Writing is in thin strokes; a sheet on a desk differs more, and the other way.
    dark, light = _energy(darker, limit), _energy(lighter, limit)
    is_dark = dark * widths[1] ** 2 >= light * widths[0] ** 2
    stroke = widths[0] if is_dark else widths[1]
    ground = _median(small, min(window, max(int(stroke * WINDOW_IN_STROKES), MIN_WINDOW)))
    full = _u8(cv2.resize(ground, grey_hw.shape[::-1], interpolation=cv2.INTER_LINEAR_EXACT))
    least = max(MIN_DEPTH, round(MIN_DEPTH_SHARE * float(np.median(ground))))
    limit, smoothed = _above_noise(grey_hw, full, least, MAX_SMOOTHING * stroke * factor)
    brighter, darker = (full, smoothed) if is_dark else (smoothed, full)
    return Ink(_u8(cv2.subtract(brighter, darker, dst=full)), limit, is_dark)


def _above_noise(
    grey_hw: ImageU8, ground_hw: ImageU8, least: int, most_smoothing: float
) -> tuple[int, ImageU8]:
    """Return the depth from which on a pixel is ink, and the picture smoothed for that."""
    sigma, smoothed = 0.0, grey_hw
    while True:
        limit = max(least, _noise_limit(*_differences(some_rows(smoothed), some_rows(ground_hw))))
        sigma = 2 * max(sigma, 0.5)
        if limit == least or sigma > most_smoothing:
            return limit, smoothed
        smoothed = _smoothed(grey_hw, sigma)


def _smoothed(grey_hw: ImageU8, sigma: float) -> ImageU8:
    if not sigma:
        return grey_hw
    # The binomial filter of five pixels is as wide as a Gaussian of 1, and quicker.
    size, sigma = ((5, 5), 0.0) if sigma == 1 else ((0, 0), sigma)
    return _u8(cv2.GaussianBlur(grey_hw, size, sigma))


def some_rows(image: ImageU8) -> ImageU8:
    """Return as many rows of a picture as tell its levels well enough."""
    return image[:: ROW_STEP if len(image) > GROUND_SIZE else 1]


def at_least(image: ImageU8, level: int) -> ImageU8:
    """Return 255 where a picture reaches a level, else 0."""
    return _u8(cv2.threshold(image, level - 1, 255, cv2.THRESH_BINARY)[1])


def histogram(image: ImageU8, mask: ImageU8 | None = None) -> NDArray[np.int64]:
    """Count the levels of a picture, where the mask is above 0.

    Returns:
        int64 (256,).
    """
    counts = cv2.calcHist([image], [0], mask, [256], [0, 256])
    return np.asarray(counts).ravel().astype(np.int64)


def _differences(grey_hw: ImageU8, ground_hw: ImageU8) -> tuple[ImageU8, ImageU8]:
    """Return how much darker and how much lighter than its ground each pixel is."""
    return _u8(cv2.subtract(ground_hw, grey_hw)), _u8(cv2.subtract(grey_hw, ground_hw))


def _energy(depth: ImageU8, limit: int) -> float:
    counts, levels = histogram(depth), np.arange(256)
    return float((counts[limit:] * levels[limit:] ** 2).sum())


def _noise_limit(darker: ImageU8, lighter: ImageU8) -> int:
    """Return the depth from which on a pixel is no noise.

    Noise goes both ways, ink one way: the way with less of it tells.
    """
    dark, light = histogram(darker).cumsum(), histogram(lighter).cumsum()
    pixels = int(dark[-1])
    level = min(int(np.searchsorted(one, NOISE_SHARE * pixels)) for one in (dark, light))
    # Both ways together less the pixels that differ neither way; a half lies under this.
    median = int(np.searchsorted(dark + light - pixels, pixels / 2))
    return min(int(NOISE_FACTOR * level), MOST_NOISE * (median + 1), 255)


def _stroke_width(depth: ImageU8) -> float:
    """Return the mean width of the darkest strokes: ink over half of its boundary."""
    mask = at_least(depth, max(MIN_DEPTH, int(depth.max()) // 2))
    area = cv2.countNonZero(mask)
    inner = cv2.countNonZero(cv2.erode(mask, np.ones((3, 3), np.uint8)))
    return 2 * area / max(area - inner, 1)


def _median(image_hw: ImageU8, window: int) -> ImageU8:
    if window > WIDE and min(image_hw.shape) > WIDE:
        # A wide one of the halved picture is as good, and a quarter of the work.
        median = _median(_reduced(image_hw, 2), window // 2 + 1)
        size = image_hw.shape[::-1]
        return _u8(cv2.resize(median, size, interpolation=cv2.INTER_LINEAR_EXACT))
    return _u8(cv2.medianBlur(image_hw, max(window, 3) | 1))


def _reduced(grey_hw: ImageU8, factor: int) -> ImageU8:
    if factor == 1:
        return grey_hw
    # To halve is quicker by far than to divide by another number.
    step = 2 if factor % 2 == 0 else factor
    height, width = (length // step for length in grey_hw.shape)
    # By a whole number, which is what every CPU computes alike.
    whole = grey_hw[: height * step, : width * step]
    means = _u8(cv2.resize(whole, (width, height), interpolation=cv2.INTER_AREA))
    return _reduced(means, factor // step)


def _u8(image: object) -> ImageU8:
    return np.asarray(image, np.uint8)
