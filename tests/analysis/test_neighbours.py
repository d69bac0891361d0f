from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("sklearn")
from edge_analysis.exploration.neighbours import (
    NONE,
    evenly_spaced,
    find_neighbours,
    project,
)


@settings(max_examples=20)
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(-9, 9)), min_size=1, max_size=30))
def test_nearest_neighbours_are_those_of_all_comparisons(pairs: list[tuple[int, int]]) -> None:
    labels = np.array([label for label, _ in pairs])
    points = np.array([[value, 2 * value % 5] for _, value in pairs], np.float32)
    found = find_neighbours(points, labels, lambda *_: None)
    distances = np.linalg.norm(points[:, None] - points, axis=2)
    np.fill_diagonal(distances, np.inf)
    same = labels[:, None] == labels
    for allowed, found_distances, nearest in (
        (same, found.own_distance, found.own_nearest),
        (~same, found.other_distance, found.other_nearest),
    ):
        expected = np.where(allowed, distances, np.inf).min(axis=1)
        np.testing.assert_allclose(found_distances, expected, atol=1e-3)
        for row in range(len(points)):
            if np.isinf(expected[row]):
                assert nearest[row] == NONE
            else:
                assert np.isclose(distances[row, nearest[row]], expected[row], atol=1e-3)


def test_projected_distances_are_never_more_than_true_ones() -> None:
    images = np.random.default_rng(2).integers(0, 256, (60, 28, 28), np.uint8)
    found = project(images, dimensions=10)
    flat = images.reshape(60, -1) / 255
    true = np.linalg.norm(flat[:, None] - flat, axis=2)
    projected = np.linalg.norm(found.points[:, None] - found.points, axis=2)
    assert (projected <= true + 1e-3).all()
    assert 0 < found.variance_kept < 1


def test_projection_of_few_pictures_keeps_all_distances() -> None:
    images = np.random.default_rng(3).integers(0, 256, (5, 28, 28), np.uint8)
    found = project(images)
    true = np.linalg.norm(images[0] / 255 - images[1] / 255)
    assert np.isclose(np.linalg.norm(found.points[0] - found.points[1]), true, rtol=1e-3)
    assert np.isclose(found.variance_kept, 1, atol=1e-3)
    # Equal pictures become one point.
    found = project(np.full((4, 28, 28), 9, np.uint8))
    assert found.variance_kept == 1
    np.testing.assert_allclose(found.points, 0, atol=1e-6)


@given(st.integers(1, 300), st.integers(1, 300))
def test_evenly_spaced_indices_are_distinct_and_in_range(n: int, most: int) -> None:
    chosen = evenly_spaced(n, most)
    assert len(set(chosen.tolist())) == len(chosen) == min(n, most)
    assert 0 <= chosen.min() <= chosen.max() < n
