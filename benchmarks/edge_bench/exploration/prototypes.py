"""The pictures of each class that are most and least like the rest of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from edge_bench.exploration.neighbours import Neighbours

SHOWN: Final = 8


@dataclass(frozen=True)
class Ranked:
    """A picture: its row, and the distance that it is ranked by, in pixels of 0-1."""

    row: int
    distance: float


@dataclass(frozen=True, kw_only=True)
class Prototypes:
    """Of one class.

    Attributes:
        typical: Nearest to the mean of the class, which has the least mean squared
            distance to all of it; nearest first.
        unusual: Farthest from the next picture of the class, so that no other is written
            like it; farthest first. Empty for a class of one picture.
    """

    typical: tuple[Ranked, ...]
    unusual: tuple[Ranked, ...]


def find_prototypes(
    points: NDArray[np.float32],
    compared: NDArray[np.int64],
    neighbours: Neighbours,
    classes: int,
) -> tuple[Prototypes, ...]:
    """Rank the pictures of each class.

    Args:
        points: float32 (m, k), of the pictures compared.
        compared: Their rows, int64 (m,).
        neighbours: Of the same pictures.
        classes: How many there are.
    """
    found: list[Prototypes] = []
    for label in range(classes):
        own = np.flatnonzero(neighbours.labels == label)
        to_mean = np.linalg.norm(points[own] - points[own].mean(axis=0), axis=1) if own.size else []
        to_next = neighbours.own_distance[own]
        found.append(
            Prototypes(
                typical=_first(compared[own], np.asarray(to_mean), largest=False),
                unusual=_first(compared[own], to_next, largest=True),
            )
        )
    return tuple(found)


def _first(
    rows: NDArray[np.int64], distances: NDArray[np.float32], *, largest: bool
) -> tuple[Ranked, ...]:
    known = np.isfinite(distances)
    rows, distances = rows[known], distances[known]
    order = np.argsort(-distances if largest else distances, kind="stable")[:SHOWN]
    return tuple(Ranked(int(rows[at]), float(distances[at])) for at in order)
