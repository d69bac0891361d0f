"""Typical and unusual pictures of each class, and classes that are similar."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import cdist

from edge_analysis.exploration.neighbours import Neighbours

MAX_PROTOTYPES: Final = 8
MAX_OUTLIERS: Final = 12


@dataclass(frozen=True)
class Ranked:
    """Row of a picture, and the distance that it is ranked by, for pixels in 0-1."""

    row: int
    distance: float


@dataclass(frozen=True, kw_only=True)
class Prototypes:
    """Typical and unusual pictures of one class.

    Attributes:
        typical: Pictures nearest to the mean of the class, the nearest first.
        unusual: Pictures farthest from every other picture of the class, the farthest first;
            empty for a class of one picture.
    """

    typical: tuple[Ranked, ...]
    unusual: tuple[Ranked, ...]


@dataclass(frozen=True, kw_only=True)
class ClassPair:
    """Two classes whose pictures are nearest neighbours.

    Attributes:
        first: Index of a class.
        second: Index of the other class.
        crossings: Pictures of either class whose nearest neighbour is of the other class.
        n: Pictures of both classes.
    """

    first: int
    second: int
    crossings: int
    n: int

    @property
    def share(self) -> float:
        """Share of ``crossings`` in ``n``, 0-1."""
        return self.crossings / self.n


@dataclass(frozen=True, kw_only=True)
class ClassOutlier:
    """A picture that is nearer to a picture of another class than to its own class.

    Attributes:
        row: Row of the picture.
        nearest: Row of the nearest picture of another class.
        own_distance: Distance to the nearest picture of the same class, for pixels in 0-1.
        other_distance: Distance to ``nearest``.
    """

    row: int
    nearest: int
    own_distance: float
    other_distance: float


@dataclass(frozen=True, eq=False, kw_only=True)
class ClassSimilarity:
    """Similarity of the classes.

    Attributes:
        mean_distances: float64 (classes, classes), distances of the mean pictures for pixels in
            0-1; NaN for a class without pictures.
        neighbours: int64 (classes, classes), pictures of the row's class whose nearest neighbour
            is of the column's class.
        pairs: Pairs of classes with crossings, the largest share first.
        outliers: The 12 outliers with the smallest ratio of the distances.
        outlier_count: Number of all outliers.
    """

    mean_distances: NDArray[np.float64]
    neighbours: NDArray[np.int64]
    pairs: tuple[ClassPair, ...]
    outliers: tuple[ClassOutlier, ...]
    outlier_count: int

    @property
    def crossing_share(self) -> float:
        """Share of all pictures whose nearest neighbour is of another class, 0-1."""
        total = int(self.neighbours.sum())
        return 1 - int(np.trace(self.neighbours)) / total if total else 0.0


def find_prototypes(
    images: NDArray[np.uint8],
    means: NDArray[np.float64],
    compared: NDArray[np.int64],
    neighbours: Neighbours,
) -> tuple[Prototypes, ...]:
    """Rank the pictures of each class.

    Args:
        images: uint8 (n, h, w). The distance to the mean is that of all pixels, because principal
            components may not contain noise that makes a picture unusual.
        means: float64 (classes, h, w), mean picture of each class in grey levels 0-255.
        compared: int64 (m,), rows of the pictures to rank.
        neighbours: Neighbours of these pictures.
    """
    found: list[Prototypes] = []
    for label, mean in enumerate(means):
        own = np.flatnonzero(neighbours.labels == label)
        rows = compared[own]
        differences = (images[rows] - mean.astype(np.float32)) / 255
        to_mean = np.sqrt(np.square(differences).sum(axis=(1, 2)))
        to_nearest = neighbours.own_distance[own]
        isolated = np.isfinite(to_nearest)
        found.append(
            Prototypes(
                typical=_rank(rows, to_mean, np.argsort(to_mean, kind="stable")),
                unusual=_rank(
                    rows[isolated],
                    to_nearest[isolated],
                    np.argsort(-to_nearest[isolated], kind="stable"),
                ),
            )
        )
    return tuple(found)


def compare_classes(
    means: NDArray[np.float64], compared: NDArray[np.int64], neighbours: Neighbours
) -> ClassSimilarity:
    """Compare the classes with each other.

    Args:
        means: float64 (classes, h, w), mean picture of each class in grey levels 0-255.
        compared: int64 (m,), rows of the pictures of ``neighbours``.
        neighbours: Nearest picture of every class to each of these.
    """
    classes = len(means)
    has_neighbour = np.isfinite(neighbours.distances).any(axis=1)
    nearest = neighbours.distances.argmin(axis=1)
    counts = np.zeros((classes, classes), np.int64)
    np.add.at(counts, (neighbours.labels[has_neighbour], nearest[has_neighbour]), 1)
    is_outlier = neighbours.other_distance < neighbours.own_distance
    empty = np.bincount(neighbours.labels, minlength=classes) == 0
    flat = means.reshape(classes, -1) / 255
    distances = cdist(flat, flat)
    distances[empty] = np.nan
    distances[:, empty] = np.nan
    return ClassSimilarity(
        mean_distances=distances,
        neighbours=counts,
        pairs=_pairs(counts),
        outliers=_outliers(compared, neighbours, is_outlier),
        outlier_count=int(np.count_nonzero(is_outlier)),
    )


def _rank(
    rows: NDArray[np.int64], distances: NDArray[np.float32], order: NDArray[np.int64]
) -> tuple[Ranked, ...]:
    return tuple(Ranked(int(rows[at]), float(distances[at])) for at in order[:MAX_PROTOTYPES])


def _pairs(counts: NDArray[np.int64]) -> tuple[ClassPair, ...]:
    crossings = counts + counts.T
    sizes = counts.sum(axis=1)
    found = [
        ClassPair(first=a, second=b, crossings=int(crossings[a, b]), n=int(sizes[a] + sizes[b]))
        for a, b in np.argwhere(np.triu(crossings, k=1)).tolist()
    ]
    return tuple(sorted(found, key=lambda pair: (-pair.share, pair.first, pair.second)))


def _outliers(
    compared: NDArray[np.int64], neighbours: Neighbours, is_outlier: NDArray[np.bool_]
) -> tuple[ClassOutlier, ...]:
    # The only picture of a class has no distance to its own class.
    candidates = np.flatnonzero(is_outlier & np.isfinite(neighbours.own_distance))
    own, other = neighbours.own_distance[candidates], neighbours.other_distance[candidates]
    order = candidates[np.argsort(other / own, kind="stable")][:MAX_OUTLIERS]
    return tuple(
        ClassOutlier(
            row=int(compared[at]),
            nearest=int(compared[neighbours.nearest[at, neighbours.other_class[at]]]),
            own_distance=float(neighbours.own_distance[at]),
            other_distance=float(neighbours.other_distance[at]),
        )
        for at in order
    )
