"""Identical and nearly identical pictures, within and across splits.

A test picture that is also a training picture does not test a network (Barz and Denzler 2020 found
3 % to 10 % of such test pictures in two well-known data sets).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import combinations
from typing import Final

import numpy as np
from numpy.typing import NDArray

from edge_analysis.exploration.neighbours import NONE, Neighbours
from edge_analysis.exploration.pictures import Pictures

# Pictures that differ in at most this share of their ink are nearly identical.
NEAR_DIFFERENCE: Final = 0.05
_BLOCK: Final = 4096

Indices = NDArray[np.int64]


@dataclass(frozen=True)
class NearPair:
    """Rows of two nearly identical pictures, and the share of ink that differs."""

    first: int
    second: int
    difference: float


@dataclass(frozen=True, kw_only=True)
class Places:
    """Duplicates within one split or between two. The fields are keys of ``report.json``.

    Attributes:
        splits: Names of the two splits; equal within one split.
        exact_groups: Groups of identical pictures with one in each split, or two in one split.
        near_pairs: Pairs of nearly identical pictures.
    """

    splits: tuple[str, str]
    exact_groups: int
    near_pairs: int


@dataclass(frozen=True, kw_only=True)
class Duplicates:
    """Duplicates of a data set.

    Attributes:
        exact: Groups of rows of identical pictures.
        near: Pairs that are nearly, but not fully identical, the smallest difference first.
        places: Counts by pair of splits.
        conflicting: Groups of ``exact`` with different labels.
    """

    exact: tuple[tuple[int, ...], ...]
    near: tuple[NearPair, ...]
    places: tuple[Places, ...]
    conflicting: tuple[tuple[int, ...], ...]


def find_duplicates(pictures: Pictures, compared: Indices, neighbours: Neighbours) -> Duplicates:
    """Find identical pictures among all, and nearly identical ones among the neighbours.

    Args:
        pictures: The data set.
        compared: int64 (m,), rows of the pictures of ``neighbours``.
        neighbours: Nearest pictures, which are compared pixel by pixel.
    """
    exact = identical(pictures.images)
    near = _near_pairs(pictures.images, compared, neighbours)
    conflicting = (group for group in exact if len(set(pictures.labels[list(group)])) > 1)
    return Duplicates(
        exact=exact,
        near=near,
        places=_places(pictures, exact, near),
        conflicting=tuple(conflicting),
    )


def identical(images: NDArray[np.uint8]) -> tuple[tuple[int, ...], ...]:
    """Group the rows of images that are equal in every pixel, uint8 (n, h, w)."""
    groups: defaultdict[bytes, list[int]] = defaultdict(list)
    for row, image in enumerate(images):
        groups[image.tobytes()].append(row)
    return tuple(tuple(rows) for rows in groups.values() if len(rows) > 1)


def ink_difference(first: NDArray[np.uint8], second: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Return the share of the ink of two pictures that differs: 0 for equal, 1 for disjoint.

    Args:
        first: uint8 (n, h, w).
        second: uint8 (n, h, w).

    Returns:
        float64 (n,).
    """
    one, other = (part.reshape(len(part), -1).astype(np.int16) for part in (first, second))
    ink = (one + other).sum(axis=1, dtype=np.int64)
    differing = np.abs(one - other).sum(axis=1, dtype=np.int64)
    return np.asarray(differing / np.maximum(ink, 1))


def _near_pairs(
    images: NDArray[np.uint8], compared: Indices, neighbours: Neighbours
) -> tuple[NearPair, ...]:
    pairs = _candidates(neighbours)
    found: list[NearPair] = []
    for start in range(0, len(pairs), _BLOCK):
        first, second = compared[pairs[start : start + _BLOCK]].T
        differences = ink_difference(images[first], images[second])
        near = (differences > 0) & (differences <= NEAR_DIFFERENCE)
        columns = (first[near].tolist(), second[near].tolist(), differences[near].tolist())
        found += [NearPair(*pair) for pair in zip(*columns, strict=True)]
    return tuple(sorted(found, key=lambda pair: (pair.difference, pair.first, pair.second)))


def _candidates(neighbours: Neighbours) -> Indices:
    """Pair each picture with the nearest of its class and of another class, without repeats.

    Returns:
        int64 (m, 2), indices of the pictures.
    """
    rows = np.arange(len(neighbours.labels))
    pairs = [
        np.stack([rows, neighbours.nearest[rows, classes]], axis=1)
        for classes in (neighbours.labels, neighbours.other_class)
    ]
    both = np.concatenate(pairs)
    return np.unique(np.sort(both[both[:, 1] != NONE], axis=1), axis=0)


def _places(
    pictures: Pictures, exact: Iterable[tuple[int, ...]], near: Iterable[NearPair]
) -> tuple[Places, ...]:
    splits = range(len(pictures.splits))
    groups: defaultdict[tuple[int, int], int] = defaultdict(int)
    pairs: defaultdict[tuple[int, int], int] = defaultdict(int)
    for group in exact:
        within = np.bincount(pictures.split_ids[list(group)], minlength=len(splits))
        for a, b in combinations(np.flatnonzero(within).tolist(), 2):
            groups[a, b] += 1
        for a in np.flatnonzero(within > 1).tolist():
            groups[a, a] += 1
    for pair in near:
        a, b = sorted((pictures.split_ids[pair.first], pictures.split_ids[pair.second]))
        pairs[int(a), int(b)] += 1
    names = [split.name for split in pictures.splits]
    return tuple(
        Places(splits=(names[a], names[b]), exact_groups=groups[a, b], near_pairs=pairs[a, b])
        for a in splits
        for b in splits[a:]
    )
