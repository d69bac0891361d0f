from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

pytest.importorskip("sklearn")
from edge_analysis.data_set import DataSet, Split
from edge_analysis.exploration.classes import ClassSimilarity, compare_classes, find_prototypes
from edge_analysis.exploration.neighbours import Neighbours, find_neighbours

# On a line: three of class a, one of them among those of class b.
POINTS = np.array([[0], [1], [10.5], [9], [11], [12]], np.float32)
LABELS = np.array([0, 0, 0, 1, 1, 1])
# Every second picture of a larger set.
COMPARED = np.arange(6) * 2


def set_of(images: NDArray[np.uint8], labels: NDArray[np.int64], names: str = "abc") -> DataSet:
    numbers = np.arange(len(labels))
    split = Split("all", images, labels, numbers)
    return DataSet(name="glyphs", class_names=tuple(names), splits=(split,))


@pytest.fixture
def pictures() -> DataSet:
    images = np.zeros((12, 1, 1), np.uint8)
    images[COMPARED, 0] = 10 * POINTS
    return set_of(images, np.repeat(LABELS, 2))


@pytest.fixture
def neighbours() -> Neighbours:
    return find_neighbours(POINTS, LABELS, lambda *_: None)


@pytest.fixture
def found(pictures: DataSet, neighbours: Neighbours) -> ClassSimilarity:
    means = np.zeros((3, 28, 28))
    means[1, 0, :4] = 255
    return compare_classes(pictures, means, COMPARED, neighbours)


def test_neighbours_are_counted_by_class(found: ClassSimilarity) -> None:
    np.testing.assert_array_equal(found.nearest_neighbours, [[2, 1, 0], [2, 1, 0], [0, 0, 0]])
    assert found.crossing_share == pytest.approx(0.5)


def test_pairs_are_those_with_crossings(found: ClassSimilarity) -> None:
    (pair,) = found.pairs
    assert (pair.classes, pair.crossings, pair.n, pair.share) == (("a", "b"), 3, 6, 0.5)


def test_outlier_is_nearer_to_another_class(found: ClassSimilarity) -> None:
    assert found.stray_count == 3
    assert [one.picture for one in found.strays] == ["all 4", "all 8", "all 6"]
    first = found.strays[0]
    assert (first.class_, first.nearest, first.nearest_class) == ("a", "all 8", "b")
    assert (first.own_distance, first.other_distance) == (9.5, 0.5)


def test_means_are_compared_where_there_are_pictures(found: ClassSimilarity) -> None:
    assert found.mean_distances[0, 1] == pytest.approx(2)
    assert np.isnan(found.mean_distances[2]).all()
    assert np.isnan(found.mean_distances[:, 2]).all()


def test_typical_is_near_the_mean_and_unusual_far_from_all(
    pictures: DataSet, neighbours: Neighbours
) -> None:
    values = pictures.images[COMPARED, 0, 0]
    means = np.array([values[:3].mean(), values[3:].mean(), 0]).reshape(3, 1, 1)
    first, second, none = find_prototypes(pictures, means, COMPARED, neighbours)
    assert [one.picture for one in first.typical] == ["all 2", "all 0", "all 4"]
    assert [one.picture for one in first.unusual] == ["all 4", "all 0", "all 2"]
    assert first.typical[0].distance == pytest.approx((115 / 3 - 10) / 255)
    assert first.unusual[0].distance == pytest.approx(9.5)
    assert second.unusual[0].picture == "all 6"
    assert none.typical == none.unusual == ()


def test_single_picture_of_a_class_is_typical_but_not_unusual() -> None:
    labels = np.array([0, 1])
    neighbours = find_neighbours(np.array([[0], [1]], np.float32), labels, lambda *_: None)
    pictures = set_of(np.zeros((2, 1, 1), np.uint8), labels, "ab")
    means = np.zeros((2, 1, 1))
    first, _ = find_prototypes(pictures, means, np.arange(2), neighbours)
    assert len(first.typical) == 1
    assert not first.unusual
    assert not compare_classes(pictures, means, np.arange(2), neighbours).strays
