"""Boxes and tags on frames and pages, and crops of digits."""

import numpy as np
import pytest
from numpy.typing import NDArray

from edge_infer.boxes import Box, bounding_box
from edge_infer.camera import Frame, FrameResult, SeenDigit
from edge_infer.camera.overlay import draw_overlay
from edge_infer.drawing import DOUBTFUL, FAINT, SURE
from edge_infer.page.annotate import cut_digits, draw_page
from edge_infer.page.items import ReadPage
from edge_infer.page.page import Digit, Line, Page

ImageU8 = NDArray[np.uint8]


def plain(width: int, height: int, level: int = 220, channels: int = 3) -> ImageU8:
    shape = (height, width) if channels == 1 else (height, width, channels)
    return np.full(shape, level, np.uint8)


def count(picture: ImageU8, colour: tuple[int, int, int]) -> int:
    return int((picture == colour).all(axis=2).sum())


def frame_of(
    boxes: list[Box], *, size: tuple[int, int] = (640, 480), level: int = 200, sure: bool = True
) -> FrameResult:
    confidence = 0.97 if sure else 0.31
    digits = tuple(SeenDigit("8", confidence, box, rejected=not sure) for box in boxes)
    return FrameResult(Frame(plain(*size, level), 0, 0.0), digits, 4.2, 30)


def page_of(
    image: ImageU8,
    boxes: list[Box],
    *,
    confidence: float = 0.99,
    rejected: tuple[Box, ...] = (),
    rotation_deg: int = 0,
) -> ReadPage:
    digits = tuple(Digit(str(index), confidence, box) for index, box in enumerate(boxes, 3))
    lines = (Line(digits, bounding_box(boxes)),) if boxes else ()
    others = tuple(Digit("8", 0.2, box) for box in rejected)
    height, width = image.shape[:2]
    return ReadPage(Page(width, height, lines, others, rotation_deg), image, 1.0)


