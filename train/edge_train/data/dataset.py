"""What every source of data ends as: one immutable set of labelled pictures.

Readers hand over :class:`LabelledImages`; the two ``assemble`` functions check what all
sources must have in common, so that the trainer never meets a set that it cannot use.
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

MIN_CLASSES: Final = 2
MAX_CLASSES: Final = 100
# One to train on and one to validate on.
MIN_TRAIN_IMAGES: Final = 2
# The same and one to test on, for sets that come without a test part.
MIN_IMAGES_UNSPLIT: Final = 3

Notify = Callable[[str], None]
"""Takes one line for the person at the screen."""

DownloadProgress = Callable[[str, int, int], None]
"""Takes what is being fetched or read, how much is done, and the total (0: unknown).

Bytes for a download, pictures for a folder.
"""


@dataclass(frozen=True, eq=False)
class LabelledImages:
    """One part of a data set.

    Attributes:
        images: uint8 (n, 28, 28), bright ink on 0.
        labels: int64 (n,).
    """

    images: NDArray[np.uint8]
    labels: NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Dataset:
    """Pictures of glyphs with their classes, parted into training and test.

    Attributes:
        name: ``"mnist"``, ``"digits"``, or the name of the folder or file.
        class_names: What each label stands for; 2-100 of them.
        train_images: uint8 (n, 28, 28), bright ink on 0.
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
        """Fingerprint over names, shapes, dtypes and bytes; hexadecimal."""
        digest = hashlib.sha256(repr((self.name, self.class_names)).encode())
        for array in (self.train_images, self.train_labels, self.test_images, self.test_labels):
            # Little-endian, so that every machine finds the same sum.
            stable = np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<"))
            digest.update(f"{stable.dtype.str}{stable.shape}".encode())
            digest.update(stable.data)
        return digest.hexdigest()


def assemble(
    name: str,
    class_names: Sequence[str],
    train: LabelledImages,
    test: LabelledImages | None,
    *,
    origin: str,
    notify: Notify,
) -> Dataset:
    """Make a data set of parts whose labels are class indices already.

    Args:
        name: Of the set.
        class_names: One a class, in the order of the labels.
        train: The training part.
        test: The test part; None to hold a fixed fifth of ``train`` out.
        origin: Where the data come from, for messages.
        notify: Told when a test part is held out.

    Raises:
        DataError: Too few or too many classes, or a class with too few pictures.
    """
    check_class_count(class_names, origin)
    needed = MIN_IMAGES_UNSPLIT if test is None else MIN_TRAIN_IMAGES
    _check_class_sizes(class_names, train.labels, needed, origin)
    if test is None:
        kept, held_out = hold_out_test(train.labels)
        notify(
            f"{origin} has no test part: {len(held_out):,} of its {len(train.labels):,} pictures "
            "are held out for it, the same ones every time"
        )
        test = LabelledImages(train.images[held_out], train.labels[held_out])
        train = LabelledImages(train.images[kept], train.labels[kept])
    if not len(test.labels):
        raise DataError(f"{origin}: the test part holds no pictures", code="empty")
    return Dataset(name, tuple(class_names), train.images, train.labels, test.images, test.labels)


def assemble_numbered(
    name: str,
    train: LabelledImages,
    test: LabelledImages | None,
    *,
    origin: str,
    notify: Notify,
) -> Dataset:
    """Make a data set of parts whose labels are any numbers; these become the class names.

    Args and errors are those of :func:`assemble`.

    Raises:
        DataError: A label outside 0-99, or one in the test part that training lacks.
    """
    check_label_range(train.labels, origin)
    if test is not None:
        check_label_range(test.labels, origin)
    values = np.unique(train.labels)
    if test is not None:
        unknown = np.setdiff1d(test.labels, values)
        if unknown.size:
            raise DataError(
                f"{origin}: label {unknown[0]} occurs in the test part but never in training",
                code="label_range",
            )
        test = LabelledImages(test.images, np.searchsorted(values, test.labels))
    train = LabelledImages(train.images, np.searchsorted(values, train.labels))
    return assemble(
        name, [str(value) for value in values], train, test, origin=origin, notify=notify
    )


def check_class_count(class_names: Sequence[str], origin: str) -> None:
    """Refuse fewer than 2 and more than 100 classes.

    Args:
        class_names: One a class.
        origin: Where they come from, for the message.

    Raises:
        DataError: Too few or too many.
    """
    if not MIN_CLASSES <= len(class_names) <= MAX_CLASSES:
        raise DataError(
            f"{origin}: expected {MIN_CLASSES} to {MAX_CLASSES} classes, found {len(class_names)}",
            code="class_count",
        )


def check_label_range(labels: NDArray[np.int64], origin: str) -> None:
    """Refuse labels that no class can have.

    Args:
        labels: int64 (n,).
        origin: Where they come from, for the message.

    Raises:
        DataError: One lies outside 0-99.
    """
    if labels.size and not 0 <= labels.min() <= labels.max() < MAX_CLASSES:
        raise DataError(
            f"{origin}: labels go from {labels.min()} to {labels.max()}, expected whole numbers "
            f"from 0 to {MAX_CLASSES - 1}",
            code="label_range",
        )


def _check_class_sizes(
    class_names: Sequence[str], labels: NDArray[np.int64], needed: int, origin: str
) -> None:
    sizes = np.bincount(labels, minlength=len(class_names))
    smallest = int(sizes.argmin())
    if sizes[smallest] < needed:
        raise DataError(
            f"{origin}: class {class_names[smallest]!r} has too few pictures to train on: expected "
            f"at least {needed}, found {sizes[smallest]}; add some or take the class out",
            code="class_size",
        )
