"""Quarter turns of tensors, components and boxes."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_infer.boxes import Box
from edge_infer.page.components import Component
from edge_infer.page.orientation import (
    MIN_GAIN,
    likeliest_rotation,
    rotate_box,
    rotate_component,
    rotated_tensors,
)


@settings(derandomize=True, max_examples=50, deadline=None)
@given(
    st.integers(0, 9), st.integers(0, 9), st.integers(1, 9), st.integers(1, 9), st.integers(0, 3)
)
def test_rotate_box_goes_with_the_picture(x: int, y: int, w: int, h: int, quarters: int) -> None:
    picture = np.zeros((20, 25), np.uint8)
    picture[y : y + h, x : x + w] = 1
    turned = np.rot90(picture, -quarters)
    rows, columns = np.nonzero(turned)
    box = rotate_box(Box(x, y, w, h), quarters, *picture.shape)
    assert (box.x, box.y) == (columns.min(), rows.min())
    assert (box.width, box.height) == (np.ptp(columns) + 1, np.ptp(rows) + 1)
    assert rotate_box(box, 4 - quarters, *turned.shape) == Box(x, y, w, h)


def test_rotate_component_turns_mask_and_box() -> None:
    mask = np.array([[1, 1, 1], [1, 0, 0]], np.uint8)
    turned = rotate_component(Component(Box(2, 1, 3, 2), mask, 4), 1, 10, 10)
    assert turned.mask.tolist() == [[1, 1], [0, 1], [0, 1]]
    assert turned.box == Box(7, 2, 2, 3)
    assert turned.area == 4


def test_rotated_tensors_are_clockwise() -> None:
    tensor = np.zeros((1, 28, 28), np.uint8)
    tensor[0, 0, 27] = 9  # top right
    corners = [tuple(np.argwhere(one)[0]) for one in rotated_tensors(tensor)]
    assert corners == [(27, 27), (27, 0), (0, 0)]


def test_rotated_tensors_of_one_quarter_stand_together() -> None:
    tensors = np.zeros((2, 28, 28), np.uint8)
    tensors[0, 0, 27] = tensors[1, 0, 26] = 9
    corners = [tuple(np.argwhere(one)[0]) for one in rotated_tensors(tensors)]
    assert corners == [(27, 27), (26, 27), (27, 0), (27, 1), (0, 0), (1, 0)]
    assert rotated_tensors(tensors[:0]).shape == (0, 28, 28)


def test_likeliest_rotation_wants_a_clear_gain_and_more_than_one_piece() -> None:
    logs = np.full((4, 3), -3.0)
    logs[1] = -0.1
    assert likeliest_rotation(logs) == 1
    assert likeliest_rotation(logs[:, :1]) == 0
    logs[1] = -3.0 + MIN_GAIN / 2
    assert likeliest_rotation(logs) == 0
