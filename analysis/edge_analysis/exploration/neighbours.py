"""Principal components of the pictures, and the nearest neighbours in each class."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
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
    """Pictures as points in few dimensions.

    A distance between two points is at most the distance between the pictures.

    Attributes:
        points: float32 (n, k); distances are those of pixels in 0-1.
        variance_kept: Share of the variance in the k dimensions, 0-1; 1 for equal pictures.
    """

    points: NDArray[np.float32]
    variance_kept: float


@dataclass(frozen=True, eq=False, kw_only=True)
class Neighbours:
    """The nearest other picture of every class to each of n pictures.

    Attributes:
        labels: int64 (n,), class indices.
        distances: float32 (n, classes); infinite if a class has no other picture.
        nearest: int64 (n, classes), index of the nearest picture; :data:`NONE` for none.
    """

    labels: NDArray[np.int64]
    distances: NDArray[np.float32]
    nearest: NDArray[np.int64]

    @cached_property
    def own_distance(self) -> NDArray[np.float32]:
        """Distance to the nearest picture of the same class, float32 (n,)."""
        return self.distances[np.arange(len(self.labels)), self.labels]

    @cached_property
    def other_class(self) -> NDArray[np.int64]:
        """Nearest other class, int64 (n,); arbitrary if no other class has a picture."""
        distances = self.distances.copy()
        distances[np.arange(len(distances)), self.labels] = np.inf
        return np.asarray(distances.argmin(axis=1))

    @cached_property
    def other_distance(self) -> NDArray[np.float32]:
        """Distance to the nearest picture of another class, float32 (n,)."""
        distances = self.distances[np.arange(len(self.labels)), self.other_class]
        return np.where(self.other_class == self.labels, np.float32(np.inf), distances)


def project(images: NDArray[np.uint8], dimensions: int = DIMENSIONS) -> Projection:
    """Project pictures on their principal components (Pearson 1901).

    Args:
        images: uint8 (n, h, w).
        dimensions: Largest number of components.
    """
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
    points: NDArray[np.float32],
    labels: NDArray[np.int64],
    classes: int,
    progress: Progress,
) -> Neighbours:
    """Find the nearest picture of each class to each picture, itself left out.

    Args:
        points: float32 (n, k), a point per picture.
        labels: int64 (n,), class indices.
        classes: Number of classes.
        progress: Called before each class.
    """
    distances = np.full((len(points), classes), np.inf, np.float32)
    nearest = np.full((len(points), classes), NONE, np.int64)
    for label in range(classes):
        progress("comparing pictures", label, classes)
        own, others = np.flatnonzero(labels == label), np.flatnonzero(labels != label)
        if not own.size:
            continue
        search = NearestNeighbors(n_neighbors=1, algorithm="brute").fit(points[own])
        # A search for None leaves each fitted point itself out.
        for rows, query in ((others, points[others]), (own, None)):
            if rows.size > (query is None):
                found, at = search.kneighbors(query)
                distances[rows, label], nearest[rows, label] = found[:, 0], own[at[:, 0]]
    return Neighbours(labels=labels, distances=distances, nearest=nearest)


def _pixels(flat: NDArray[np.uint8]) -> NDArray[np.float32]:
    return flat.astype(np.float32) / np.float32(255)
