from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_synth import strokes


def ring(thickness: int = 4, size: int = 40) -> np.ndarray:
    picture = np.zeros((size, size), np.uint8)
    picture[4:-4, 4:-4] = 255
    inner = 4 + thickness
    picture[inner:-inner, inner:-inner] = 0
    return picture


def bar(angle_deg: float, width: float = 3, length: float = 20) -> np.ndarray:
    """A straight stroke about the middle of 28x28; 0 is upright."""
    rows, columns = np.indices((28, 28)) - 13.5
    lean = np.deg2rad(angle_deg)
    along = rows * np.cos(lean) + columns * np.sin(lean)
    across = columns * np.cos(lean) - rows * np.sin(lean)
    inside = (np.abs(along) <= length / 2) & (np.abs(across) <= width / 2)
    return (255 * inside).astype(np.uint8)


def test_widening_stops_before_a_hole_closes() -> None:
    for pixels in range(1, 30):
        assert strokes.count_holes(strokes.change_thickness(ring(12), pixels)) == 1


def test_holes_are_counted() -> None:
    assert strokes.count_holes(ring()) == 1
    assert strokes.count_holes(np.concatenate((ring(), ring()), axis=1)) == 2
    assert strokes.count_holes(np.zeros((9, 9), np.uint8)) == 0
    assert strokes.count_holes(np.full((9, 9), 255, np.uint8)) == 0


@pytest.mark.parametrize(("angle", "upright"), [(0, True), (40, True), (-40, True), (90, False)])
def test_upright_strokes_are_found(angle: float, upright: bool) -> None:
    images = np.stack([bar(angle), bar(angle, width=12), ring(3, 28)])
    assert strokes.are_upright_strokes(images).tolist() == [upright, False, False]


@given(place=st.floats(0, 20), slope=st.floats(-0.5, 0.5))
def test_a_line_divides_a_picture(place: float, slope: float) -> None:
    left = strokes.left_of_line((11, 20), place, slope)
    assert left.shape == (11, 20)
    assert left[5].sum() == np.ceil(place)
    # In every row the selection is on the left.
    assert not (np.diff(left.astype(int), axis=1) > 0).any()
