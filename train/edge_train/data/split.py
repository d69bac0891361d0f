"""Part pictures into training, validation and test so that every class is in each.

The same seed parts the same labels in the same way on every machine and numpy release:
``RandomState`` streams are frozen (NEP 19), those of ``default_rng`` are not.
"""

from __future__ import annotations

from typing import Final, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from edge_infer.errors import DataError

# MNIST's customary 55,000 / 5,000.
VALIDATION_SHARE: Final = 1 / 12
TEST_SHARE: Final = 1 / 5
# Never the run's seed: runs of different seeds are chosen and measured on the same pictures,
# and a network that teaches another has not seen what the other is chosen on.
VALIDATION_SEED: Final = 0
TEST_SEED: Final = 28_28

Indices = NDArray[np.int64]
# "stratified": a random choice with each class's share; "last": the last images of the file.
SplitRule = Literal["stratified", "last"]
SPLIT_RULES: Final[tuple[SplitRule, ...]] = get_args(SplitRule)


def split_validation(
    labels: NDArray[np.int64],
    *,
    seed: int = VALIDATION_SEED,
    count: int | None = None,
    rule: SplitRule = "stratified",
) -> tuple[Indices, Indices]:
    """Choose validation pictures.

    Args:
        labels: int64 (n,), 0 or more; each class that occurs must do so at least twice.
        seed: 0 or more; the same gives the same choice.
        count: How many to validate on; a twelfth by default, at least one a class.
        rule: ``"stratified"`` keeps each class's share. ``"last"`` takes the last pictures, as
            many tutorials do, and ignores ``seed``; MNIST's last training images are easier
            than the others.

    Returns:
        Indices to train on and indices to validate on; both ascending, together 0 to n - 1.

    Raises:
        DataError: A class occurs once, or ``count`` leaves a class out of either side.
    """
    classes = len(np.unique(labels))
    if count is None:
        count = min(max(round(len(labels) * VALIDATION_SHARE), classes), len(labels) - classes)
    if rule == "last":
        return _split_last(labels, count)
    return _split_stratified(labels, count, seed)


def hold_out_test(labels: NDArray[np.int64]) -> tuple[Indices, Indices]:
    """Choose the fifth to test on, for sets that come without a test part.

    Args:
        labels: int64 (n,), as for :func:`split_validation`.

    Returns:
        Indices to train on and indices to test on; both ascending. Always the same for
        the same labels.

    Raises:
        DataError: A class occurs once.
    """
    classes = len(np.unique(labels))
    count = min(max(round(len(labels) * TEST_SHARE), classes), len(labels) - classes)
    return _split_stratified(labels, count, TEST_SEED)


def _split_last(labels: NDArray[np.int64], count: int) -> tuple[Indices, Indices]:
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


def _split_stratified(labels: NDArray[np.int64], count: int, seed: int) -> tuple[Indices, Indices]:
    values, sizes = np.unique(labels, return_counts=True)
    if sizes.size and sizes.min() < 2:
        raise DataError(
            f"label {values[sizes.argmin()]} occurs once among {len(labels)} pictures: a class "
            "needs at least 2 to be parted",
            code="class_size",
        )
    if not len(values) <= count <= len(labels) - len(values):
        raise DataError(
            f"cannot set {count} of {len(labels)} pictures aside: with {len(values)} classes, "
            f"expected {len(values)} to {len(labels) - len(values)}",
            code="split",
        )
    random = np.random.RandomState(np.random.MT19937(np.random.SeedSequence(seed)))
    chosen = np.zeros(len(labels), dtype=np.bool_)
    for value, quota in zip(values, _quotas(sizes, count), strict=True):
        chosen[random.permutation(np.flatnonzero(labels == value))[:quota]] = True
    return np.flatnonzero(~chosen), np.flatnonzero(chosen)


def _quotas(sizes: NDArray[np.int64], count: int) -> NDArray[np.int64]:
    """Share ``count`` out in proportion to ``sizes``, each from 1 to its size less 1."""
    exact = sizes * (count / sizes.sum())
    quotas: Indices = np.clip(np.floor(exact).astype(np.int64), 1, sizes - 1)
    while (missing := count - int(quotas.sum())) != 0:
        step = 1 if missing > 0 else -1
        room = quotas < sizes - 1 if step > 0 else quotas > 1
        # The class that is furthest from its exact share on the side to be mended.
        quotas[np.where(room, step * (exact - quotas), -np.inf).argmax()] += step
    return quotas
