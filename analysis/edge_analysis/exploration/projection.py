"""Pictures as points of few dimensions, in which distances are quick to compute.

Principal components (Pearson 1901) keep as much of the distances between pictures as so
few numbers can; a distance between projections is never more than between the pictures.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

DIMENSIONS: Final = 40
# Enough to find the directions by; all pictures are projected.
_FITTED: Final = 10_000
_BLOCK: Final = 4096


@dataclass(frozen=True, eq=False, kw_only=True)
class Projection:
    """Projected pictures.

    Attributes:
        points: float32 (n, k); distances in pixels of 0-1.
        variance_kept: Share of the pictures' variance that the k dimensions hold, 0-1; 1
            where all pictures are the same.
    """

    points: NDArray[np.float32]
    variance_kept: float


def project(images: NDArray[np.uint8], dimensions: int = DIMENSIONS) -> Projection:
    """Project pictures on their principal components.

    Args:
        images: uint8 (n, h, w).
        dimensions: Most that are kept.
    """
    flat = images.reshape(len(images), -1)
    sample = _pixels(flat[evenly_spaced(len(flat), _FITTED)])
    mean = sample.mean(axis=0)
    sample -= mean
    # Eigenvectors of the covariance are the sample's right singular vectors, found sooner.
    variances, directions = np.linalg.eigh(sample.T @ sample)
    kept = slice(-1, -1 - dimensions, -1)
    axes = directions[:, kept]
    total = float(variances.sum())
    return Projection(
        points=np.concatenate(
            [
                (_pixels(flat[start : start + _BLOCK]) - mean) @ axes
                for start in range(0, len(flat), _BLOCK)
            ]
        ),
        variance_kept=min(float(variances[kept].sum()) / total, 1.0) if total > 0 else 1.0,
    )


def evenly_spaced(n: int, most: int) -> NDArray[np.int64]:
    """Choose indices of 0 to n - 1 at even distances: all, or ``most`` of them."""
    count = min(n, most)
    return np.arange(count) * n // count


def _pixels(flat: NDArray[np.uint8]) -> NDArray[np.float32]:
    return flat.astype(np.float32) / np.float32(255)
