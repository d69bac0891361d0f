from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

pytest.importorskip("sklearn")
from edge_analysis.data_set import DataSet, Split
from edge_analysis.exploration.duplicates import (
    NEAR_DIFFERENCE,
    Duplicates,
    Places,
    find_duplicates,
    identical,
    ink_difference,
)
from edge_analysis.exploration.neighbours import find_neighbours, project

IMAGES = np.random.default_rng(7).integers(0, 256, (8, 28, 28), np.uint8)


def split(name: str, images: list[NDArray[np.uint8]], labels: list[int]) -> Split:
    numbers = np.arange(100, 100 + len(labels))
    return Split(name, np.stack(images), np.array(labels), numbers)


def find(*splits: Split) -> Duplicates:
    pictures = DataSet(name="glyphs", class_names=("a", "b"), splits=splits)
    points = project(pictures.images).points
    neighbours = find_neighbours(points, pictures.labels, lambda *_: None)
    return find_duplicates(pictures, np.arange(len(pictures.labels)), neighbours)


def place(found: Duplicates, *splits: str) -> Places:
    return next(one for one in found.places if one.splits == splits)


def test_identical_pictures_are_grouped() -> None:
    a, b, c = IMAGES[:3]
    assert identical(np.stack([a, b, a, c, b, a])) == ((0, 2, 5), (1, 4))


def test_copies_are_counted_within_and_across_splits() -> None:
    a, b, c, d = IMAGES[:4]
    found = find(split("train", [a, a, b, c], [0, 0, 1, 1]), split("test", [a, b, d], [0, 1, 0]))
    assert found.exact == (("train 100", "train 101", "test 100"), ("train 102", "test 101"))
    assert place(found, "train", "train").exact_groups == 1
    assert place(found, "train", "test").exact_groups == 2
    assert place(found, "test", "test").exact_groups == 0
    assert not found.near
    assert not found.conflicting


def test_copy_with_another_label_is_a_conflict() -> None:
    a, b = IMAGES[:2]
    assert find(split("train", [a, b, a], [0, 0, 1])).conflicting == (("train 100", "train 102"),)


@pytest.mark.parametrize("labels", [[0, 0, 1], [0, 1, 1]])
def test_near_copy_is_found_within_a_class_and_across(labels: list[int]) -> None:
    a, b = IMAGES[:2]
    near = a.copy()
    near[5:9, 5:9] //= 2
    found = find(split("train", [a], labels[:1]), split("test", [near, b], labels[1:]))
    (pair,) = found.near
    assert pair.pictures == ("train 100", "test 100")
    assert 0 < pair.ink_difference <= NEAR_DIFFERENCE
    assert place(found, "train", "test").near_pairs == 1


def test_other_pictures_are_no_near_copies() -> None:
    assert not find(split("train", list(IMAGES), [0, 1] * 4)).near


def test_difference_is_the_share_of_ink_that_one_has_alone() -> None:
    first, second = np.zeros((2, 3, 28, 28), np.uint8)
    first[0, 0, :3] = 200
    second[0, 0, 1:3] = 200
    first[1, 0, 0] = second[1, 1, 1] = 255
    np.testing.assert_allclose(ink_difference(first, second), [0.2, 1, 0])


def test_pictures_without_labels_are_refused() -> None:
    from edge_infer.errors import DataError

    empty = Split(
        "train", np.zeros((0, 28, 28), np.uint8), np.zeros(0, np.int64), np.zeros(0, np.int64)
    )
    with pytest.raises(DataError, match="holds no pictures"):
        DataSet(name="glyphs", class_names=("a",), splits=(empty,))
    with pytest.raises(DataError, match="from 0 to 2, but there are 2 class names"):
        find(split("train", list(IMAGES[:3]), [0, 1, 2]))


def test_picture_is_named_by_split_and_number() -> None:
    splits = (split("train", list(IMAGES[:3]), [0, 1, 0]), split("test", list(IMAGES[3:5]), [1, 0]))
    pictures = DataSet(name="glyphs", class_names=("a", "b"), splits=splits)
    names = ("train 100", "train 101", "train 102", "test 100", "test 101")
    assert pictures.names == names
    assert [pictures.rows[name] for name in names] == [*range(5)]
    assert pictures.class_of(3) == "b"
    np.testing.assert_array_equal(pictures.counts, [[2, 1], [1, 1]])
