"""Cutting touching digits apart."""

from __future__ import annotations

import cv2
import numpy as np

from edge_infer.boxes import Box
from edge_infer.page.cuts import cut
from edge_infer.page.strokes import Piece


def piece(mask: np.ndarray[tuple[int, ...], np.dtype[np.uint8]], x: int = 0, y: int = 0) -> Piece:
    height, width = mask.shape
    return Piece(Box(x, y, width, height), mask, int(mask.sum()))


def rings(*centres: int) -> Piece:
    mask = np.zeros((60, max(centres) + 21), np.uint8)
    for centre in centres:
        cv2.ellipse(mask, (centre, 30), (18, 27), 0, 0, 360, 1, 4)
    return piece(mask, x=100, y=50)


def test_cut_finds_the_place_where_two_rings_touch() -> None:
    both = rings(20, 56)
    parts = cut(both, 60)
    edges = [part.box.x + part.box.width for part in parts[:-1]]
    # The rings touch at column 38 of the piece.
    assert any(abs(edge - (100 + 38)) <= 4 for edge in edges)


def test_cut_parts_make_up_the_piece() -> None:
    whole = rings(20, 56, 92)
    parts = cut(whole, 60)
    assert len(parts) > 3
    rebuilt = np.zeros_like(whole.mask)
    for part in parts:
        assert part.area == int(part.mask.sum()) > 0
        top, left = part.box.y - 50, part.box.x - 100
        rebuilt[top : top + part.box.height, left : left + part.box.width] += part.mask
    assert np.array_equal(rebuilt, whole.mask)
    assert [part.box.x for part in parts] == sorted(part.box.x for part in parts)


def test_cut_leaves_an_upright_stroke_whole() -> None:
    one = piece(np.ones((60, 8), np.uint8))
    assert cut(one, 60) == [one]


def test_cut_takes_the_smallest_pieces() -> None:
    for height, width in ((1, 1), (1, 40), (40, 1), (2, 3)):
        dot = piece(np.ones((height, width), np.uint8))
        assert sum(part.area for part in cut(dot, 40)) == dot.area
