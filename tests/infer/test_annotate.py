"""Annotated pages and crops of digits."""

import numpy as np
import pytest
from numpy.typing import NDArray

from edge_infer.boxes import Box
from edge_infer.drawing import DOUBTFUL, FAINT, SURE
from edge_infer.page.annotate import cut_digits, draw_page
from edge_infer.page.items import ReadPage
from edge_infer.page.page import Digit, Line, Page, bounding_box

ImageU8 = NDArray[np.uint8]


def read_of(
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


def plain(width: int, height: int, level: int = 220, channels: int = 3) -> ImageU8:
    shape = (height, width) if channels == 1 else (height, width, channels)
    return np.full(shape, level, np.uint8)


def count(picture: ImageU8, colour: tuple[int, int, int]) -> int:
    return int((picture == colour).all(axis=2).sum())


@pytest.mark.parametrize("level", [0, 128, 255])
@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("size", [(600, 450), (1600, 500)])
def test_boxes_and_tags_are_drawn_on_any_page(size, channels, level) -> None:
    image = plain(*size, level, channels)
    before = image.copy()
    box = Box(300, 200, 60, 90)
    picture = draw_page(read_of(image, [box]))
    assert picture.shape == (size[1], size[0], 3)
    assert count(picture, SURE) > 500
    assert np.array_equal(image, before)
    # The inside of the box and distant pixels are unchanged.
    background = picture[-1, -1]
    assert (picture[205:285, 305:355] == background).all()
    assert count(picture[:100], SURE) == count(picture[400:], SURE) == 0


def test_colour_tells_how_sure_it_is() -> None:
    image, boxes = plain(900, 700), [Box(300, 200, 60, 90)]
    sure = draw_page(read_of(image, boxes), doubtful_below=0.9)
    doubtful = draw_page(read_of(image, boxes, confidence=0.5), doubtful_below=0.9)
    assert (count(sure, SURE) > 500, count(sure, DOUBTFUL)) == (True, 0)
    assert (count(doubtful, SURE), count(doubtful, DOUBTFUL) > 500) == (0, True)


def test_rejected_digits_are_dashed_and_shown_on_request() -> None:
    image, box = plain(900, 700), Box(300, 200, 60, 90)
    read = read_of(image, [], rejected=(box,))
    assert count(draw_page(read), FAINT) == 0
    dashed = draw_page(read, with_rejected=True)
    framed = draw_page(read_of(image, [box]))
    assert 0 < count(dashed[292:], FAINT) < 0.8 * count(framed[292:], SURE)


def test_small_pages_and_small_digits_are_enlarged() -> None:
    assert draw_page(read_of(plain(40, 20), [Box(5, 5, 6, 10)])).shape == (320, 640, 3)
    tiny_digits = draw_page(read_of(plain(1000, 800), [Box(500, 400, 7, 10)]))
    assert tiny_digits.shape == (3200, 4000, 3)
    assert count(tiny_digits[1500:1800], SURE) > 50
    assert draw_page(read_of(plain(1000, 800), [])).shape == (800, 1000, 3)


@pytest.mark.parametrize("y", [0, 3, 600])
def test_tag_has_room_at_any_place(y: int) -> None:
    middle = draw_page(read_of(plain(900, 700), [Box(300, 300, 60, 90)]))
    edge = draw_page(read_of(plain(900, 700), [Box(300, y, 60, 90)]))
    assert (edge.shape[0] == 700) == (y == 600)
    assert count(edge, SURE) > 0.9 * count(middle, SURE)


def test_tags_avoid_other_digits() -> None:
    below, above = Box(300, 300, 60, 90), Box(300, 205, 60, 90)
    picture = draw_page(read_of(plain(900, 700), [below, above]))
    assert (picture[215:285, 310:350] == 220).all()
    assert count(picture[400:450], SURE) > 300


@pytest.mark.parametrize("rotation_deg", [0, 90, 180, 270])
def test_pictures_are_rotated_as_the_page_was_read(rotation_deg: int) -> None:
    ramp = np.add.outer(np.arange(700) // 4, np.arange(900) // 12).astype(np.uint8)
    read = read_of(ramp, [Box(300, 200, 90, 90)], rotation_deg=rotation_deg)
    upright = np.rot90(ramp, -rotation_deg // 90)
    picture = draw_page(read)
    assert picture.shape[:2] == upright.shape
    untouched = (picture == upright[..., None]).all(axis=2)
    left = np.rot90(untouched, rotation_deg // 90)
    assert left[210:280, 310:380].all()
    assert not left[195:297, 290:400].all()
    ((_, crop),) = cut_digits(read)
    np.testing.assert_array_equal(crop, np.rot90(ramp[186:304, 286:404], -rotation_deg // 90))


def test_crops_are_the_given_pixels_with_a_margin() -> None:
    image = np.random.default_rng(0).integers(0, 256, (200, 300, 4), np.uint8)
    read = read_of(image, [Box(0, 0, 20, 40), Box(280, 160, 20, 40)], rejected=(Box(9, 9, 4, 4),))
    crops = dict(cut_digits(read))
    assert list(crops) == ["line01.digit01.3", "line01.digit02.4"]
    np.testing.assert_array_equal(crops["line01.digit01.3"], image[:46, :26])
    np.testing.assert_array_equal(crops["line01.digit02.4"], image[154:, 274:])
    assert list(dict(cut_digits(read, with_rejected=True)))[2:] == ["rejected01.8"]


def test_transparent_page_gets_a_contrasting_background() -> None:
    drawing = np.zeros((700, 900, 4), np.uint8)
    drawing[300:400, 300:310] = 0, 0, 0, 255
    dark = draw_page(read_of(drawing, []))
    assert (dark[0, 0].tolist(), dark[350, 305].tolist()) == ([255] * 3, [0] * 3)
    drawing[300:400, 300:310] = 255
    light = draw_page(read_of(drawing, []))
    assert (light[0, 0].tolist(), light[350, 305].tolist()) == ([0] * 3, [255] * 3)


@pytest.mark.parametrize("size", [(1, 1), (2, 30_000), (30_000, 2), (28, 28)])
def test_odd_sizes_are_drawn(size: tuple[int, int]) -> None:
    picture = draw_page(read_of(plain(*size), [Box(0, 0, 1, 1)]), with_rejected=True)
    assert picture.dtype == np.uint8
    assert picture.ndim == 3
