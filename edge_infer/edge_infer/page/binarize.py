"""Separate ink from its background, in any light and of either polarity.

The background of each pixel is a median over a window wider than the strokes. A median follows
shadows and their edges, and is not biased by the grain of the paper. It is computed on a reduced
picture. Pixels that differ from the background by more than the noise of the paper are ink.

Only operations are used that OpenCV rounds alike on every CPU. ``INTER_AREA`` is one of them for
whole-number factors.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

ImageU8 = NDArray[np.uint8]

# The longer side, in pixels, of the picture on which the background is computed.
BACKGROUND_SIZE: Final = 320
# The first window, as a fraction of the shorter side of the picture, is wide enough for the
# thickest strokes. The second is a multiple of the stroke width found, at least MIN_WINDOW pixels.
WIDE_WINDOW: Final = 0.5
WINDOW_IN_STROKES: Final = 10
MIN_WINDOW: Final = 9
# The median of a wider window, in pixels, is computed on a picture of half the size.
WIDE: Final = 64
# A noisy picture is smoothed by a Gaussian as long as that helps. Its standard deviation is at
# most this fraction of the stroke width.
MAX_SMOOTHING: Final = 0.35
# The contrast of ink is at least this many grey levels, this fraction of the background's grey
# level (contrasts are lower in poor light), and this multiple of the NOISE_QUANTILE of the noise,
# which is 4.5 standard deviations of Gaussian noise.
MIN_CONTRAST: Final = 5
MIN_CONTRAST_SHARE: Final = 0.04
NOISE_QUANTILE: Final = 0.98
NOISE_FACTOR: Final = 2.2
# The edges of a sheet on a desk have both polarities, like noise. They are a small part of the
# picture, so the noise is limited to this multiple of the median of all differences.
MAX_NOISE_FACTOR: Final = 12
# Histograms of a large picture are computed on every n-th row.
ROW_STEP: Final = 8


@dataclass(frozen=True, eq=False)
class Ink:
    """The ink of a picture.

    Attributes:
        contrast: uint8 (h, w), how many grey levels each pixel is darker than its background, or
            lighter for light ink.
        threshold: Pixels with at least this contrast are ink.
        is_dark: Whether ink is darker than its background.
    """

    contrast: ImageU8
    threshold: int
    is_dark: bool

    @property
    def mask(self) -> ImageU8:
        """uint8 (h, w), 255 for ink, else 0."""
        return at_least(self.contrast, self.threshold)

    def rotated(self, quarters: int) -> Ink:
        """Return the ink of the picture rotated clockwise."""
        return replace(self, contrast=np.ascontiguousarray(np.rot90(self.contrast, -quarters)))


def find_ink(grey_hw: ImageU8) -> Ink:
    """Separate ink from its background.

    Args:
        grey_hw: uint8 (h, w).
    """
    found = _find_ink(grey_hw, WIDE_WINDOW)
    # Strokes that fill most of the window count as background: a wider window finds them.
    is_found = cv2.minMaxLoc(found.contrast)[1] >= found.threshold
    return found if is_found else _find_ink(grey_hw, 1.0)


def _find_ink(grey_hw: ImageU8, max_window: float) -> Ink:
    """Separate ink with windows up to a fraction of the shorter side of the picture."""
    factor = max(1, -(-max(grey_hw.shape) // BACKGROUND_SIZE))
    small = _reduced(grey_hw, factor)
    window = int(min(small.shape) * max_window)
    darker, lighter = _differences(small, _median(small, window))
    limit = max(MIN_CONTRAST, _noise_limit(darker, lighter))
    # Reduction has smoothed a large picture. In a small one the width of noise would be measured.
    sigma = 0.0 if factor > 1 else 1.0
    widths = [max(1.0, _stroke_width(_smoothed(one, sigma))) for one in (darker, lighter)]
    # Strokes of writing are thin. A sheet on a desk has more energy of the other polarity.
    dark, light = _energy(darker, limit), _energy(lighter, limit)
    is_dark = dark * widths[1] ** 2 >= light * widths[0] ** 2
    stroke = widths[0] if is_dark else widths[1]
    background = _median(small, min(window, max(int(stroke * WINDOW_IN_STROKES), MIN_WINDOW)))
    size = grey_hw.shape[::-1]
    full = _u8(cv2.resize(background, size, interpolation=cv2.INTER_LINEAR_EXACT))
    least = max(MIN_CONTRAST, round(MIN_CONTRAST_SHARE * float(np.median(background))))
    limit, smoothed = _above_noise(grey_hw, full, least, MAX_SMOOTHING * stroke * factor)
    brighter, darker = (full, smoothed) if is_dark else (smoothed, full)
    return Ink(_u8(cv2.subtract(brighter, darker, dst=full)), limit, is_dark)


def _above_noise(
    grey_hw: ImageU8, background_hw: ImageU8, least: int, max_sigma: float
) -> tuple[int, ImageU8]:
    """Return the contrast threshold for ink, and the picture smoothed for it."""
    sigma, smoothed = 0.0, grey_hw
    while True:
        differences = _differences(some_rows(smoothed), some_rows(background_hw))
        limit = max(least, _noise_limit(*differences))
        sigma = 2 * max(sigma, 0.5)
        if limit == least or sigma > max_sigma:
            return limit, smoothed
        smoothed = _smoothed(grey_hw, sigma)


def _smoothed(grey_hw: ImageU8, sigma: float) -> ImageU8:
    if not sigma:
        return grey_hw
    # The binomial filter of five pixels is as wide as a Gaussian of sigma 1, and faster.
    size, sigma = ((5, 5), 0.0) if sigma == 1 else ((0, 0), sigma)
    return _u8(cv2.GaussianBlur(grey_hw, size, sigma))


def some_rows(image: ImageU8) -> ImageU8:
    """Return a sample of the rows of a picture, uint8 (n, w), for its histogram."""
    return image[:: ROW_STEP if len(image) > BACKGROUND_SIZE else 1]


def at_least(image: ImageU8, level: int) -> ImageU8:
    """Return uint8 (h, w), 255 where a picture has at least a level, else 0."""
    return _u8(cv2.threshold(image, level - 1, 255, cv2.THRESH_BINARY)[1])


def histogram(image: ImageU8, mask: ImageU8 | None = None) -> NDArray[np.int64]:
    """Count the grey levels of a picture where the mask is above 0.

    Args:
        image: uint8 (h, w).
        mask: uint8 (h, w); None for all pixels.

    Returns:
        int64 (256,).
    """
    counts = cv2.calcHist([image], [0], mask, [256], [0, 256])
    return np.asarray(counts).ravel().astype(np.int64)


def _differences(grey_hw: ImageU8, background_hw: ImageU8) -> tuple[ImageU8, ImageU8]:
    """Return by how much each pixel is darker, and lighter, than its background."""
    return _u8(cv2.subtract(background_hw, grey_hw)), _u8(cv2.subtract(grey_hw, background_hw))


def _energy(contrast: ImageU8, limit: int) -> float:
    """Return the sum of squared contrasts from a limit on."""
    counts, levels = histogram(contrast), np.arange(256)
    return float((counts[limit:] * levels[limit:] ** 2).sum())


def _noise_limit(darker: ImageU8, lighter: ImageU8) -> int:
    """Return the contrast that noise does not reach.

    Noise has both polarities and ink has one, so the polarity with less contrast is noise.
    """
    dark, light = histogram(darker).cumsum(), histogram(lighter).cumsum()
    pixels = int(dark[-1])
    level = min(int(np.searchsorted(one, NOISE_QUANTILE * pixels)) for one in (dark, light))
    # The counts of both polarities, less the pixels without a difference, which are in both.
    median = int(np.searchsorted(dark + light - pixels, pixels / 2))
    return min(int(NOISE_FACTOR * level), MAX_NOISE_FACTOR * (median + 1), 255)


def _stroke_width(contrast: ImageU8) -> float:
    """Return the mean width of the strongest strokes: their area over half of their boundary."""
    mask = at_least(contrast, max(MIN_CONTRAST, int(contrast.max()) // 2))
    area = cv2.countNonZero(mask)
    inner = cv2.countNonZero(cv2.erode(mask, np.ones((3, 3), np.uint8)))
    return 2 * area / max(area - inner, 1)


def _median(image_hw: ImageU8, window: int) -> ImageU8:
    if window > WIDE and min(image_hw.shape) > WIDE:
        # The median of the halved picture is as good for a quarter of the work.
        median = _median(_reduced(image_hw, 2), window // 2 + 1)
        size = image_hw.shape[::-1]
        return _u8(cv2.resize(median, size, interpolation=cv2.INTER_LINEAR_EXACT))
    return _u8(cv2.medianBlur(image_hw, max(window, 3) | 1))


def _reduced(grey_hw: ImageU8, factor: int) -> ImageU8:
    if factor == 1:
        return grey_hw
    # Halving is much faster than division by another number.
    step = 2 if factor % 2 == 0 else factor
    height, width = (length // step for length in grey_hw.shape)
    # Cropped to a multiple, since only whole-number factors give the same bits on every CPU.
    whole = grey_hw[: height * step, : width * step]
    means = _u8(cv2.resize(whole, (width, height), interpolation=cv2.INTER_AREA))
    return _reduced(means, factor // step)


def _u8(image: object) -> ImageU8:
    return np.asarray(image, np.uint8)
