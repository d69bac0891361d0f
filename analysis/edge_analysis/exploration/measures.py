"""Measures of single pictures and of classes: ink, size, slant, mean and variance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
# Pictures per block, which limits the memory of the float64 copy.
_BLOCK: Final = 4096
# A single row of ink has a variance of this size from rounding alone.
_MIN_VARIANCE: Final = 1e-6


@dataclass(frozen=True, eq=False, kw_only=True)
class GlyphMeasures:
    """Measures of each picture, float64 (n,); NaN where they are undefined.

    The ink is the sum of all pixels as a share of a picture of 255 everywhere, 0-100; width and
    height are those of the bounding box of all pixels above 0; the slant is positive to the right
    as in "/", 0 for upright strokes.
    """

    ink_percent: Floats
    width_px: Floats
    height_px: Floats
    slant_degrees: Floats


@dataclass(frozen=True)
class Spread:
    """Number of defined values of a measure, their mean and percentiles."""

    n: int
    mean: float
    p5: float
    p25: float
    p50: float
    p75: float
    p95: float


@dataclass(frozen=True, eq=False, kw_only=True)
class ClassImages:
    """Mean and variance of the grey levels 0-255 of each pixel, float64 (classes, h, w).

    They are 0 for a class without pictures.
    """

    mean: Floats
    variance: Floats


def measure_glyphs(images: NDArray[np.uint8]) -> GlyphMeasures:
    """Measure pictures.

    The slant is the shear angle of the second moments, as used for slant removal (LeCun et al.
    1998): the arc tangent of the covariance of x and y divided by the variance of y.

    Args:
        images: uint8 (n, h, w), bright foreground on 0.
    """
    n, height, width = images.shape
    sums = np.concatenate(
        [_moments(images[start : start + _BLOCK]) for start in range(0, n, _BLOCK)]
    )
    return GlyphMeasures(
        ink_percent=sums[:, 0] / (2.55 * height * width),
        width_px=_extents(images.max(axis=1) > 0),
        height_px=_extents(images.max(axis=2) > 0),
        slant_degrees=_slants(sums),
    )


def class_images(images: NDArray[np.uint8], labels: NDArray[np.int64], classes: int) -> ClassImages:
    """Compute mean and variance of each pixel by class: uint8 (n, h, w) and int64 (n,) labels."""
    mean = np.zeros((classes, *images.shape[1:]))
    variance = np.zeros_like(mean)
    for label in np.unique(labels):
        of_class = images[labels == label].astype(np.float32)
        mean[label] = of_class.mean(axis=0, dtype=np.float64)
        variance[label] = of_class.var(axis=0, dtype=np.float64)
    return ClassImages(mean=mean, variance=variance)


def spread(values: Floats) -> Spread | None:
    """Summarise values without NaN; None if there are none."""
    defined = values[np.isfinite(values)]
    if not defined.size:
        return None
    percentiles = np.percentile(defined, (5, 25, 50, 75, 95)).tolist()
    return Spread(defined.size, float(defined.mean()), *percentiles)


def spread_by_class(
    values: Floats, labels: NDArray[np.int64], classes: int
) -> tuple[Spread | None, ...]:
    """Summarise the values, float64 (n,) with NaN where undefined, of each class."""
    return tuple(spread(values[labels == label]) for label in range(classes))


def _moments(images: NDArray[np.uint8]) -> Floats:
    """Return the sums over the ink of 1, x, y, xy and y², relative to the centre: (n, 5)."""
    n, height, width = images.shape
    y, x = np.mgrid[:height, :width] - np.array([height - 1, width - 1])[:, None, None] / 2
    terms = np.stack([np.ones_like(x), x, y, x * y, y * y], axis=-1)
    return np.asarray(images.reshape(n, -1).astype(np.float64) @ terms.reshape(height * width, 5))


def _slants(sums: Floats) -> Floats:
    with np.errstate(invalid="ignore", divide="ignore"):
        x, y, xy, yy = sums[:, 1:].T / sums[:, 0]
        variance = yy - y * y
        # The y axis points down: strokes that lean to the right have a negative covariance.
        slants = np.degrees(np.arctan2(x * y - xy, variance))
    return np.where(variance > _MIN_VARIANCE, slants, np.nan)


def _extents(occupied: NDArray[np.bool_]) -> Floats:
    """Return the number of elements from the first to the last True of each row, NaN for none."""
    length = occupied.shape[1]
    spans = length - occupied.argmax(axis=1) - occupied[:, ::-1].argmax(axis=1)
    return np.where(occupied.any(axis=1), spans.astype(np.float64), np.nan)
