"""Which components of ink on a page are writing."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from edge_infer.boxes import Box
from edge_infer.page.binarize import Ink
from edge_infer.page.components import (
    MAX_COMPONENTS,
    Component,
    digit_height,
    find_components,
    merge,
)

ImageU8 = NDArray[np.uint8]

THRESHOLD = 8


def page(height: int = 300, width: int = 400) -> ImageU8:
    """Return the contrast of a page with nothing on it."""
    return np.zeros((height, width), np.uint8)


def write(contrast: ImageU8, x: int, y: int, level: int = 120, height: int = 60) -> Box:
    """Write a ring in place."""
    pen = max(2, height // 10)
    axes = (height // 3, height // 2)
    cv2.ellipse(contrast, (x, y), axes, 0, 0, 360, level, pen)
    ring = np.zeros_like(contrast)
    cv2.ellipse(ring, (x, y), axes, 0, 0, 360, 1, pen)
    return Box(*cv2.boundingRect(ring))


def boxes(contrast: ImageU8) -> set[Box]:
    return {component.box for component in find_components(Ink(contrast, THRESHOLD, is_dark=True))}


def bar(x: int, y: int, width: int, height: int) -> Component:
    return Component(Box(x, y, width, height), np.ones((height, width), np.uint8), width * height)


def test_pieces_are_connected_ink_with_its_mask() -> None:
    contrast = page()
    truth = {write(contrast, 80, 100), write(contrast, 180, 110)}
    components = find_components(Ink(contrast, THRESHOLD, is_dark=True))
    assert {component.box for component in components} == truth
    for component in components:
        box = component.box
        place = contrast[box.y : box.y + box.height, box.x : box.x + box.width]
        assert np.array_equal(component.mask, (place > 0).astype(np.uint8))
        assert component.area == int(component.mask.sum())


def test_pieces_within_one_another_are_each_by_itself() -> None:
    # A ring with a bar in it, which has a hole and a dot in that.
    contrast = page()
    outer = write(contrast, 150, 150, height=200)
    contrast[110:190, 130:170] = 120
    contrast[130:170, 140:160] = 0
    contrast[140:160, 145:155] = 120
    components = {p.box: p for p in find_components(Ink(contrast, THRESHOLD, is_dark=True))}
    assert outer in components
    bar = components[Box(130, 110, 40, 80)]
    assert bar.area == 40 * 80 - 20 * 40
    assert not bar.mask[20:60, 10:30].any()
    together = np.zeros_like(contrast)
    for box, component in components.items():
        together[box.y : box.y + box.height, box.x : box.x + box.width] += component.mask
    speck_less = contrast.copy()
    speck_less[140:160, 145:155] = 0
    assert np.array_equal(together, (speck_less > 0).astype(np.uint8))


@pytest.mark.parametrize("share", [0.3, 0.5, 0.7])
def test_pieces_are_what_labelling_each_pixel_finds(share: float) -> None:
    rough = np.random.default_rng(3).random((120, 160), np.float32)
    smooth = cv2.GaussianBlur(rough, (0, 0), 1.5)
    contrast = np.where(smooth < np.quantile(smooth, share), 120, 0).astype(np.uint8)
    _, labels = cv2.connectedComponents(contrast, connectivity=8)
    for component in find_components(Ink(contrast, THRESHOLD, is_dark=True)):
        box = component.box
        place = np.asarray(labels)[box.y : box.y + box.height, box.x : box.x + box.width]
        (label,) = np.unique(place[component.mask != 0])
        assert np.array_equal(component.mask != 0, place == label)
        assert component.area == int((np.asarray(labels) == label).sum())


def test_an_empty_page_has_no_pieces() -> None:
    assert boxes(page()) == set()
    assert boxes(page(1, 1)) == set()


def test_specks_are_dropped_and_small_digits_kept() -> None:
    contrast = page()
    large, small = write(contrast, 80, 100), write(contrast, 180, 110, height=24)
    contrast[40:46, 300:306] = 120
    contrast[200:204, 50] = 120
    assert boxes(contrast) == {large, small}


def test_show_through_beside_deep_ink_is_dropped() -> None:
    contrast = page()
    deep = {write(contrast, 80, 100), write(contrast, 150, 100), write(contrast, 220, 100)}
    write(contrast, 300, 220, level=30)
    assert boxes(contrast) == deep


def test_faint_writing_alone_is_kept() -> None:
    contrast = page()
    digits = {write(contrast, 80, 100, level=30), write(contrast, 180, 100, level=25)}
    assert boxes(contrast) == digits


def test_writing_of_unequal_pressure_is_kept() -> None:
    contrast = page()
    digits = {write(contrast, 80, 100, level=150), write(contrast, 180, 100, level=90)}
    assert boxes(contrast) == digits


def test_shallow_stains_are_dropped() -> None:
    contrast = page()
    write(contrast, 80, 100, level=THRESHOLD + 1)
    assert boxes(contrast) == set()


@pytest.mark.parametrize("side", ["left", "bottom"])
def test_a_dark_desk_at_the_border_does_not_make_digits_faint(side: str) -> None:
    contrast = page()
    digits = {write(contrast, 150, 100, level=50), write(contrast, 250, 110, level=50)}
    if side == "left":
        contrast[:, :60] = 220
    else:
        contrast[230:] = 220
    assert digits <= boxes(contrast)


def test_digits_that_touch_the_border_are_kept() -> None:
    contrast = page(60, 200)
    cv2.ellipse(contrast, (40, 30), (18, 30), 0, 0, 360, 120, 5)
    cv2.ellipse(contrast, (120, 30), (18, 30), 0, 0, 360, 120, 5)
    assert [box.height for box in boxes(contrast)] == [60, 60]


def test_ruled_lines_are_no_pieces() -> None:
    contrast = page()
    contrast[60::60] = 60
    digits = {write(contrast, 80, 115, height=80), write(contrast, 180, 125, height=80)}
    assert boxes(contrast) == digits


def test_the_largest_pieces_of_too_many_are_kept() -> None:
    contrast = np.zeros((900, 900), np.uint8)
    for top in range(5, 840, 24):
        contrast[top : top + 12, 5:885] = np.tile([90] * 8 + [0] * 14, 40)
    contrast[870:888, 5:13] = 90
    components = find_components(Ink(contrast, THRESHOLD, is_dark=True))
    assert len(components) == MAX_COMPONENTS
    assert Box(5, 870, 8, 18) in {component.box for component in components}


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
    corner = Component(Box(10, 5, 2, 2), np.array([[1, 1], [1, 0]], np.uint8), 3)
    dot = Component(Box(11, 6, 2, 1), np.array([[1, 1]], np.uint8), 2)
    both = merge([corner, dot])
    assert both.box == Box(10, 5, 3, 2)
    assert both.mask.tolist() == [[1, 1, 0], [1, 1, 1]]
    assert both.area == 5
    assert merge([dot]) is dot
