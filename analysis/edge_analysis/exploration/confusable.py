"""What makes classes easy to confuse: means that lie close, and neighbours across classes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from edge_analysis.exploration.neighbours import Neighbours

SHOWN: Final = 12


@dataclass(frozen=True, kw_only=True)
class ClassPair:
    """Two classes, and how often a picture of one lies nearest to one of the other.

    Attributes:
        first: Label.
        second: Label.
        crossings: Pictures of either whose nearest neighbour is of the other.
        n: Pictures of both.
    """

    first: int
    second: int
    crossings: int
    n: int

    @property
    def share(self) -> float:
        """Crossings as a share of the pictures of both, 0-1."""
        return self.crossings / self.n


@dataclass(frozen=True, kw_only=True)
class Stray:
    """A picture that lies nearer to another class than to its own.

    Attributes:
        row: Of the picture.
        nearest: Row of the nearest picture of another class.
        own_distance: To the nearest of its own class, in pixels of 0-1.
        other_distance: To ``nearest``.
    """

    row: int
    nearest: int
    own_distance: float
    other_distance: float


@dataclass(frozen=True, eq=False, kw_only=True)
class Confusability:
    """How close the classes lie.

    Attributes:
        mean_distances: float64 (classes, classes), between the mean pictures, in pixels of
            0-1; NaN for a class without pictures.
        neighbours: int64 (classes, classes): pictures of the class of the row whose nearest
            neighbour is of the class of the column.
        pairs: All with a crossing, the largest share first.
        strays: The :data:`SHOWN` farthest on the wrong side.
        stray_count: How many there are in all.
    """

    mean_distances: NDArray[np.float64]
    neighbours: NDArray[np.int64]
    pairs: tuple[ClassPair, ...]
    strays: tuple[Stray, ...]
    stray_count: int

    @property
    def crossing_share(self) -> float:
        """Share of all pictures whose nearest neighbour is of another class, 0-1."""
        total = int(self.neighbours.sum())
        return 1 - int(np.trace(self.neighbours)) / total if total else 0.0


def find_confusable(
    means: NDArray[np.float64],
    compared: NDArray[np.int64],
    neighbours: Neighbours,
) -> Confusability:
    """Compare classes.

    Args:
        means: float64 (classes, h, w), mean picture of each in grey levels 0-255.
        compared: Rows of the pictures that ``neighbours`` is of, int64 (m,).
        neighbours: The nearest of every class to each.
    """
    classes = len(means)
    some = np.isfinite(neighbours.distances).any(axis=1)
    nearest = neighbours.distances.argmin(axis=1)
    counts = np.zeros((classes, classes), np.int64)
    np.add.at(counts, (neighbours.labels[some], nearest[some]), 1)
    is_stray = neighbours.other_distance < neighbours.own_distance
    return Confusability(
        mean_distances=_mean_distances(means, np.bincount(neighbours.labels, minlength=classes)),
        neighbours=counts,
        pairs=_pairs(counts),
        strays=_strays(compared, neighbours, is_stray),
        stray_count=int(np.count_nonzero(is_stray)),
    )


def _mean_distances(means: NDArray[np.float64], counts: NDArray[np.int64]) -> NDArray[np.float64]:
    flat = means.reshape(len(means), -1) / 255
    distances = np.array([np.linalg.norm(flat - one, axis=1) for one in flat])
    distances[counts == 0] = np.nan
    distances[:, counts == 0] = np.nan
    return distances


def _pairs(counts: NDArray[np.int64]) -> tuple[ClassPair, ...]:
    crossings = counts + counts.T
    sizes = counts.sum(axis=1)
    found = [
        ClassPair(first=a, second=b, crossings=int(crossings[a, b]), n=int(sizes[a] + sizes[b]))
        for a, b in np.argwhere(np.triu(crossings, k=1)).tolist()
    ]
    return tuple(sorted(found, key=lambda pair: (-pair.share, pair.first, pair.second)))


def _strays(
    compared: NDArray[np.int64], neighbours: Neighbours, is_stray: NDArray[np.bool_]
) -> tuple[Stray, ...]:
    # Alone in its class, a picture has no own side to be far from.
    candidates = np.flatnonzero(is_stray & np.isfinite(neighbours.own_distance))
    own, other = neighbours.own_distance[candidates], neighbours.other_distance[candidates]
    order = candidates[np.argsort(other / own, kind="stable")][:SHOWN]
    return tuple(
        Stray(
            row=int(compared[at]),
            nearest=int(compared[neighbours.nearest[at, neighbours.other_class[at]]]),
            own_distance=float(neighbours.own_distance[at]),
            other_distance=float(neighbours.other_distance[at]),
        )
        for at in order
    )
