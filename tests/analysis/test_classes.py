from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("sklearn")
from edge_analysis.exploration.classes import ClassSimilarity, compare_classes, find_prototypes
from edge_analysis.exploration.neighbours import Neighbours, find_neighbours

# On a line: three of class 0, one of them among those of class 1.
POINTS = np.array([[0], [1], [10.5], [9], [11], [12]], np.float32)
LABELS = np.array([0, 0, 0, 1, 1, 1])
# As if those were every second picture of a larger set.
COMPARED = np.arange(6) * 2
IMAGES = np.zeros((12, 1, 1), np.uint8)
IMAGES[COMPARED, 0] = 10 * POINTS


@pytest.fixture
def neighbours() -> Neighbours:
    return find_neighbours(POINTS, LABELS, 3, lambda *_: None)


@pytest.fixture
def found(neighbours: Neighbours) -> ClassSimilarity:
    means = np.zeros((3, 28, 28))
    means[1, 0, :4] = 255
    return compare_classes(means, COMPARED, neighbours)


def test_neighbours_are_counted_by_class(found: ClassSimilarity) -> None:
    np.testing.assert_array_equal(found.neighbours, [[2, 1, 0], [2, 1, 0], [0, 0, 0]])
    assert found.crossing_share == pytest.approx(0.5)


def test_pairs_are_those_that_meet(found: ClassSimilarity) -> None:
    (pair,) = found.pairs
    assert (pair.first, pair.second, pair.crossings, pair.n) == (0, 1, 3, 6)
    assert pair.share == 0.5


def test_outlier_is_nearer_to_another_class(found: ClassSimilarity) -> None:
    assert found.outlier_count == 3
    assert [one.row for one in found.outliers] == [4, 8, 6]
    first = found.outliers[0]
    assert (first.nearest, first.own_distance, first.other_distance) == (8, 9.5, 0.5)


def test_means_are_compared_where_there_are_pictures(found: ClassSimilarity) -> None:
    assert found.mean_distances[0, 1] == pytest.approx(2)
    assert np.isnan(found.mean_distances[2]).all()
    assert np.isnan(found.mean_distances[:, 2]).all()


def test_typical_is_near_the_mean_and_unusual_far_from_all(neighbours: Neighbours) -> None:
    means = np.array([IMAGES[:6].sum() / 3, IMAGES[6:].sum() / 3, 0]).reshape(3, 1, 1)
    first, second, none = find_prototypes(IMAGES, means, COMPARED, neighbours)
    assert [one.row for one in first.typical] == [2, 0, 4]
    assert [one.row for one in first.unusual] == [4, 0, 2]
    assert first.typical[0].distance == pytest.approx((115 / 3 - 10) / 255)
    assert first.unusual[0].distance == pytest.approx(9.5)
    assert second.unusual[0].row == 6
    assert none.typical == none.unusual == ()


def test_single_picture_of_a_class_is_typical_but_not_unusual() -> None:
    points, labels = np.array([[0], [1]], np.float32), np.array([0, 1])
    neighbours = find_neighbours(points, labels, 2, lambda *_: None)
    images = np.zeros((2, 1, 1), np.uint8)
    first, _ = find_prototypes(images, np.zeros((2, 1, 1)), np.arange(2), neighbours)
    assert len(first.typical) == 1
    assert not first.unusual
    assert not compare_classes(np.zeros((2, 28, 28)), np.arange(2), neighbours).outliers
