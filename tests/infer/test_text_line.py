"""Components of a text line: their tensors, their cuts and their rotation."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from edge_infer.boxes import Box
from edge_infer.page.binarize import Ink
from edge_infer.page.components import Component
from edge_infer.page.cut_paths import split
from edge_infer.page.text_line import (
    make_tensor,
)

ImageU8 = NDArray[np.uint8]


def component_of(mask: np.ndarray, x: int = 0, y: int = 0) -> Component:
    return Component(Box(x, y, mask.shape[1], mask.shape[0]), mask, int(mask.sum()))


def tensor_of(contrast: ImageU8, box: Box) -> ImageU8:
    """Return the tensor of all ink inside a box."""
    mask = (contrast[box.y : box.bottom, box.x : box.right] > 0).astype(np.uint8)
    return make_tensor(component_of(mask, box.x, box.y), Ink(contrast, 10, is_dark=True))


@pytest.mark.parametrize("place", [(0, 0), (0, 44), (40, 0), (40, 44), (20, 20)])
@pytest.mark.parametrize("level", [12, 120, 255])
def test_tensor_depends_neither_on_the_place_nor_on_the_contrast(place, level: int) -> None:
    y, x = place
    contrast = np.zeros((70, 60), np.uint8)
    contrast[y : y + 30, x : x + 16] = level
    tensor = tensor_of(contrast, Box(x, y, 16, 30))
    assert (tensor.shape, tensor.dtype, tensor.max()) == ((28, 28), np.uint8, 255)
    rows, columns = np.nonzero(tensor)
    assert np.ptp(rows) + 1 == 20
    assert abs(rows.mean() - 14) <= 1
    assert abs(columns.mean() - 14) <= 1


def test_tensor_shows_no_other_ink_inside_or_around_the_box() -> None:
    contrast = np.zeros((90, 80), np.uint8)
    contrast[10:70, 10:18] = contrast[62:70, 10:60] = 150
    hook = component_of((contrast[10:70, 10:60] > 0).astype(np.uint8), 10, 10)
    before = make_tensor(hook, Ink(contrast, 10, is_dark=True))
    contrast[20:30, 40:50] = contrast[10:70, 64:70] = contrast[74:80, 10:60] = 200
    assert np.array_equal(make_tensor(hook, Ink(contrast, 10, is_dark=True)), before)


def test_rings_are_split_where_they_touch_and_no_ink_is_lost() -> None:
    mask = np.zeros((60, 113), np.uint8)
    for centre in (20, 56, 92):
        cv2.ellipse(mask, (centre, 30), (18, 27), 0, 0, 360, 1, 4)
    parts = split(component_of(mask, x=100, y=50), 60)
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
    whole = component_of(np.ones(shape, np.uint8))
    parts = split(whole, 60)
    assert sum(part.area for part in parts) == whole.area
    if shape == (60, 8):  # A 1.
        assert parts == [whole]


@settings(derandomize=True, max_examples=50, deadline=None)
@given(
    st.integers(0, 9), st.integers(0, 9), st.integers(1, 9), st.integers(1, 9), st.integers(0, 3)
)
def test_component_rotates_with_its_picture(x: int, y: int, w: int, h: int, quarters: int) -> None:
    picture = np.zeros((20, 25), np.uint8)
    mask = np.arange(1, h * w + 1, dtype=np.uint8).reshape(h, w)
    picture[y : y + h, x : x + w] = mask
    component = Component(Box(x, y, w, h), mask, w * h)
    rotated = component.rotated(quarters, *picture.shape)
    expected = np.rot90(picture, -quarters)
    np.testing.assert_array_equal(rotated.crop(expected), rotated.mask)
    assert np.count_nonzero(rotated.mask) == rotated.area == np.count_nonzero(expected)
    assert rotated.rotated(4 - quarters, *expected.shape).box == component.box
