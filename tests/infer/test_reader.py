"""The page reader with a shipped model: interface and options."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from edge_infer.boxes import Box
from edge_infer.errors import ImageError, UsageError
from edge_infer.page import Page, PageReader
from edge_infer.page.reader import MIN_CONFIDENCE, Rotation
from edge_synth import DrawnPage, PageSpec, draw_page

ImageU8 = NDArray[np.uint8]
TEXT = "2345\n679"


@pytest.fixture(scope="module")
def reader() -> PageReader:
    return PageReader.load("edge")


@pytest.fixture(scope="module")
def drawn() -> DrawnPage:
    """Two lines, 2345 and 679, which are not readable upside down."""
    return draw_page(PageSpec(("2345", "679"), digit_height_px=60, jitter=0.3), 1)


def boxes(page: Page) -> list[list[Box]]:
    return [[digit.box for digit in line.digits] for line in page.lines]


def assert_near(found: list[list[Box]], truth: list[list[Box]], within: int = 4) -> None:
    """Assert that the edges of all boxes agree to some pixels."""
    assert [len(row) for row in found] == [len(row) for row in truth]
    for one, other in zip(chain(*found), chain(*truth), strict=True):
        near = [
            one.x - other.x,
            one.y - other.y,
            one.x + one.width - other.x - other.width,
            one.y + one.height - other.y - other.height,
        ]
        assert max(map(abs, near)) <= within, (one, other)


def rotated_pixels(box: Box, image: ImageU8, clockwise: int) -> Box:
    """Rotate a box clockwise by rotating its pixels."""
    mask = np.zeros(image.shape[:2], np.uint8)
    mask[box.y : box.y + box.height, box.x : box.x + box.width] = 1
    return Box(*cv2.boundingRect(np.ascontiguousarray(np.rot90(mask, -clockwise))))


def test_page_has_text_boxes_and_confidences(reader: PageReader, drawn: DrawnPage) -> None:
    page = reader.read(drawn.image)
    assert page.text == TEXT
    assert (page.height, page.width) == drawn.image.shape[:2]
    assert page.rotation_deg == 0
    assert_near(boxes(page), [list(row) for row in drawn.boxes])
    for line in page.lines:
        assert MIN_CONFIDENCE <= line.confidence <= 1
        assert all(line.box.x <= digit.box.x for digit in line.digits)


def test_boxes_fit_a_picture_larger_than_the_working_picture(
    reader: PageReader, drawn: DrawnPage
) -> None:
    large = np.asarray(cv2.resize(drawn.image, None, fx=7, fy=7), np.uint8)
    page = reader.read(large)
    assert page.text == TEXT
    truth = [
        [Box(7 * box.x, 7 * box.y, 7 * box.width, 7 * box.height) for box in row]
        for row in drawn.boxes
    ]
    assert_near(boxes(page), truth, within=16)


@pytest.mark.parametrize("rotate", ["0", "90", "180", "270"])
@pytest.mark.parametrize("clockwise", [0, 1, 2, 3])
def test_rotated_page_has_boxes_of_the_given_picture(
    reader: PageReader, drawn: DrawnPage, clockwise: int, rotate: Rotation
) -> None:
    image = np.ascontiguousarray(np.rot90(drawn.image, -clockwise))
    page = reader.read(image, rotate=rotate)
    assert (page.height, page.width) == image.shape[:2]
    assert page.rotation_deg == int(rotate)
    is_upright = page.rotation_deg == (360 - 90 * clockwise) % 360
    assert (page.text == TEXT) == is_upright
    if is_upright:
        truth = [[rotated_pixels(box, drawn.image, clockwise) for box in r] for r in drawn.boxes]
        assert_near(boxes(page), truth)


def test_same_pixels_read_alike(reader: PageReader, drawn: DrawnPage) -> None:
    image = drawn.image.copy()
    image.flags.writeable = False
    page = reader.read(image)
    assert reader.read(image, rotate="0") == page
    grey = np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), np.uint8)
    alpha = np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2BGRA), np.uint8)
    for same in (grey, grey[:, :, None], alpha):
        assert reader.read(same) == page
    view = image[::2, ::-1]
    assert reader.read(view) == reader.read(view.copy())


@pytest.mark.parametrize(
    "image", [np.zeros((5, 5), np.float32), np.zeros((5, 5, 2), np.uint8), np.zeros((0, 5))]
)
def test_array_that_is_no_picture_is_refused(reader: PageReader, image: ImageU8) -> None:
    with pytest.raises(ImageError):
        reader.read(image)


@pytest.mark.parametrize(
    "pattern",
    [r"\d{3,4}", "2.45|679", re.compile(r"\d+"), r"\d{3}", "[01]+", "23[0-35-9]5|6[0-6]9", "x"],
)
def test_line_matches_the_expected_form_or_stays(reader: PageReader, drawn, pattern) -> None:
    plain = reader.read(drawn.image)
    page = reader.read(drawn.image, expect=pattern)
    for line, other in zip(page.lines, plain.lines, strict=True):
        if re.fullmatch(pattern, other.text):
            assert line.text == other.text
        assert re.fullmatch(pattern, line.text) or line == other


def test_invalid_options_are_usage_errors(reader: PageReader, drawn: DrawnPage) -> None:
    for pattern in ("(", "[a-", "*"):
        with pytest.raises(UsageError, match="no regular expression"):
            reader.read(drawn.image, expect=pattern)
    with pytest.raises(UsageError, match="rotate must be one of auto, 0, 90, 180, 270"):
        reader.read(drawn.image, rotate="45")  # type: ignore[arg-type]
    for threads in (0, 257):
        with pytest.raises(UsageError):
            PageReader.load("edge", threads=threads)


def test_threads_share_one_reader(reader: PageReader, drawn: DrawnPage) -> None:
    pages = [drawn.image, draw_page(PageSpec(("58",), digit_height_px=60), 2).image]
    wanted = [reader.read(page) for page in pages] * 6
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(reader.read, pages * 6)) == wanted


def test_reader_loads_a_name_or_a_path(tiny_model_path: Path) -> None:
    for model in ("nano", tiny_model_path):
        assert PageReader.load(model).classifier.metadata.class_names
