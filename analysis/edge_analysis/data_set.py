"""A labelled data set in one or more splits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from edge_infer.errors import DataError

ImagesU8 = NDArray[np.uint8]
Indices = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Split:
    """One part of a data set.

    Attributes:
        name: Name such as ``"train"``.
        images: uint8 (n, 28, 28), bright foreground on 0.
        labels: int64 (n,), class indices.
        numbers: int64 (n,), number of each picture in the data set.
    """

    name: str
    images: ImagesU8
    labels: Indices
    numbers: Indices

    def take(self, rows: Indices) -> Split:
        """Return the pictures at some rows, int64 (m,), as a split of the same name."""
        return Split(self.name, self.images[rows], self.labels[rows], self.numbers[rows])


@dataclass(frozen=True, eq=False, kw_only=True)
class DataSet:
    """A data set. Its pictures are numbered over all splits; this number is the row.

    Attributes:
        name: Name of the data set.
        class_names: Class name of each label.
        splits: At least one split, with at least one picture in all; the last is the test split.
        sha256: Digest of the whole set.

    Raises:
        DataError: There is no picture, or a label has no class name.
    """

    name: str
    class_names: tuple[str, ...]
    splits: tuple[Split, ...]
    sha256: str = ""

    def __post_init__(self) -> None:
        if not self.labels.size:
            raise DataError(f"{self.name} holds no pictures", code="empty")
        if not 0 <= self.labels.min() <= self.labels.max() < len(self.class_names):
            raise DataError(
                f"{self.name}: labels range from {self.labels.min()} to {self.labels.max()}, but "
                f"there are {len(self.class_names)} class names",
                code="label_range",
            )

    @property
    def test(self) -> Split:
        """The test split."""
        return self.splits[-1]

    @cached_property
    def images(self) -> ImagesU8:
        """Images of all splits, uint8 (n, 28, 28)."""
        return np.concatenate([split.images for split in self.splits])

    @cached_property
    def labels(self) -> Indices:
        """Labels of all splits, int64 (n,)."""
        return np.concatenate([split.labels for split in self.splits])

    @cached_property
    def split_ids(self) -> Indices:
        """Split index of each picture, int64 (n,)."""
        return np.repeat(np.arange(len(self.splits)), [len(one.labels) for one in self.splits])

    @cached_property
    def counts(self) -> Indices:
        """Number of pictures by split and class, int64 (splits, classes)."""
        return np.array(
            [np.bincount(one.labels, minlength=len(self.class_names)) for one in self.splits]
        )

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Name of each picture: its split and number, such as ``"test 17"``."""
        return tuple(f"{split.name} {number}" for split in self.splits for number in split.numbers)

    @cached_property
    def rows(self) -> Mapping[str, int]:
        """Row of each picture by its name."""
        return {name: row for row, name in enumerate(self.names)}

    def class_of(self, row: int) -> str:
        """Return the class name of a picture."""
        return self.class_names[int(self.labels[row])]
