"""Cutting touching digits apart."""

from __future__ import annotations

import cv2
import numpy as np

from edge_infer.boxes import Box
from edge_infer.page.components import Component
from edge_infer.page.cut_paths import split


def component(
    mask: np.ndarray[tuple[int, ...], np.dtype[np.uint8]], x: int = 0, y: int = 0
) -> Component:
    height, width = mask.shape
    return Component(Box(x, y, width, height), mask, int(mask.sum()))


def rings(*centres: int) -> Component:
    mask = np.zeros((60, max(centres) + 21), np.uint8)
    for centre in centres:
        cv2.ellipse(mask, (centre, 30), (18, 27), 0, 0, 360, 1, 4)
    return component(mask, x=100, y=50)


def test_cut_finds_the_place_where_two_rings_touch() -> None:
    both = rings(20, 56)
    parts = split(both, 60)
    edges = [part.box.x + part.box.width for part in parts[:-1]]
    # The rings touch at column 38 of the component.
    assert any(abs(edge - (100 + 38)) <= 4 for edge in edges)


def test_cut_parts_make_up_the_piece() -> None:
    whole = rings(20, 56, 92)
    parts = split(whole, 60)
    assert len(parts) > 3
    rebuilt = np.zeros_like(whole.mask)
    for part in parts:
        assert part.area == int(part.mask.sum()) > 0
        top, left = part.box.y - 50, part.box.x - 100
        rebuilt[top : top + part.box.height, left : left + part.box.width] += part.mask
    assert np.array_equal(rebuilt, whole.mask)
    assert [part.box.x for part in parts] == sorted(part.box.x for part in parts)


def test_cut_leaves_an_upright_stroke_whole() -> None:
    one = component(np.ones((60, 8), np.uint8))
    assert split(one, 60) == [one]


def test_cut_takes_the_smallest_pieces() -> None:
    for height, width in ((1, 1), (1, 40), (40, 1), (2, 3)):
        dot = component(np.ones((height, width), np.uint8))
        assert sum(part.area for part in split(dot, 40)) == dot.area
