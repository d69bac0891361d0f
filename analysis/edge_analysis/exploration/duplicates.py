"""Pictures that stand in the set twice, or nearly so; worst where one is to test the other.

A network that has learnt a picture is not tested by its copy (Barz and Denzler 2020
found 3 % to 10 % of the test pictures of two well-known sets among those to learn).
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import combinations
from typing import Final

import numpy as np
from numpy.typing import NDArray

from edge_analysis.exploration.neighbours import NONE, Neighbours
from edge_analysis.exploration.records import Pictures

# Share of their ink in which two pictures may differ and count as nearly the same.
NEAR_DIFFERENCE: Final = 0.05
_BLOCK: Final = 4096

Indices = NDArray[np.int64]


@dataclass(frozen=True)
class NearPair:
    """Two pictures that differ little: their rows, and the share of ink that differs."""

    first: int
    second: int
    difference: float


@dataclass(frozen=True, kw_only=True)
class Places:
    """What was found between two splits, or within one where both are the same.

    Attributes:
        splits: Their names.
        exact_groups: Groups of identical pictures with one in each (two where it is one).
        near_pairs: Pairs that differ little.
    """

    splits: tuple[str, str]
    exact_groups: int
    near_pairs: int


@dataclass(frozen=True, kw_only=True)
class Duplicates:
    """All that was found.

    Attributes:
        exact: Rows of identical pictures, two at least a group.
        near: Pairs that differ little but do differ, the least different first.
        places: Where they stand.
        conflicting: Those of ``exact`` whose labels differ.
    """

    exact: tuple[tuple[int, ...], ...]
    near: tuple[NearPair, ...]
    places: tuple[Places, ...]
    conflicting: tuple[tuple[int, ...], ...]


def find_duplicates(pictures: Pictures, compared: Indices, neighbours: Neighbours) -> Duplicates:
    """Look for identical pictures among all, and for near ones among those compared.

    Args:
        pictures: The set.
        compared: Rows of the pictures that ``neighbours`` is of, int64 (m,).
        neighbours: Whose nearest ones are looked at pixel by pixel.
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
    """Group the rows of images that are the same in every pixel, uint8 (n, h, w)."""
    groups: defaultdict[bytes, list[int]] = defaultdict(list)
    for row, image in enumerate(np.ascontiguousarray(images)):
        groups[hashlib.blake2b(image.data, digest_size=16).digest()].append(row)
    return tuple(tuple(rows) for rows in groups.values() if len(rows) > 1)


def ink_difference(first: NDArray[np.uint8], second: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Return the share of the ink of pairs that only one of both has: 0 alike, 1 apart.

    Args:
        first: uint8 (n, h, w).
        second: Likewise.
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
    """Pair each picture with the nearest of its class and of another, each pair once: (m, 2)."""
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
