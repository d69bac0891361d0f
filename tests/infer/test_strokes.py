"""Which pieces of ink on a page are writing."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from edge_infer.boxes import Box
from edge_infer.page.ink import Ink
from edge_infer.page.strokes import MAX_PIECES, Piece, digit_height, find_pieces, join

ImageU8 = NDArray[np.uint8]

THRESHOLD = 8


def page(height: int = 300, width: int = 400) -> ImageU8:
    """Return the depth of a page with nothing on it."""
    return np.zeros((height, width), np.uint8)


def write(depth: ImageU8, x: int, y: int, level: int = 120, height: int = 60) -> Box:
    """Write a ring in place."""
    pen = max(2, height // 10)
    axes = (height // 3, height // 2)
    cv2.ellipse(depth, (x, y), axes, 0, 0, 360, level, pen)
    ring = np.zeros_like(depth)
    cv2.ellipse(ring, (x, y), axes, 0, 0, 360, 1, pen)
    return Box(*cv2.boundingRect(ring))


def boxes(depth: ImageU8) -> set[Box]:
    return {piece.box for piece in find_pieces(Ink(depth, THRESHOLD, is_dark=True))}


def bar(x: int, y: int, width: int, height: int) -> Piece:
    return Piece(Box(x, y, width, height), np.ones((height, width), np.uint8), width * height)


def test_pieces_are_connected_ink_with_its_mask() -> None:
    depth = page()
    truth = {write(depth, 80, 100), write(depth, 180, 110)}
    pieces = find_pieces(Ink(depth, THRESHOLD, is_dark=True))
    assert {piece.box for piece in pieces} == truth
    for piece in pieces:
        box = piece.box
        place = depth[box.y : box.y + box.height, box.x : box.x + box.width]
        assert np.array_equal(piece.mask, (place > 0).astype(np.uint8))
        assert piece.area == int(piece.mask.sum())


def test_pieces_within_one_another_are_each_by_itself() -> None:
    # A ring with a bar in it, which has a hole and a dot in that.
    depth = page()
    outer = write(depth, 150, 150, height=200)
    depth[110:190, 130:170] = 120
    depth[130:170, 140:160] = 0
    depth[140:160, 145:155] = 120
    pieces = {p.box: p for p in find_pieces(Ink(depth, THRESHOLD, is_dark=True))}
    assert outer in pieces
    bar = pieces[Box(130, 110, 40, 80)]
    assert bar.area == 40 * 80 - 20 * 40
    assert not bar.mask[20:60, 10:30].any()
    together = np.zeros_like(depth)
    for box, piece in pieces.items():
        together[box.y : box.y + box.height, box.x : box.x + box.width] += piece.mask
    speck_less = depth.copy()
    speck_less[140:160, 145:155] = 0
    assert np.array_equal(together, (speck_less > 0).astype(np.uint8))


@pytest.mark.parametrize("share", [0.3, 0.5, 0.7])
def test_pieces_are_what_labelling_each_pixel_finds(share: float) -> None:
    rough = np.random.default_rng(3).random((120, 160), np.float32)
    smooth = cv2.GaussianBlur(rough, (0, 0), 1.5)
    depth = np.where(smooth < np.quantile(smooth, share), 120, 0).astype(np.uint8)
    _, labels = cv2.connectedComponents(depth, connectivity=8)
    for piece in find_pieces(Ink(depth, THRESHOLD, is_dark=True)):
        box = piece.box
        place = np.asarray(labels)[box.y : box.y + box.height, box.x : box.x + box.width]
        (label,) = np.unique(place[piece.mask != 0])
        assert np.array_equal(piece.mask != 0, place == label)
        assert piece.area == int((np.asarray(labels) == label).sum())


def test_an_empty_page_has_no_pieces() -> None:
    assert boxes(page()) == set()
    assert boxes(page(1, 1)) == set()


def test_specks_are_dropped_and_small_digits_kept() -> None:
    depth = page()
    large, small = write(depth, 80, 100), write(depth, 180, 110, height=24)
    depth[40:46, 300:306] = 120
    depth[200:204, 50] = 120
    assert boxes(depth) == {large, small}


def test_show_through_beside_deep_ink_is_dropped() -> None:
    depth = page()
    deep = {write(depth, 80, 100), write(depth, 150, 100), write(depth, 220, 100)}
    write(depth, 300, 220, level=30)
    assert boxes(depth) == deep


def test_faint_writing_alone_is_kept() -> None:
    depth = page()
    digits = {write(depth, 80, 100, level=30), write(depth, 180, 100, level=25)}
    assert boxes(depth) == digits


def test_writing_of_unequal_pressure_is_kept() -> None:
    depth = page()
    digits = {write(depth, 80, 100, level=150), write(depth, 180, 100, level=90)}
    assert boxes(depth) == digits


def test_shallow_stains_are_dropped() -> None:
    depth = page()
    write(depth, 80, 100, level=THRESHOLD + 1)
    assert boxes(depth) == set()


@pytest.mark.parametrize("side", ["left", "bottom"])
def test_a_dark_desk_at_the_border_does_not_make_digits_faint(side: str) -> None:
    depth = page()
    digits = {write(depth, 150, 100, level=50), write(depth, 250, 110, level=50)}
    if side == "left":
        depth[:, :60] = 220
    else:
        depth[230:] = 220
    assert digits <= boxes(depth)


def test_digits_that_touch_the_border_are_kept() -> None:
    depth = page(60, 200)
    cv2.ellipse(depth, (40, 30), (18, 30), 0, 0, 360, 120, 5)
    cv2.ellipse(depth, (120, 30), (18, 30), 0, 0, 360, 120, 5)
    assert [box.height for box in boxes(depth)] == [60, 60]


def test_ruled_lines_are_no_pieces() -> None:
    depth = page()
    depth[60::60] = 60
    digits = {write(depth, 80, 115, height=80), write(depth, 180, 125, height=80)}
    assert boxes(depth) == digits


def test_the_largest_pieces_of_too_many_are_kept() -> None:
    depth = np.zeros((900, 900), np.uint8)
    for top in range(5, 840, 24):
        depth[top : top + 12, 5:885] = np.tile([90] * 8 + [0] * 14, 40)
    depth[870:888, 5:13] = 90
    pieces = find_pieces(Ink(depth, THRESHOLD, is_dark=True))
    assert len(pieces) == MAX_PIECES
    assert Box(5, 870, 8, 18) in {piece.box for piece in pieces}


def test_digit_height_is_that_of_most_ink() -> None:
    digits = [bar(x, 0, 20, 40) for x in range(3)]
    assert digit_height(digits) == 40
    # Dots and a few large things do not change it, nor what has no digit's shape.
    dots = [bar(x, 0, 4, 4) for x in range(20)]
    lines = [bar(0, 0, 400, 5), bar(0, 0, 5, 400)]
    assert digit_height([*digits, *dots, *lines]) == 40
    assert digit_height([*digits, bar(0, 0, 30, 60)]) == 40


def test_digit_height_of_nothing_is_none() -> None:
    assert digit_height([]) == 0
    assert digit_height([bar(0, 0, 400, 5)]) == 0


def test_join_puts_pieces_in_their_places() -> None:
    corner = Piece(Box(10, 5, 2, 2), np.array([[1, 1], [1, 0]], np.uint8), 3)
    dot = Piece(Box(11, 6, 2, 1), np.array([[1, 1]], np.uint8), 2)
    both = join([corner, dot])
    assert both.box == Box(10, 5, 3, 2)
    assert both.mask.tolist() == [[1, 1, 0], [1, 1, 1]]
    assert both.area == 5
    assert join([dot]) is dot