@pytest.mark.parametrize("size", [(320, 240), (640, 480), (1920, 1080)])
@pytest.mark.parametrize("level", [0, 128, 255])
def test_overlay_draws_box_and_tag_on_any_frame(size: tuple[int, int], level: int) -> None:
    box = Box(size[0] // 3, size[1] // 2, size[0] // 20, size[1] // 8)
    result = frame_of([box], size=size, level=level)
    picture = draw_overlay(result)
    assert (picture.shape, picture.dtype) == (result.frame.image_bgr.shape, np.uint8)
    assert (result.frame.image_bgr == level).all()
    assert count(picture, SURE) > 100
    inside = picture[box.y : box.y + box.height, box.x : box.x + box.width]
    assert (inside == level).mean() > 0.9


@pytest.mark.parametrize(
    "box", [Box(0, 0, 30, 40), Box(610, 0, 30, 40), Box(0, 440, 30, 40), Box(610, 440, 30, 40)]
)
def test_overlay_keeps_the_tag_inside_the_frame(box: Box) -> None:
    middle, corner = (draw_overlay(frame_of([one])) for one in (Box(300, 200, 30, 40), box))
    # Most of the colour is in the tag. A box in the corner loses two sides.
    assert count(corner, SURE) > 0.6 * count(middle, SURE)


def test_overlay_survives_tiny_frames() -> None:
    for size in ((1, 1), (8, 5), (40, 2000)):
        picture = draw_overlay(frame_of([Box(0, 0, 1, 1)], size=size), note="paused")
        assert picture.shape == (size[1], size[0], 3)


def test_overlay_has_a_status_bar_with_a_note() -> None:
    picture, noted = draw_overlay(frame_of([])), draw_overlay(frame_of([]), note="paused")
    bar = picture[-20:]
    assert bar.mean() < 110
    assert bar.max() > 220
    assert count(picture, SURE) == 0
    changed = np.flatnonzero((noted != picture).any(axis=(0, 2)))
    assert changed.size > 20
    assert changed.min() > 320


@pytest.mark.parametrize("level", [0, 128, 255])
@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("size", [(600, 450), (1600, 500)])
def test_page_has_boxes_and_tags(size, channels, level) -> None:
    image = plain(*size, level, channels)
    picture = draw_page(page_of(image, [Box(300, 200, 60, 90)]))
    assert picture.shape == (size[1], size[0], 3)
    assert (image == level).all()
    assert count(picture, SURE) > 500
    # The inside of the box and distant pixels are unchanged.
    assert (picture[205:285, 305:355] == picture[-1, -1]).all()
    assert count(picture[:100], SURE) == count(picture[400:], SURE) == 0


def test_colours_show_doubtful_and_rejected_digits() -> None:
    image, box = plain(900, 700), Box(300, 200, 60, 90)
    sure = draw_page(page_of(image, [box]), doubtful_below=0.9)
    doubtful = draw_page(page_of(image, [box], confidence=0.5), doubtful_below=0.9)
    frames = draw_overlay(frame_of([box])), draw_overlay(frame_of([box], sure=False))
    for certain, uncertain in ((sure, doubtful), frames):
        assert (count(certain, SURE) > 100, count(certain, DOUBTFUL)) == (True, 0)
        assert count(uncertain, DOUBTFUL) > 100
    rejected = page_of(image, [], rejected=(box,))
    assert count(draw_page(rejected), FAINT) == 0
    dashed = draw_page(rejected, with_rejected=True)
    assert 0 < count(dashed[292:], FAINT) < 0.8 * count(sure[292:], SURE)


def test_small_pages_and_small_digits_are_enlarged() -> None:
    assert draw_page(page_of(plain(40, 20), [Box(5, 5, 6, 10)])).shape == (320, 640, 3)
    tiny_digits = draw_page(page_of(plain(1000, 800), [Box(500, 400, 7, 10)]))
    assert tiny_digits.shape == (3200, 4000, 3)
    assert count(tiny_digits[1500:1800], SURE) > 50
    assert draw_page(page_of(plain(1000, 800), [])).shape == (800, 1000, 3)
    for size in ((1, 1), (2, 30_000), (30_000, 2), (28, 28)):
        assert draw_page(page_of(plain(*size), [Box(0, 0, 1, 1)])).dtype == np.uint8


@pytest.mark.parametrize("y", [0, 3, 600])
def test_tag_has_room_at_any_place(y: int) -> None:
    middle = draw_page(page_of(plain(900, 700), [Box(300, 300, 60, 90)]))
    edge = draw_page(page_of(plain(900, 700), [Box(300, y, 60, 90)]))
    assert (edge.shape[0] == 700) == (y == 600)
    assert count(edge, SURE) > 0.9 * count(middle, SURE)


def test_tags_avoid_other_digits() -> None:
    below, above = Box(300, 300, 60, 90), Box(300, 205, 60, 90)
    picture = draw_page(page_of(plain(900, 700), [below, above]))
    assert (picture[215:285, 310:350] == 220).all()
    assert count(picture[400:450], SURE) > 300


@pytest.mark.parametrize("rotation_deg", [0, 90, 180, 270])
def test_pictures_are_rotated_as_the_page_was_read(rotation_deg: int) -> None:
    ramp = np.add.outer(np.arange(700) // 4, np.arange(900) // 12).astype(np.uint8)
    read = page_of(ramp, [Box(300, 200, 90, 90)], rotation_deg=rotation_deg)
    upright = np.rot90(ramp, -rotation_deg // 90)
    picture = draw_page(read)
    assert picture.shape[:2] == upright.shape
    unchanged = np.rot90((picture == upright[..., None]).all(axis=2), rotation_deg // 90)
    assert unchanged[210:280, 310:380].all()
    assert not unchanged[195:297, 290:400].all()
    ((_, crop),) = cut_digits(read)
    np.testing.assert_array_equal(crop, np.rot90(ramp[186:304, 286:404], -rotation_deg // 90))


def test_crops_are_the_given_pixels_with_a_margin() -> None:
    image = np.random.default_rng(0).integers(0, 256, (200, 300, 4), np.uint8)
    read = page_of(image, [Box(0, 0, 20, 40), Box(280, 160, 20, 40)], rejected=(Box(9, 9, 4, 4),))
    crops = dict(cut_digits(read))
    assert list(crops) == ["line01.digit01.3", "line01.digit02.4"]
    np.testing.assert_array_equal(crops["line01.digit01.3"], image[:46, :26])
    np.testing.assert_array_equal(crops["line01.digit02.4"], image[154:, 274:])
    assert list(dict(cut_digits(read, with_rejected=True)))[2:] == ["rejected01.8"]


@pytest.mark.parametrize(("ink", "background"), [(0, 255), (255, 0)])
def test_transparent_page_gets_a_contrasting_background(ink: int, background: int) -> None:
    drawing = np.zeros((700, 900, 4), np.uint8)
    drawing[300:400, 300:310] = ink, ink, ink, 255
    picture = draw_page(page_of(drawing, []))
    assert picture[0, 0].tolist() == [background] * 3
    assert picture[350, 305].tolist() == [ink] * 3
