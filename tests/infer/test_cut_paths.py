"""Splitting of touching digits."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from edge_infer.boxes import Box
from edge_infer.page.components import Component
from edge_infer.page.cut_paths import split


def component(mask: np.ndarray, x: int = 0, y: int = 0) -> Component:
    return Component(Box(x, y, mask.shape[1], mask.shape[0]), mask, int(mask.sum()))


def test_rings_are_split_where_they_touch_and_no_ink_is_lost() -> None:
    mask = np.zeros((60, 113), np.uint8)
    for centre in (20, 56, 92):
        cv2.ellipse(mask, (centre, 30), (18, 27), 0, 0, 360, 1, 4)
    parts = split(component(mask, x=100, y=50), 60)
    assert len(parts) > 3
    rebuilt = np.zeros_like(mask)
    for part in parts:
        assert part.area == int(part.mask.sum()) > 0
        top, left = part.box.y - 50, part.box.x - 100
        rebuilt[top : top + part.box.height, left : left + part.box.width] += part.mask
    assert np.array_equal(rebuilt, mask)
    assert [part.box.x for part in parts] == sorted(part.box.x for part in parts)
    edges = np.array([part.box.x + part.box.width for part in parts[:-1]])
    assert all(abs(edges - touching).min() <= 4 for touching in (138, 174))


@pytest.mark.parametrize("shape", [(60, 8), (1, 1), (1, 40), (40, 1), (2, 3)])
def test_small_components_lose_no_ink(shape: tuple[int, int]) -> None:
    whole = component(np.ones(shape, np.uint8))
    parts = split(whole, 60)
    assert sum(part.area for part in parts) == whole.area
    if shape == (60, 8):  # A 1.
        assert parts == [whole]
