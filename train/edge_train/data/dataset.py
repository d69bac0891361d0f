"""The data set that every source is converted to, and the checks that all sources share.

Readers return :class:`LabelledImages`. :func:`assemble` checks them and makes a
:class:`Dataset`, so the trainer never gets a set that it cannot use.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from edge_infer.errors import DataError
from edge_train.data.split import hold_out_test

_MIN_CLASSES: Final = 2
_MAX_CLASSES: Final = 100
# Images that each class needs: one each for training, validation and test.
_MIN_PER_CLASS: Final = 3

Notify = Callable[[str], None]
"""Receives a line for the user."""

Progress = Callable[[str, int, int], None]
"""Receives a name, the bytes or pictures done, and their total (0: unknown)."""


@dataclass(frozen=True, eq=False)
class LabelledImages:
    """One part of a data set.

    Attributes:
        images: uint8 (n, 28, 28), bright foreground on 0.
        labels: int64 (n,).
    """

    images: NDArray[np.uint8]
    labels: NDArray[np.int64]

    def select(self, indices: NDArray[np.int64]) -> LabelledImages:
        """Return the images at some indices with their labels."""
        return LabelledImages(self.images[indices], self.labels[indices])


@dataclass(frozen=True, eq=False)
class Dataset:
    """Images of glyphs with their classes, split into training and test part.

    Attributes:
        name: ``"mnist"``, ``"digits"``, or the name of the folder or file.
        class_names: Names of the classes, 2-100.
        train_images: uint8 (n, 28, 28), bright foreground on 0.
        train_labels: int64 (n,), 0 to ``len(class_names) - 1``; each occurs at least twice.
        test_images: uint8 (m, 28, 28).
        test_labels: int64 (m,).
    """

    name: str
    class_names: tuple[str, ...]
    train_images: NDArray[np.uint8]
    train_labels: NDArray[np.int64]
    test_images: NDArray[np.uint8]
    test_labels: NDArray[np.int64]

    @cached_property
    def sha256(self) -> str:
        """SHA-256 of the names and of all arrays with shape and dtype, hexadecimal."""
        digest = hashlib.sha256(repr((self.name, self.class_names)).encode())
        for array in (self.train_images, self.train_labels, self.test_images, self.test_labels):
            # Little-endian on every machine.
            stable = np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<"))
            digest.update(f"{stable.dtype.str}{stable.shape}".encode())
            digest.update(stable.data)
        return digest.hexdigest()


def assemble(
    name: str,
    train: LabelledImages,
    test: LabelledImages | None,
    *,
    class_names: Sequence[str] | None = None,
    origin: str,
    notify: Notify,
) -> Dataset:
    """Check the parts of a data set and combine them.

    Args:
        name: Name of the set.
        train: The training part.
        test: The test part, or None to hold out a fixed fifth of ``train``.
        class_names: Names of the classes, in the order of the labels. None for labels that are
            any numbers from 0 to 99, which become the names.
        origin: Source of the data, for messages.
        notify: Receives a line when a test part is held out.

    Raises:
        DataError: There are too few or too many classes, a class has too few images, a label
            is outside 0-99 or occurs in the test part only, or the test part is empty.
    """
    if class_names is None:
        class_names, train, test = _number_classes(train, test, origin)
    check_class_count(class_names, origin)
    needed = _MIN_PER_CLASS if test is None else _MIN_PER_CLASS - 1
    sizes = np.bincount(train.labels, minlength=len(class_names))
    smallest = int(sizes.argmin())
    if sizes[smallest] < needed:
        raise DataError(
            f"{origin}: class {class_names[smallest]!r} has too few pictures to train on: expected "
            f"at least {needed}, found {sizes[smallest]}; add some or remove the class",
            code="class_size",
        )
    if test is None:
        train, test = (train.select(indices) for indices in hold_out_test(train.labels))
        count = len(train.labels) + len(test.labels)
        notify(
            f"{origin} has no test part: {len(test.labels):,} of its {count:,} pictures are held "
            "out as test images, the same ones every time"
        )
    if not len(test.labels):
        raise DataError(f"{origin}: the test part holds no pictures", code="empty")
    return Dataset(name, tuple(class_names), train.images, train.labels, test.images, test.labels)


def _number_classes(
    train: LabelledImages, test: LabelledImages | None, origin: str
) -> tuple[list[str], LabelledImages, LabelledImages | None]:
    """Return the labels that occur as class names, and both parts with class ids."""
    check_label_range(train.labels, origin)
    values = np.unique(train.labels)
    if test is not None:
        check_label_range(test.labels, origin)
        unknown = np.setdiff1d(test.labels, values)
        if unknown.size:
            raise DataError(
                f"{origin}: label {unknown[0]} occurs in the test part but never in training",
                code="label_range",
            )
        test = LabelledImages(test.images, np.searchsorted(values, test.labels))
    train = LabelledImages(train.images, np.searchsorted(values, train.labels))
    return [str(value) for value in values], train, test


def check_class_count(class_names: Sequence[str], origin: str) -> None:
    """Raise :class:`DataError` for fewer than 2 or more than 100 classes of ``origin``."""
    count = len(class_names)
    if not _MIN_CLASSES <= count <= _MAX_CLASSES:
        raise DataError(
            f"{origin}: expected {_MIN_CLASSES} to {_MAX_CLASSES} classes, found {count}",
            code="class_count",
        )


def check_label_range(labels: NDArray[np.int64], origin: str) -> None:
    """Raise :class:`DataError` unless all labels, int64 (n,), are in 0-99."""
    if labels.size and not 0 <= labels.min() <= labels.max() < _MAX_CLASSES:
        raise DataError(
            f"{origin}: labels go from {labels.min()} to {labels.max()}, expected whole numbers "
            f"from 0 to {_MAX_CLASSES - 1}",
            code="label_range",
        )
