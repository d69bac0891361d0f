"""Typical and unusual pictures of each class, and classes that are similar.

The fields of the records are keys of ``report.json``. Distances are Euclidean for pixels in 0-1.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import cdist

from edge_analysis.data_set import DataSet
from edge_analysis.exploration.neighbours import Neighbours

MAX_PROTOTYPES: Final = 8
MAX_OUTLIERS: Final = 12


@dataclass(frozen=True)
class Ranked:
    """Name of a picture, and the distance that it is ranked by."""

    picture: str
    distance: float


@dataclass(frozen=True, kw_only=True)
class Prototypes:
    """DataSet of one class: the nearest to its mean, and the farthest from every other picture.

    ``unusual`` is empty for a class of one picture.
    """

    typical: tuple[Ranked, ...]
    unusual: tuple[Ranked, ...]


@dataclass(frozen=True)
class ClassPair:
    """Two classes whose pictures are nearest neighbours.

    ``crossings`` are the pictures of either class whose nearest neighbour is of the other class,
    ``n`` the pictures of both classes, ``share`` their quotient.
    """

    classes: tuple[str, str]
    crossings: int
    n: int
    share: float


@dataclass(frozen=True, kw_only=True)
class ClassOutlier:
    """A picture that is nearer to another class (``nearest``) than to its own class."""

    picture: str
    class_: str
    nearest: str
    nearest_class: str
    own_distance: float
    other_distance: float


@dataclass(frozen=True, eq=False, kw_only=True)
class ClassSimilarity:
    """Similarity of the classes.

    Attributes:
        mean_distances: float64 (classes, classes), distances of the mean pictures; NaN for a class
            without pictures.
        nearest_neighbours: int64 (classes, classes), pictures of the row's class whose nearest
            neighbour is of the column's class.
        crossing_share: Share of all pictures whose nearest neighbour is of another class, 0-1.
        pairs: Pairs of classes with crossings, the largest share first.
        strays: The 12 outliers with the smallest ratio of the distances.
        stray_count: Number of all outliers.
    """

    mean_distances: NDArray[np.float64]
    nearest_neighbours: NDArray[np.int64]
    crossing_share: float
    pairs: tuple[ClassPair, ...]
    strays: tuple[ClassOutlier, ...]
    stray_count: int


def find_prototypes(
    pictures: DataSet,
    means: NDArray[np.float64],
    compared: NDArray[np.int64],
    neighbours: Neighbours,
) -> tuple[Prototypes, ...]:
    """Rank the pictures of each class.

    The distance to the mean is that of all pixels, because principal components may not contain
    the noise that makes a picture unusual.

    ``means``, float64 (classes, h, w), are the mean pictures in grey levels 0-255, and
    ``compared``, int64 (m,), the rows of the pictures of ``neighbours``.
    """
    found: list[Prototypes] = []
    for label, mean in enumerate(means):
        own = np.flatnonzero(neighbours.labels == label)
        rows, isolation = compared[own], neighbours.own_distance[own]
        differences = (pictures.images[rows] - mean.astype(np.float32)) / 255
        to_mean = np.sqrt(np.square(differences).sum(axis=(1, 2)))
        isolated = np.flatnonzero(np.isfinite(isolation))
        typical = np.argsort(to_mean, kind="stable")[:MAX_PROTOTYPES]
        unusual = isolated[np.argsort(-isolation[isolated], kind="stable")][:MAX_PROTOTYPES]
        names = [pictures.names[row] for row in rows]
        found.append(
            Prototypes(
                typical=tuple(Ranked(names[at], float(to_mean[at])) for at in typical),
                unusual=tuple(Ranked(names[at], float(isolation[at])) for at in unusual),
            )
        )
    return tuple(found)


def compare_classes(
    pictures: DataSet,
    means: NDArray[np.float64],
    compared: NDArray[np.int64],
    neighbours: Neighbours,
) -> ClassSimilarity:
    """Compare the classes with each other; for the arguments see :func:`find_prototypes`."""
    labels, classes = neighbours.labels, len(means)
    is_outlier = neighbours.other_distance < neighbours.own_distance
    nearest = np.where(is_outlier, neighbours.other_nearest, neighbours.own_nearest)
    counts = np.zeros((classes, classes), np.int64)
    has_neighbour = nearest >= 0
    np.add.at(counts, (labels[has_neighbour], labels[nearest[has_neighbour]]), 1)
    flat = means.reshape(classes, -1) / 255
    distances: NDArray[np.float64] = np.asarray(cdist(flat, flat), np.float64)
    empty = np.bincount(labels, minlength=classes) == 0
    distances[empty] = distances[:, empty] = np.nan
    total = int(counts.sum())
    return ClassSimilarity(
        mean_distances=distances,
        nearest_neighbours=counts,
        crossing_share=1 - int(np.trace(counts)) / total if total else 0.0,
        pairs=_pairs(counts, pictures.class_names),
        strays=_outliers(pictures, compared, neighbours, np.flatnonzero(is_outlier)),
        stray_count=int(np.count_nonzero(is_outlier)),
    )


def _pairs(counts: NDArray[np.int64], names: tuple[str, ...]) -> tuple[ClassPair, ...]:
    crossings, sizes = counts + counts.T, counts.sum(axis=1)
    found: list[ClassPair] = []
    for a, b in np.argwhere(np.triu(crossings, k=1)).tolist():
        count, n = int(crossings[a, b]), int(sizes[a] + sizes[b])
        found.append(ClassPair((names[a], names[b]), count, n, count / n))
    # The sort is stable: equal shares stay in the order of the classes.
    return tuple(sorted(found, key=lambda pair: -pair.share))


def _outliers(
    pictures: DataSet,
    compared: NDArray[np.int64],
    neighbours: Neighbours,
    candidates: NDArray[np.int64],
) -> tuple[ClassOutlier, ...]:
    # The ratio is 0 for the only picture of a class, which is not an outlier.
    ratios = neighbours.other_distance[candidates] / neighbours.own_distance[candidates]
    ratios[np.isinf(neighbours.own_distance[candidates])] = np.inf
    found: list[ClassOutlier] = []
    for at in candidates[np.argsort(ratios, kind="stable")][:MAX_OUTLIERS]:
        row, nearest = int(compared[at]), int(compared[neighbours.other_nearest[at]])
        found.append(
            ClassOutlier(
                picture=pictures.names[row],
                class_=pictures.class_of(row),
                nearest=pictures.names[nearest],
                nearest_class=pictures.class_of(nearest),
                own_distance=float(neighbours.own_distance[at]),
                other_distance=float(neighbours.other_distance[at]),
            )
        )
    return tuple(one for one in found if np.isfinite(one.own_distance))
