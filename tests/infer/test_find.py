from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from numpy.typing import NDArray

from edge_infer.errors import ImageError
from edge_infer.find import MAX_DIGITS, FoundDigit, find_digits

ImageU8 = NDArray[np.uint8]
DrawFrame = Callable[..., ImageU8]
ROW = [("0", 20, 90), ("3", 90, 90), ("5", 160, 90), ("8", 230, 90)]


def boxes(found: list[FoundDigit]) -> list[tuple[int, int, int, int]]:
    return [(one.box.x, one.box.y, one.box.width, one.box.height) for one in found]


def test_find_digits_boxes_each_digit_in_reading_order(draw_frame: DrawFrame) -> None:
    found = find_digits(draw_frame([*ROW[::-1], ("1", 150, 10)]))
    assert [box[0] // 10 for box in boxes(found)] == [16, 2, 9, 16, 23]
    x, y, width, height = boxes(found)[2]
    assert 90 <= x <= 98
    assert 90 <= y <= 98
    assert 36 <= width <= 46
    assert 50 <= height <= 60


def test_find_digits_makes_tensors_as_for_single_pictures(
    draw_frame: DrawFrame, draw_digit: Callable[..., ImageU8]
) -> None:
    from edge_infer.preprocess import prepare_digit

    found = find_digits(draw_frame(ROW))
    for (label, _, _), one in zip(ROW, found, strict=True):
        alone = prepare_digit(draw_digit(label, 60, ink=30, ground=220, margin=4))
        assert one.tensor.dtype == np.uint8
        assert one.tensor.shape == (28, 28)
        assert alone is not None
        assert np.abs(one.tensor.astype(int) - alone).mean() < 3


@given(
    ink=st.integers(0, 255),
    ground=st.integers(0, 255),
    dx=st.integers(0, 30),
    dy=st.integers(0, 60),
)
@settings(max_examples=30, deadline=None)
def test_find_digits_is_the_same_for_either_polarity_and_any_place(
    draw_frame: DrawFrame, ink: int, ground: int, dx: int, dy: int
) -> None:
    if abs(ink - ground) < 40:
        ink = (ground + 128) % 256
    frame = draw_frame(ROW, ink=ink, ground=ground)
    moved = draw_frame([(label, x + dx, y + dy) for label, x, y in ROW], ink=ink, ground=ground)
    here, there, negative = find_digits(frame), find_digits(moved), find_digits(255 - frame)
    assert len(here) == len(ROW)
    assert boxes(negative) == boxes(here)
    assert boxes(there) == [(x + dx, y + dy, w, h) for x, y, w, h in boxes(here)]
    for one, other, third in zip(here, there, negative, strict=True):
        assert np.array_equal(one.tensor, other.tensor)
        assert np.array_equal(one.tensor, third.tensor)


@given(
    frame=npst.arrays(
        np.uint8,
        st.tuples(st.integers(1, 60), st.integers(1, 60)),
        elements=st.sampled_from([0, 90, 255]),
        fill=st.sampled_from([0, 255]),
    )
)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_find_digits_keeps_its_promises_for_any_picture(frame: ImageU8) -> None:
    large = frame.repeat(6, axis=0).repeat(6, axis=1)
    for picture in (frame, large):
        found = find_digits(picture)
        assert len(found) <= MAX_DIGITS
        for one in found:
            assert one.tensor.any()
            assert 0 <= one.box.x < one.box.x + one.box.width <= picture.shape[1]
            assert 0 <= one.box.y < one.box.y + one.box.height <= picture.shape[0]


@pytest.mark.parametrize("level", [0, 128, 255])
def test_find_digits_finds_nothing_on_an_empty_page(level: int) -> None:
    assert find_digits(np.full((480, 640, 3), level, np.uint8)) == []


@pytest.mark.parametrize("deviation", [2, 8, 25, 60])
def test_find_digits_finds_nothing_in_noise(deviation: float) -> None:
    noise = np.random.default_rng(3).normal(128, deviation, (480, 640))
    assert find_digits(np.clip(noise, 0, 255).astype(np.uint8)) == []


@pytest.mark.parametrize("angle", [0, 1])
def test_find_digits_finds_nothing_in_a_gradient(angle: int) -> None:
    ramp = np.linspace(10, 245, 640)[None] * np.ones((480, 1))
    frame = ramp.astype(np.uint8)
    assert find_digits(frame.T.copy() if angle else frame) == []


def test_find_digits_sees_through_light_and_noise(draw_frame: DrawFrame) -> None:
    shade = np.linspace(0.45, 1.0, 320)[None]
    noise = np.random.default_rng(5).normal(0, 5, (240, 320))
    frame = np.clip(draw_frame(ROW) * shade + noise, 0, 255).astype(np.uint8)
    assert [box[0] // 10 for box in boxes(find_digits(frame))] == [2, 9, 16, 23]


def test_find_digits_reads_a_note_on_a_dark_desk(draw_frame: DrawFrame) -> None:
    desk = np.full((240, 320), 40, np.uint8)
    desk[70:170, 10:310] = draw_frame(ROW)[70:170, 10:310]
    assert [box[0] // 10 for box in boxes(find_digits(desk))] == [2, 9, 16, 23]


def test_find_digits_reads_thick_digits_that_fill_the_frame(
    draw_digit: Callable[..., ImageU8],
) -> None:
    frame = draw_digit("8", 240, ink=30, ground=220, thickness=34, margin=30)
    assert (frame < 100).mean() > 0.3
    assert len(find_digits(frame)) == 1


def test_find_digits_leaves_out_what_is_no_digit(draw_frame: DrawFrame) -> None:
    frame = draw_frame(ROW)
    cv2.line(frame, (0, 220), (319, 215), 30, 3)  # a table's edge
    cv2.rectangle(frame, (20, 20), (60, 60), 30, cv2.FILLED)  # a block
    cv2.line(frame, (100, 30), (280, 34), 30, 3)  # a dash
    cv2.circle(frame, (80, 50), 3, 30, cv2.FILLED)  # a dot
    assert [box[0] // 10 for box in boxes(find_digits(frame))] == [2, 9, 16, 23]


def test_find_digits_leaves_out_what_the_border_cuts(draw_frame: DrawFrame) -> None:
    assert len(find_digits(draw_frame(ROW)[:, 40:])) == 3


def test_find_digits_reads_on_a_printed_grid(draw_frame: DrawFrame) -> None:
    frame = draw_frame(ROW)
    grid = np.full_like(frame, 255)
    grid[::20] = grid[:, ::20] = 170
    found = find_digits(np.minimum(frame, grid))
    assert [box[0] // 10 for box in boxes(found)] == [2, 9, 16, 23]


def test_find_digits_reads_in_printed_cells(draw_frame: DrawFrame) -> None:
    frame = draw_frame(ROW)
    cv2.rectangle(frame, (10, 80), (300, 160), 30, 2)
    assert [box[0] // 10 for box in boxes(find_digits(frame))] == [2, 9, 16, 23]


def test_find_digits_joins_the_bar_of_a_five(draw_frame: DrawFrame) -> None:
    frame = draw_frame([("5", 100, 60)], height=120)
    whole = boxes(find_digits(frame))
    frame[78:82] = 220
    assert len(whole) == 1
    assert boxes(find_digits(frame)) == whole


def test_find_digits_uses_every_pixel_of_a_large_frame(draw_frame: DrawFrame) -> None:
    small = draw_frame(ROW)
    large = cv2.resize(small, None, fx=6, fy=6, interpolation=cv2.INTER_CUBIC)
    found = find_digits(np.asarray(large, np.uint8))
    near = [tuple(round(side / 6) for side in box) for box in boxes(found)]
    assert np.abs(np.array(near) - np.array(boxes(find_digits(small)))).max() <= 1


def test_find_digits_keeps_the_largest_of_too_many(draw_frame: DrawFrame) -> None:
    small = [("7", 4 + 22 * column, 4 + 27 * row) for row in range(10) for column in range(14)]
    frame = draw_frame(small, height=26, size=(320, 360))
    frame[280:] = 220
    big = draw_frame([("2", 100, 0)], height=70, size=(320, 80))
    frame[280:] = big
    found = find_digits(frame)
    assert len(found) == MAX_DIGITS
    assert max(one.box.height for one in found) > 50


def test_find_digits_refuses_what_is_no_picture() -> None:
    with pytest.raises(ImageError, match="uint8"):
        find_digits(np.zeros((10, 10), np.float32))
