from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from edge_infer.boxes import Box
from edge_infer.camera import Frame, FrameResult, SeenDigit
from edge_infer.camera.overlay import draw_overlay
from edge_infer.drawing import DOUBTFUL, SURE

ImageU8 = NDArray[np.uint8]
SIZES = [(320, 240), (640, 480), (1920, 1080)]


def result_of(
    boxes: list[Box], *, size: tuple[int, int] = (640, 480), level: int = 200, sure: bool = True
) -> FrameResult:
    confidence = 0.97 if sure else 0.31
    digits = tuple(SeenDigit("8", confidence, box, rejected=not sure) for box in boxes)
    return FrameResult(
        Frame(np.full((size[1], size[0], 3), level, np.uint8), 0, 0.0), digits, 4.2, 30
    )


def count(picture: ImageU8, colour: tuple[int, int, int]) -> int:
    return int((picture == colour).all(axis=2).sum())


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("level", [0, 128, 255])
def test_overlay_draws_box_and_tag_on_any_frame(size: tuple[int, int], level: int) -> None:
    box = Box(size[0] // 3, size[1] // 2, size[0] // 20, size[1] // 8)
    result = result_of([box], size=size, level=level)
    before = result.frame.image_bgr.copy()
    picture = draw_overlay(result)
    assert picture.shape == before.shape
    assert picture.dtype == np.uint8
    assert np.array_equal(result.frame.image_bgr, before)
    assert count(picture, SURE) > 100
    inside = picture[box.y : box.y + box.height, box.x : box.x + box.width]
    assert (inside == level).mean() > 0.9


def test_overlay_shows_rejected_digits_in_another_colour() -> None:
    boxes = [Box(300, 200, 40, 60)]
    sure, unsure = draw_overlay(result_of(boxes)), draw_overlay(result_of(boxes, sure=False))
    assert count(sure, SURE) > 100
    assert count(sure, DOUBTFUL) == 0
    assert count(unsure, DOUBTFUL) > 100


@pytest.mark.parametrize(
    "box", [Box(0, 0, 30, 40), Box(610, 0, 30, 40), Box(0, 440, 30, 40), Box(610, 440, 30, 40)]
)
def test_overlay_keeps_the_tag_inside_the_frame(box: Box) -> None:
    middle = draw_overlay(result_of([Box(300, 200, 30, 40)]))
    corner = draw_overlay(result_of([box]))
    # The tag is most of what is drawn in its colour; a box in the corner loses two sides.
    assert count(corner, SURE) > 0.6 * count(middle, SURE)


def test_overlay_lines_grow_with_the_frame() -> None:
    areas = []
    for width, height in SIZES:
        box = Box(width // 3, height // 2, 60, 60)
        areas.append(count(draw_overlay(result_of([box], size=(width, height))), SURE))
    assert areas[0] < areas[1] < areas[2]


def test_overlay_writes_the_figures_and_the_note() -> None:
    plain, noted = draw_overlay(result_of([])), draw_overlay(result_of([]), note="paused")
    bar = plain[-20:]
    assert bar.mean() < 110
    assert bar.max() > 220
    assert count(plain, SURE) == 0
    changed = np.flatnonzero((noted != plain).any(axis=(0, 2)))
    assert changed.size > 20
    assert changed.min() > 320


@pytest.mark.parametrize("size", [(1, 1), (8, 5), (40, 2000)])
def test_overlay_survives_tiny_and_odd_frames(size: tuple[int, int]) -> None:
    picture = draw_overlay(result_of([Box(0, 0, 1, 1)], size=size), note="paused")
    assert picture.shape == (size[1], size[0], 3)
