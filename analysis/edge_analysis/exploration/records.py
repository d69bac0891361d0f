"""What is explored: labelled pictures in one to some splits, each picture with a name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from edge_infer.errors import DataError

Progress = Callable[[str, int, int], None]
"""Takes what is being done, how much of it is done, and the total."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Split:
    """One part of a data set.

    Attributes:
        name: Such as ``"train"``.
        images: uint8 (n, 28, 28), bright ink on 0.
        labels: int64 (n,), 0 or more.
        numbers: int64 (n,), under which each picture is found in the data set.
    """

    name: str
    images: NDArray[np.uint8]
    labels: NDArray[np.int64]
    numbers: NDArray[np.int64]


@dataclass(frozen=True, eq=False, kw_only=True)
class Pictures:
    """A data set; its pictures are counted through all splits, as rows.

    Attributes:
        name: Of the data set.
        class_names: What each label stands for.
        splits: One at least, with one picture at least among them.

    Raises:
        DataError: There is no picture, or a label without a class name.
    """

    name: str
    class_names: tuple[str, ...]
    splits: tuple[Split, ...]

    def __post_init__(self) -> None:
        if not sum(len(split.labels) for split in self.splits):
            raise DataError(f"{self.name} holds no pictures", code="empty")
        if not 0 <= self.labels.min() <= self.labels.max() < len(self.class_names):
            raise DataError(
                f"{self.name}: labels go from {self.labels.min()} to {self.labels.max()}, but "
                f"there are {len(self.class_names)} class names",
                code="label_range",
            )

    @cached_property
    def images(self) -> NDArray[np.uint8]:
        """Those of all splits, uint8 (n, 28, 28)."""
        return np.concatenate([split.images for split in self.splits])

    @cached_property
    def labels(self) -> NDArray[np.int64]:
        """Those of all splits, int64 (n,)."""
        return np.concatenate([split.labels for split in self.splits])

    @cached_property
    def split_ids(self) -> NDArray[np.int64]:
        """Index of the split that each picture is in, int64 (n,)."""
        sizes = [len(split.labels) for split in self.splits]
        return np.repeat(np.arange(len(sizes)), sizes)

    @cached_property
    def counts(self) -> NDArray[np.int64]:
        """Pictures by split and class, int64 (splits, classes)."""
        return np.array(
            [np.bincount(one.labels, minlength=len(self.class_names)) for one in self.splits]
        )

    def name_of(self, row: int) -> str:
        """Name a picture, such as ``"test 17"``."""
        split = self.splits[self.split_ids[row]]
        first = int(np.searchsorted(self.split_ids, self.split_ids[row]))
        return f"{split.name} {split.numbers[row - first]}"

    def class_of(self, row: int) -> str:
        """Return the class name of a picture."""
        return self.class_names[int(self.labels[row])]
