"""Quarter turns of boxes, components and tensors."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_infer.boxes import Box
from edge_infer.page.components import Component
from edge_infer.page.orientation import MIN_GAIN, likeliest_rotation, rotated_tensors

SIDES = st.integers(1, 9)


@settings(derandomize=True, max_examples=50, deadline=None)
@given(st.integers(0, 9), st.integers(0, 9), SIDES, SIDES, st.integers(0, 3))
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


def test_tensors_are_rotated_clockwise_and_grouped_by_rotation() -> None:
    tensors = np.zeros((2, 28, 28), np.uint8)
    tensors[0, 0, 27] = tensors[1, 0, 26] = 9
    corners = [tuple(np.argwhere(one)[0]) for one in rotated_tensors(tensors)]
    assert corners == [(27, 27), (26, 27), (27, 0), (27, 1), (0, 0), (1, 0)]
    assert rotated_tensors(tensors[:0]).shape == (0, 28, 28)


def test_rotation_needs_a_clear_gain_and_two_components() -> None:
    logs = np.full((4, 3), -3.0)
    logs[1] = -0.1
    assert likeliest_rotation(logs) == 1
    assert likeliest_rotation(logs[:, :1]) == 0
    logs[1] = -3.0 + MIN_GAIN / 2
    assert likeliest_rotation(logs) == 0
