"""Identical and nearly identical pictures, within and across splits.

A test picture that is also a training picture does not test a network (Barz and Denzler 2020 found
3 % to 10 % of such test pictures in two well-known data sets). The fields of the records are keys
of ``report.json``; pictures are named by split and number.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import combinations, combinations_with_replacement
from typing import Final

import numpy as np
from numpy.typing import NDArray

from edge_analysis.data_set import DataSet, ImagesU8, Indices
from edge_analysis.exploration.neighbours import NONE, Neighbours

# DataSet that differ in at most this share of their ink are nearly identical.
NEAR_DIFFERENCE: Final = 0.05
_BLOCK: Final = 4096


@dataclass(frozen=True)
class NearPair:
    """Two nearly identical pictures, their classes, and the share of ink that differs, 0-1."""

    pictures: tuple[str, str]
    classes: tuple[str, str]
    ink_difference: float


@dataclass(frozen=True)
class Places:
    """Number of groups and pairs with pictures in both ``splits``, or two in one split."""

    splits: tuple[str, str]
    exact_groups: int
    near_pairs: int


@dataclass(frozen=True, kw_only=True)
class Duplicates:
    """Groups of identical pictures, and nearly identical pairs.

    The pairs differ in up to ``near_limit`` of their ink, the smallest difference first.
    ``conflicting`` are the groups with different labels.
    """

    near_limit: float
    places: tuple[Places, ...]
    exact: tuple[tuple[str, ...], ...]
    conflicting: tuple[tuple[str, ...], ...]
    near: tuple[NearPair, ...]


def find_duplicates(pictures: DataSet, compared: Indices, neighbours: Neighbours) -> Duplicates:
    """Find identical pictures among all, and nearly identical ones among the neighbours.

    ``compared``, int64 (m,), are the rows of the pictures of ``neighbours``.
    """
    groups = identical(pictures.images)
    pairs = _near_pairs(pictures.images, compared, neighbours)
    names, labels = pictures.names, pictures.labels
    return Duplicates(
        near_limit=NEAR_DIFFERENCE,
        places=_places(pictures, groups, [(first, second) for _, first, second in pairs]),
        exact=tuple(tuple(names[row] for row in rows) for rows in groups),
        conflicting=tuple(
            tuple(names[row] for row in rows) for rows in groups if len({*labels[list(rows)]}) > 1
        ),
        near=tuple(
            NearPair(
                (names[first], names[second]),
                (pictures.class_of(first), pictures.class_of(second)),
                difference,
            )
            for difference, first, second in pairs
        ),
    )


def identical(images: ImagesU8) -> tuple[tuple[int, ...], ...]:
    """Group the rows of images that are equal in every pixel, uint8 (n, h, w)."""
    groups: defaultdict[bytes, list[int]] = defaultdict(list)
    for row, image in enumerate(images):
        groups[image.tobytes()].append(row)
    return tuple(tuple(rows) for rows in groups.values() if len(rows) > 1)


def ink_difference(first: ImagesU8, second: ImagesU8) -> NDArray[np.float64]:
    """Return the share of ink that differs, float64 (n,): 0 for equal, 1 for disjoint pictures.

    Both arguments are uint8 (n, h, w).
    """
    one, other = (part.reshape(len(part), -1).astype(np.int16) for part in (first, second))
    ink = (one + other).sum(axis=1, dtype=np.int64)
    differing = np.abs(one - other).sum(axis=1, dtype=np.int64)
    return np.asarray(differing / np.maximum(ink, 1))


def _near_pairs(
    images: ImagesU8, compared: Indices, neighbours: Neighbours
) -> list[tuple[float, int, int]]:
    """Return difference and rows of nearly identical pictures among the nearest neighbours."""
    indices = np.arange(len(compared))
    both = np.concatenate(
        [
            np.stack([indices, nearest], axis=1)[nearest != NONE]
            for nearest in (neighbours.own_nearest, neighbours.other_nearest)
        ]
    )
    pairs = compared[np.unique(np.sort(both, axis=1), axis=0)]
    found: list[tuple[float, int, int]] = []
    for start in range(0, len(pairs), _BLOCK):
        first, second = pairs[start : start + _BLOCK].T
        differences = ink_difference(images[first], images[second])
        near = (differences > 0) & (differences <= NEAR_DIFFERENCE)
        columns = (differences[near], first[near], second[near])
        found += zip(*(column.tolist() for column in columns), strict=True)
    return sorted(found)


def _places(
    pictures: DataSet, groups: Iterable[tuple[int, ...]], pairs: Iterable[tuple[int, int]]
) -> tuple[Places, ...]:
    splits = range(len(pictures.splits))
    group_counts: Counter[tuple[int, int]] = Counter()
    for rows in groups:
        within = np.bincount(pictures.split_ids[list(rows)], minlength=len(splits))
        present = np.flatnonzero(within).tolist()
        group_counts.update(combinations(present, 2))
        group_counts.update((a, a) for a in present if within[a] > 1)
    pair_counts = Counter(tuple(sorted(pictures.split_ids[list(rows)].tolist())) for rows in pairs)
    names = [split.name for split in pictures.splits]
    return tuple(
        Places((names[a], names[b]), group_counts[a, b], pair_counts[a, b])
        for a, b in combinations_with_replacement(splits, 2)
    )
