"""The nearest picture of every class to each picture."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from edge_analysis.exploration.records import Progress

# Pictures compared at a time: their distances to a class stay in the processor's cache.
_BLOCK: Final = 512
NONE: Final = -1


@dataclass(frozen=True, eq=False, kw_only=True)
class Neighbours:
    """The nearest of every class to each of n pictures, itself left out.

    Attributes:
        labels: int64 (n,).
        distances: float32 (n, classes); infinite where a class has no other picture.
        nearest: int64 (n, classes), which picture it is; :data:`NONE` where there is none.
    """

    labels: NDArray[np.int64]
    distances: NDArray[np.float32]
    nearest: NDArray[np.int64]

    @cached_property
    def own_distance(self) -> NDArray[np.float32]:
        """Distance to the nearest of the same class, float32 (n,)."""
        return self.distances[np.arange(len(self.labels)), self.labels]

    @cached_property
    def other_class(self) -> NDArray[np.int64]:
        """Which other class is nearest, int64 (n,); some class where none has a picture."""
        distances = self.distances.copy()
        distances[np.arange(len(distances)), self.labels] = np.inf
        return np.asarray(distances.argmin(axis=1))

    @cached_property
    def other_distance(self) -> NDArray[np.float32]:
        """Distance to the nearest of another class, float32 (n,)."""
        distances = self.distances[np.arange(len(self.labels)), self.other_class]
        return np.where(self.other_class == self.labels, np.float32(np.inf), distances)


def find_neighbours(
    points: NDArray[np.float32],
    labels: NDArray[np.int64],
    classes: int,
    progress: Progress,
) -> Neighbours:
    """Compare each picture with every other.

    Args:
        points: float32 (n, k), one row a picture.
        labels: int64 (n,), 0 to ``classes`` less 1.
        classes: How many there are.
        progress: Told how many pictures have been compared.
    """
    order = np.argsort(labels, kind="stable")
    ordered = points[order]
    bounds = np.searchsorted(labels[order], np.arange(classes + 1))
    distances = np.full((len(points), classes), np.inf, np.float32)
    nearest = np.full((len(points), classes), NONE, np.int64)
    half_squares = np.square(ordered).sum(axis=1) / 2
    for start in range(0, len(points), _BLOCK):
        progress("comparing pictures", start, len(points))
        block = slice(start, min(start + _BLOCK, len(points)))
        rows = order[block]
        for label in np.unique(labels):
            of_class = slice(bounds[label], bounds[label + 1])
            # |a - b|² / 2 less |a|² / 2, which does not change which b is nearest.
            halves = half_squares[of_class] - ordered[block] @ ordered[of_class].T
            _leave_out_itself(halves, block, of_class)
            found = halves.argmin(axis=1)
            halved = halves[np.arange(len(rows)), found] + half_squares[block]
            distances[rows, label] = np.sqrt(2 * np.maximum(halved, 0))
            nearest[rows, label] = order[of_class][found]
    nearest[np.isinf(distances)] = NONE
    return Neighbours(labels=labels, distances=distances, nearest=nearest)


def _leave_out_itself(halves: NDArray[np.float32], block: slice, of_class: slice) -> None:
    both = np.arange(max(block.start, of_class.start), min(block.stop, of_class.stop))
    halves[both - block.start, both - of_class.start] = np.inf
