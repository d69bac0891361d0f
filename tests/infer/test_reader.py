"""The reader of pages, with a shipped model."""

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
from edge_infer.glyph.classifier import Classifier
from edge_infer.page import Page, PageReader
from edge_infer.page.reader import MIN_CONFIDENCE, Rotation
from edge_synth import DrawnPage, PageSpec, draw_page

ImageU8 = NDArray[np.uint8]


@pytest.fixture(scope="module")
def reader() -> PageReader:
    return PageReader.load("edge")


@pytest.fixture(scope="module")
def drawn() -> DrawnPage:
    """Two rows, 2345 and 679: none of them reads as well upside down."""
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


def turned_by_hand(box: Box, image: ImageU8, clockwise: int) -> Box:
    """Return where a box lies once the picture has been turned, by turning its pixels."""
    mask = np.zeros(image.shape[:2], np.uint8)
    mask[box.y : box.y + box.height, box.x : box.x + box.width] = 1
    return Box(*cv2.boundingRect(np.ascontiguousarray(np.rot90(mask, -clockwise))))


def test_page_is_read_with_its_text_boxes_and_confidences(
    reader: PageReader, drawn: DrawnPage
) -> None:
    page = reader.read(drawn.image)
    assert page.text == "2345\n679"
    assert (page.height, page.width) == drawn.image.shape[:2]
    assert page.rotation_deg == 0
    assert_near(boxes(page), [list(row) for row in drawn.boxes])
    for line in page.lines:
        assert MIN_CONFIDENCE <= line.confidence <= 1
        assert all(line.box.x <= digit.box.x for digit in line.digits)


def test_boxes_are_of_the_picture_given_however_large(reader: PageReader, drawn: DrawnPage) -> None:
    # Larger than the working picture, by a factor that goes up into it unevenly.
    large = np.asarray(cv2.resize(drawn.image, None, fx=7, fy=7), np.uint8)
    page = reader.read(large)
    assert page.text == "2345\n679"
    truth = [[Box(*(7 * v for v in box)) for box in row] for row in drawn.boxes]
    assert_near(boxes(page), truth, within=16)


@pytest.mark.parametrize("level", [0, 128, 255])
def test_empty_page_has_no_lines(reader: PageReader, level: int) -> None:
    assert reader.read(np.full((120, 200, 3), level, np.uint8)) == Page(200, 120, ())


@pytest.mark.parametrize("shape", [(1, 1), (5, 3000), (3000, 5), (7, 7), (1, 4000)])
def test_tiny_picture_is_an_empty_page(reader: PageReader, shape: tuple[int, int]) -> None:
    picture = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    page = reader.read(picture)
    assert (page.height, page.width) == shape
    assert page.lines == ()


@pytest.mark.parametrize("shape", [(8, 8), (8, 1600), (9, 3000), (1600, 8)])
def test_picture_that_barely_has_room_is_read(reader: PageReader, shape: tuple[int, int]) -> None:
    page = reader.read(np.random.default_rng(0).integers(0, 256, shape, np.uint8))
    assert (page.height, page.width) == shape


@pytest.mark.parametrize("rotate", ["0", "90", "180", "270"])
@pytest.mark.parametrize("clockwise", [0, 1, 2, 3])
def test_turned_page_is_read_with_boxes_of_the_picture_given(
    reader: PageReader, drawn: DrawnPage, clockwise: int, rotate: Rotation
) -> None:
    image = np.ascontiguousarray(np.rot90(drawn.image, -clockwise))
    page = reader.read(image, rotate=rotate)
    assert (page.height, page.width) == image.shape[:2]
    upright_by = (360 - 90 * clockwise) % 360
    assert page.rotation_deg == int(rotate)
    if page.rotation_deg == upright_by:
        assert page.text == "2345\n679"
        truth = [[turned_by_hand(box, drawn.image, clockwise) for box in r] for r in drawn.boxes]
        assert_near(boxes(page), truth)
    else:
        assert page.text != "2345\n679"


def test_upright_page_is_not_turned_unasked(reader: PageReader, drawn: DrawnPage) -> None:
    assert reader.read(drawn.image, rotate="auto") == reader.read(drawn.image, rotate="0")


def test_grey_colour_and_alpha_read_alike(reader: PageReader, drawn: DrawnPage) -> None:
    grey = np.asarray(cv2.cvtColor(drawn.image, cv2.COLOR_BGR2GRAY), np.uint8)
    alpha = np.asarray(cv2.cvtColor(drawn.image, cv2.COLOR_BGR2BGRA), np.uint8)
    page = reader.read(drawn.image)
    assert reader.read(grey) == page
    assert reader.read(grey[:, :, None]) == page
    assert reader.read(alpha) == page


