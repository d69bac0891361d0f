"""Split images into training, validation and test part, with every class in each part.

The same labels are split in the same way on every machine and with every version of numpy:
the streams of ``RandomState`` are frozen (NEP 19), those of ``default_rng`` are not.
"""

from __future__ import annotations

from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from edge_infer.errors import DataError

# 5,000 of the 60,000 training images of MNIST.
VALIDATION_SHARE: Final = 1 / 12
TEST_SHARE: Final = 1 / 5
# Independent of the seed of a run: runs are compared on the same images, and a teacher has not
# been trained on the validation images of its student.
VALIDATION_SEED: Final = 0
TEST_SEED: Final = 28_28

Indices = NDArray[np.int64]
# "stratified": a random choice with the share of each class; "last": the last images.
SplitRule = Literal["stratified", "last"]


def split_validation(
    labels: NDArray[np.int64], *, rule: SplitRule = "stratified"
) -> tuple[Indices, Indices]:
    """Choose a twelfth of the images for validation, at least one per class.

    Args:
        labels: int64 (n,), 0 or more; each class occurs at least twice.
        rule: ``"stratified"`` keeps the share of each class. ``"last"`` takes the last images,
            as many tutorials do; those of MNIST are easier than the others.

    Returns:
        Indices of the training images and of the validation images, int64, both ascending.

    Raises:
        DataError: A class occurs once, or with ``"last"`` in the validation part only.
    """
    if rule == "last":
        return _split_last(labels)
    return _split_stratified(labels, VALIDATION_SHARE, VALIDATION_SEED)


def hold_out_test(labels: NDArray[np.int64]) -> tuple[Indices, Indices]:
    """Choose a fifth of the images for the test part, as ``split_validation`` does a twelfth."""
    return _split_stratified(labels, TEST_SHARE, TEST_SEED)


def _part_size(labels: NDArray[np.int64], share: float) -> int:
    """Return the number of images in a part, with at least one per class on both sides."""
    classes = len(np.unique(labels))
    return min(max(round(len(labels) * share), classes), len(labels) - classes)


def _split_last(labels: NDArray[np.int64]) -> tuple[Indices, Indices]:
    count = _part_size(labels, VALIDATION_SHARE)
    ids = np.arange(len(labels), dtype=np.int64)
    train, validation = np.split(ids, [len(ids) - count])
    missing = np.setdiff1d(labels, labels[train])
    if missing.size:
        raise DataError(
            f"label {missing[0]} occurs among the last {count} pictures only: the split 'last' "
            "needs pictures in a mixed order",
            code="split",
        )
    return train, validation


def _split_stratified(
    labels: NDArray[np.int64], share: float, seed: int
) -> tuple[Indices, Indices]:
    values, sizes = np.unique(labels, return_counts=True)
    if sizes.size and sizes.min() < 2:
        raise DataError(
            f"label {values[sizes.argmin()]} occurs once among {len(labels)} pictures: a class "
            "needs at least 2 to be split",
            code="class_size",
        )
    random = np.random.RandomState(np.random.MT19937(np.random.SeedSequence(seed)))
    chosen = np.zeros(len(labels), dtype=np.bool_)
    quotas = _quotas(sizes, _part_size(labels, share))
    for value, quota in zip(values, quotas, strict=True):
        chosen[random.permutation(np.flatnonzero(labels == value))[:quota]] = True
    return np.flatnonzero(~chosen), np.flatnonzero(chosen)


def _quotas(sizes: NDArray[np.int64], count: int) -> NDArray[np.int64]:
    """Divide ``count`` in proportion to ``sizes``, each quota from 1 to its size less 1."""
    exact = sizes * (count / sizes.sum())
    quotas: Indices = np.clip(np.floor(exact).astype(np.int64), 1, sizes - 1)
    while (missing := count - int(quotas.sum())) != 0:
        step = 1 if missing > 0 else -1
        room = quotas < sizes - 1 if step > 0 else quotas > 1
        # Change the quota that is furthest from its exact share.
        quotas[np.where(room, step * (exact - quotas), -np.inf).argmax()] += step
    return quotas
