"""How much ink a picture holds, how large the ink is, and how it leans."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
# Pictures taken at a time, so that a large set needs no second copy in float64.
_BLOCK: Final = 4096


@dataclass(frozen=True, eq=False, kw_only=True)
class GlyphMeasures:
    """Of each picture; NaN where there is no ink to measure.

    Attributes:
        ink_percent: Sum of all pixels as a share of a picture that is ink all over, 0-100.
        width_px: Of the box around all pixels above 0.
        height_px: Likewise.
        slant_degrees: Lean of the strokes, positive to the right as in "/"; 0 is upright.
    """

    ink_percent: Floats
    width_px: Floats
    height_px: Floats
    slant_degrees: Floats


def measure_glyphs(images: NDArray[np.uint8]) -> GlyphMeasures:
    """Measure pictures.

    The slant is the shear that second moments show, as used to set writing upright
    (LeCun et al. 1998): the arc tangent of the covariance of x and y over the variance
    of y.

    Args:
        images: uint8 (n, h, w), bright ink on 0.
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


def _moments(images: NDArray[np.uint8]) -> Floats:
    """Return sums over ink of 1, x, y, xy and y², x and y from the middle: (n, 5)."""
    n, height, width = images.shape
    y, x = np.mgrid[:height, :width] - np.array([height - 1, width - 1])[:, None, None] / 2
    terms = np.stack([np.ones_like(x), x, y, x * y, y * y], axis=-1)
    return np.asarray(images.reshape(n, -1).astype(np.float64) @ terms.reshape(height * width, 5))


def _slants(sums: Floats) -> Floats:
    with np.errstate(invalid="ignore", divide="ignore"):
        x, y, xy, yy = sums[:, 1:].T / sums[:, 0]
        variance = yy - y * y
        # y grows downwards: what leans to the right has a falling x. A single row of ink
        # has a variance that is rounding alone.
        slants = np.degrees(np.arctan2(x * y - xy, variance))
    return np.where(variance > 1e-6, slants, np.nan)


def _extents(occupied: NDArray[np.bool_]) -> Floats:
    """Return the distance from the first to the last True, both counted: (n, l) to (n,)."""
    length = occupied.shape[1]
    spans = length - occupied.argmax(axis=1) - occupied[:, ::-1].argmax(axis=1)
    return np.where(occupied.any(axis=1), spans.astype(np.float64), np.nan)