@pytest.mark.parametrize("ink", [0, 255])
def test_drawing_on_nothing_is_read(reader: PageReader, drawn: DrawnPage, ink: int) -> None:
    layer = np.full((*drawn.image.shape[:2], 4), ink, np.uint8)
    layer[:, :, 3] = 255 - drawn.image.min(axis=2)
    assert reader.read(layer).text == "2345\n679"


def test_reading_leaves_the_picture_as_it_was(reader: PageReader, drawn: DrawnPage) -> None:
    image = drawn.image.copy()
    image.flags.writeable = False
    reader.read(image)
    assert np.array_equal(image, drawn.image)


def test_view_of_a_picture_reads_like_a_copy(reader: PageReader, drawn: DrawnPage) -> None:
    view = drawn.image[::2, ::-1]
    assert reader.read(view) == reader.read(view.copy())


@pytest.mark.parametrize(
    "image", [np.zeros((5, 5), np.float32), np.zeros((5, 5, 2), np.uint8), np.zeros((0, 5))]
)
def test_what_is_no_picture_is_refused(reader: PageReader, image: ImageU8) -> None:
    with pytest.raises(ImageError):
        reader.read(image)


@pytest.mark.parametrize("pattern", [r"\d{3,4}", "2.45|679", re.compile(r"\d+")])
def test_expect_that_fits_changes_no_text(
    reader: PageReader, drawn: DrawnPage, pattern: str | re.Pattern[str]
) -> None:
    assert reader.read(drawn.image, expect=pattern).text == "2345\n679"


@pytest.mark.parametrize("pattern", [r"\d{30}", "[a-z]+", re.compile("x")])
def test_expect_that_cannot_be_met_keeps_the_reading(
    reader: PageReader, drawn: DrawnPage, pattern: str | re.Pattern[str]
) -> None:
    assert reader.read(drawn.image, expect=pattern) == reader.read(drawn.image)


@pytest.mark.parametrize("pattern", [r"\d{3}", "[01]+", "23[0-35-9]5|6[0-6]9", r"\d{5}"])
def test_line_looks_as_expected_or_stays_as_it_is(
    reader: PageReader, drawn: DrawnPage, pattern: str
) -> None:
    plain = reader.read(drawn.image)
    page = reader.read(drawn.image, expect=pattern)
    for line, other in zip(page.lines, plain.lines, strict=True):
        assert re.fullmatch(pattern, line.text) or line.text == other.text


@pytest.mark.parametrize("pattern", ["(", "[a-", "*"])
def test_bad_expression_is_a_usage_error(
    reader: PageReader, drawn: DrawnPage, pattern: str
) -> None:
    with pytest.raises(UsageError, match="no regular expression"):
        reader.read(drawn.image, expect=pattern)


def test_threads_share_one_reader(reader: PageReader, drawn: DrawnPage) -> None:
    pages = [drawn.image, draw_page(PageSpec(("58",), digit_height_px=60), 2).image]
    wanted = [reader.read(page) for page in pages] * 6
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(reader.read, pages * 6)) == wanted


def test_load_takes_a_name_or_a_path_and_gives_its_classifier(tiny_model_path: Path) -> None:
    assert PageReader.load("nano").classifier.metadata.class_names
    assert PageReader.load(tiny_model_path).classifier.metadata.class_names


@pytest.mark.parametrize("threads", [0, 257])
def test_load_refuses_a_senseless_number_of_threads(threads: int) -> None:
    with pytest.raises(UsageError):
        PageReader.load("edge", threads=threads)


def test_unknown_rotation_is_refused(reader: PageReader) -> None:
    with pytest.raises(UsageError, match="rotate must be one of auto, 0, 90, 180, 270"):
        reader.read(np.zeros((40, 40), np.uint8), rotate="45")  # type: ignore[arg-type]


def test_an_upright_page_takes_two_inferences_at_most() -> None:
    classifier = Classifier.load("edge")
    counting = _Counting(classifier)
    page = draw_page(PageSpec(rows=("2345", "6789")), 1)
    assert PageReader(counting).read(page.image).text == "2345\n6789"  # type: ignore[arg-type]
    assert 1 <= counting.calls <= 2


class _Counting:
    def __init__(self, classifier: Classifier) -> None:
        self._classifier = classifier
        self.metadata = classifier.metadata
        self.calls = 0

    def probabilities(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        self.calls += 1
        return self._classifier.probabilities(images)
