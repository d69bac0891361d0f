from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from edge_infer.page.binarize import Ink
from edge_infer.page.bleed_through import remove_bleed_through
from edge_infer.page.components import Component, find_components

ImageU8 = NDArray[np.uint8]


def page(ground: int = 220) -> ImageU8:
    return np.full((200, 400), ground, np.uint8)


def draw_zero(image: ImageU8, x: int, level: int, y: int = 100) -> None:
    cv2.ellipse(image, (x, y), (20, 40), 0, 0, 360, (level,), 7)


def left(image: ImageU8, ground: int | NDArray[np.int64] = 220) -> list[Component]:
    contrast = np.clip(ground - image.astype(np.int64), 0, 255).astype(np.uint8)
    ink = Ink(contrast, 12, is_dark=True)
    components = remove_bleed_through(find_components(ink), ink, image)
    return sorted(components, key=lambda component: component.box.x)


def test_pale_piece_beside_dark_ones_is_left_out() -> None:
    image = page()
    for x, level in ((60, 60), (160, 150), (260, 60)):
        draw_zero(image, x, level)
    assert [
        component.box.x < 160 < component.box.x + component.box.width for component in left(image)
    ] == [False] * 2


def test_pale_row_under_a_dark_one_stays() -> None:
    image = page()
    draw_zero(image, 100, 60, y=50)
    draw_zero(image, 100, 140, y=150)
    assert len(left(image)) == 2


def test_pale_part_is_taken_off_and_parts_what_it_joined() -> None:
    image = page()
    for x in (60, 200):
        draw_zero(image, x, 60)
    cv2.line(image, (80, 100), (180, 100), (150,), 7)
    assert [component.box.width < 60 for component in left(image)] == [True, True]


def test_ink_in_the_shadow_is_no_paler_than_in_the_light() -> None:
    image = page()
    for x in (60, 160, 260, 340):
        draw_zero(image, x, 60)
    light = np.where(np.arange(400) < 210, 1.0, 0.55)
    assert len(left((image * light).astype(np.uint8), (220 * light).astype(np.int64))) == 4


@pytest.mark.parametrize("level", [40, 120])
def test_alike_pieces_stay_as_they_are(level: int) -> None:
    image = page()
    for x in (60, 160, 260):
        draw_zero(image, x, level)
    ink = Ink(cv2.subtract(page(), image).astype(np.uint8), 12, is_dark=True)
    components = find_components(ink)
    assert remove_bleed_through(components, ink, image) == components


def test_no_pieces_leave_none() -> None:
    assert remove_bleed_through([], Ink(page(0), 12, is_dark=True), page()) == []
