"""Principal components of the pictures, and the nearest neighbours in each class."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from sklearn.decomposition import PCA
from sklearn.neighbors import NearestNeighbors

from edge_analysis.report_folder import Progress

DIMENSIONS: Final = 40
NONE: Final = -1
# Enough pictures to fit the principal components; all pictures are projected.
_MAX_FITTED: Final = 10_000


@dataclass(frozen=True, eq=False, kw_only=True)
class Projection:
    """Pictures as points in few dimensions, float32 (n, k).

    A distance between two points is at most that between the pictures, for pixels in 0-1.
    ``variance_kept`` is the share of the variance in the k dimensions; 1 for equal pictures.
    """

    points: NDArray[np.float32]
    variance_kept: float


@dataclass(frozen=True, eq=False, kw_only=True)
class Neighbours:
    """The nearest other picture of the own class, and of any other class, of n pictures.

    Labels and indices of the nearest pictures are int64 (n,), distances float32 (n,). Without such
    a picture the index is :data:`NONE` and the distance infinite.
    """

    labels: NDArray[np.int64]
    own_distance: NDArray[np.float32]
    own_nearest: NDArray[np.int64]
    other_distance: NDArray[np.float32]
    other_nearest: NDArray[np.int64]


def project(images: NDArray[np.uint8], dimensions: int = DIMENSIONS) -> Projection:
    """Project pictures, uint8 (n, h, w), on their principal components (Pearson 1901)."""
    flat = images.reshape(len(images), -1)
    sample = _pixels(flat[evenly_spaced(len(flat), _MAX_FITTED)])
    n, pixels = sample.shape
    solver = "covariance_eigh" if n > pixels else "full"
    pca = PCA(min(dimensions, n, pixels), svd_solver=solver)
    with np.errstate(invalid="ignore"):
        pca.fit(sample)
    kept = float(pca.explained_variance_ratio_.sum())
    return Projection(
        points=np.asarray(pca.transform(_pixels(flat)), np.float32),
        variance_kept=min(kept, 1.0) if np.isfinite(kept) else 1.0,
    )


def evenly_spaced(n: int, most: int) -> NDArray[np.int64]:
    """Choose up to ``most`` of the indices 0 to n - 1 at even distances, int64 (m,)."""
    count = min(n, most)
    return np.arange(count) * n // count


def find_neighbours(
    points: NDArray[np.float32], labels: NDArray[np.int64], progress: Progress
) -> Neighbours:
    """Find the nearest neighbours of n points, float32 (n, k), themselves left out."""
    own_distance, other_distance = np.full((2, len(points)), np.inf, np.float32)
    own_nearest, other_nearest = np.full((2, len(points)), NONE, np.int64)
    classes = np.unique(labels)
    for done, label in enumerate(classes):
        progress("comparing pictures", done, len(classes))
        own, others = np.flatnonzero(labels == label), np.flatnonzero(labels != label)
        search = NearestNeighbors(n_neighbors=1, algorithm="brute").fit(points[own])
        if own.size > 1:
            # Without an argument each fitted point itself is left out.
            found, at = search.kneighbors()
            own_distance[own], own_nearest[own] = found[:, 0], own[at[:, 0]]
        if others.size:
            found, at = search.kneighbors(points[others])
            closer = found[:, 0] < other_distance[others]
            rows = others[closer]
            other_distance[rows], other_nearest[rows] = found[closer, 0], own[at[closer, 0]]
    return Neighbours(
        labels=labels,
        own_distance=own_distance,
        own_nearest=own_nearest,
        other_distance=other_distance,
        other_nearest=other_nearest,
    )


def _pixels(flat: NDArray[np.uint8]) -> NDArray[np.float32]:
    return flat.astype(np.float32) / np.float32(255)
