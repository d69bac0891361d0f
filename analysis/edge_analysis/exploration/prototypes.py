"""The pictures of each class that are most and least like the rest of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from edge_analysis.exploration.neighbours import Neighbours

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
    images: NDArray[np.uint8],
    means: NDArray[np.float64],
    compared: NDArray[np.int64],
    neighbours: Neighbours,
) -> tuple[Prototypes, ...]:
    """Rank the pictures of each class.

    Args:
        images: uint8 (n, h, w). The distance to the mean is that of the pixels: specks that no
            principal component holds make a picture no less odd.
        means: Mean picture of each class, float64 (classes, h, w), 0-255.
        compared: Rows of the pictures to be ranked, int64 (m,).
        neighbours: Of these.
    """
    found: list[Prototypes] = []
    for label, mean in enumerate(means):
        own = np.flatnonzero(neighbours.labels == label)
        apart = (images[compared[own]] - mean.astype(np.float32)) / 255
        to_mean = np.sqrt(np.square(apart).sum(axis=(1, 2)))
        to_next = neighbours.own_distance[own]
        found.append(
            Prototypes(
                typical=_first(compared[own], to_mean, largest=False),
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
