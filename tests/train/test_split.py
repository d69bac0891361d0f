"""Splits: complete, disjoint, proportional, repeatable."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_infer.errors import DataError
from edge_train.data import split_validation
from edge_train.data.split import hold_out_test


def shuffled_labels(sizes: list[int]) -> np.ndarray:
    labels = np.repeat(np.arange(len(sizes)), sizes)
    return np.random.default_rng(0).permutation(labels).astype(np.int64)


@given(sizes=st.lists(st.integers(2, 60), min_size=1, max_size=12))
def test_split_is_complete_disjoint_and_has_every_class_on_both_sides(sizes: list[int]) -> None:
    labels = shuffled_labels(sizes)
    for split in (split_validation, hold_out_test):
        kept, chosen = split(labels)
        assert sorted([*kept, *chosen]) == list(range(len(labels)))
        for indices in (kept, chosen):
            assert (np.diff(indices) > 0).all()
            assert np.bincount(labels[indices], minlength=len(sizes)).min() >= 1
        assert all((a == b).all() for a, b in zip(split(labels), (kept, chosen), strict=True))


@given(sizes=st.lists(st.integers(24, 90), min_size=2, max_size=10))
def test_each_class_gives_its_share(sizes: list[int]) -> None:
    labels = shuffled_labels(sizes)
    _, validation = split_validation(labels)
    shares = np.array(sizes) * len(validation) / len(labels)
    assert np.abs(np.bincount(labels[validation]) - shares).max() < 1


def test_mnist_is_split_as_usual() -> None:
    train, validation = split_validation(shuffled_labels([6000] * 10))
    assert (len(train), len(validation)) == (55_000, 5_000)
    kept, test = hold_out_test(shuffled_labels([30, 70]))
    assert (len(kept), len(test)) == (80, 20)


def test_split_is_the_same_on_every_machine() -> None:
    validation = split_validation(np.arange(72, dtype=np.int64) % 4)[1]
    assert validation.tolist() == [4, 17, 23, 32, 45, 66]


def test_class_with_one_image_cannot_be_split() -> None:
    with pytest.raises(DataError, match="label 7 occurs once among 3 pictures"):
        split_validation(np.array([1, 1, 7]))


def test_last_images_can_validate_if_the_order_is_mixed() -> None:
    labels = np.arange(60, dtype=np.int64) % 4
    train, validation = split_validation(labels, rule="last")
    assert train.tolist() == list(range(55))
    assert validation.tolist() == list(range(55, 60))
    with pytest.raises(DataError, match="mixed order"):
        split_validation(np.repeat(np.arange(10, dtype=np.int64), 2), rule="last")
