"""Stratified splits: complete, disjoint, proportional, repeatable."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_infer.errors import DataError
from edge_train.data import split_validation
from edge_train.data.split import hold_out_test

class_sizes = st.lists(st.integers(2, 60), min_size=1, max_size=12)


def _labels(sizes: list[int]) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    labels = np.repeat(np.arange(len(sizes)), sizes)
    return np.random.default_rng(0).permutation(labels).astype(np.int64)


@given(sizes=class_sizes, seed=st.integers(0, 2**63))
def test_split_is_complete_disjoint_and_leaves_no_class_out(sizes: list[int], seed: int) -> None:
    labels = _labels(sizes)

    train, validation = split_validation(labels, seed=seed)

    assert sorted([*train, *validation]) == list(range(len(labels)))
    assert (np.diff(train) > 0).all()
    assert (np.diff(validation) > 0).all()
    for indices in (train, validation):
        assert np.bincount(labels[indices], minlength=len(sizes)).min() >= 1


@given(sizes=class_sizes, data=st.data())
def test_split_takes_exactly_as_many_as_asked(sizes: list[int], data: st.DataObject) -> None:
    labels = _labels(sizes)
    count = data.draw(st.integers(len(sizes), len(labels) - len(sizes)))

    train, validation = split_validation(labels, seed=0, count=count)

    assert len(validation) == count
    assert np.bincount(labels[validation], minlength=len(sizes)).min() >= 1
    assert np.bincount(labels[train], minlength=len(sizes)).min() >= 1


@given(sizes=st.lists(st.integers(24, 90), min_size=2, max_size=10))
def test_each_class_gives_its_share_to_a_picture(sizes: list[int]) -> None:
    labels = _labels(sizes)

    _, validation = split_validation(labels, seed=1)

    shares = np.array(sizes) * len(validation) / len(labels)
    assert np.abs(np.bincount(labels[validation]) - shares).max() < 1


def test_mnist_is_parted_as_is_customary() -> None:
    train, validation = split_validation(_labels([6000] * 10), seed=0)

    assert (len(train), len(validation)) == (55_000, 5_000)


def test_seed_decides_the_split() -> None:
    labels = _labels([50] * 4)

    first, same, other = (split_validation(labels, seed=seed)[1] for seed in (5, 5, 6))

    np.testing.assert_array_equal(first, same)
    assert set(first) != set(other)


def test_split_is_the_same_on_every_machine() -> None:
    validation = split_validation(np.arange(40, dtype=np.int64) % 4, seed=0, count=6)[1]

    assert validation.tolist() == [4, 17, 18, 19, 24, 29]


def test_test_part_is_a_fifth_and_always_the_same() -> None:
    labels = _labels([30, 70])

    first, second = hold_out_test(labels), hold_out_test(labels)

    assert len(first[1]) == 20
    assert np.bincount(labels[first[1]]).tolist() == [6, 14]
    np.testing.assert_array_equal(first[1], second[1])


def test_class_of_one_cannot_be_parted() -> None:
    with pytest.raises(DataError, match="label 7 occurs once among 3 pictures"):
        split_validation(np.array([1, 1, 7]), seed=0)


@pytest.mark.parametrize("count", [-1, 0, 1, 5, 6])
def test_count_that_leaves_a_class_out_is_refused(count: int) -> None:
    with pytest.raises(DataError, match="expected 2 to 4"):
        split_validation(np.array([0, 0, 0, 1, 1, 1]), seed=0, count=count)


def test_the_last_pictures_can_validate() -> None:
    labels = np.arange(60, dtype=np.int64) % 10

    train, validation = split_validation(labels, rule="last", count=12)

    assert train.tolist() == list(range(48))
    assert validation.tolist() == list(range(48, 60))


def test_the_last_pictures_need_a_mixed_order() -> None:
    labels = np.repeat(np.arange(10, dtype=np.int64), 6)

    with pytest.raises(DataError, match="mixed order"):
        split_validation(labels, rule="last", count=12)
