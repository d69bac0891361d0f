"""Recognition of the digits in frames."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from edge_infer.boxes import Box
from edge_infer.camera import FrameSource, SeenDigit, recognise_frames, recognise_image
from edge_infer.page import Digit, Line, Page, PageReader

ImageU8 = NDArray[np.uint8]
DrawFrame = Callable[..., ImageU8]
LINE = [("0", 20, 90), ("3", 90, 90), ("5", 160, 90), ("8", 230, 90)]


@pytest.fixture(scope="module")
def reader(tiny_model_path: Path) -> PageReader:
    return PageReader.load(tiny_model_path)


def text(digits: tuple[SeenDigit, ...]) -> str:
    return "".join(digit.label for digit in digits)


def boxes(digits: tuple[SeenDigit, ...]) -> list[tuple[int, int, int, int]]:
    return [(one.box.x, one.box.y, one.box.width, one.box.height) for one in digits]


def reader_of(lines: list[list[Digit]], rejected: list[Digit]) -> Any:
    """A reader that always returns this page of 100x100 pixels; its reject threshold is 0.7."""
    all_lines = tuple(Line(tuple(line), line[0].box) for line in lines)
    page = Page(100, 100, all_lines, tuple(rejected))
    metadata = SimpleNamespace(reject_threshold=0.7)

    def read(image: ImageU8, *, rotate: str) -> Page:
        assert rotate == "0"
        return page

    return SimpleNamespace(classifier=SimpleNamespace(metadata=metadata), read=read)


EMPTY = np.zeros((100, 100), np.uint8)


def digit_at(x: int, y: int, label: str, confidence: float = 0.99) -> Digit:
    return Digit(label, confidence, Box(x, y, 8, 12))


def test_frames_of_a_video_are_recognised(digit_video: Path, reader: PageReader) -> None:
    with FrameSource.open(digit_video) as source:
        results = list(recognise_frames(reader, source))
    assert [result.frame.index for result in results] == list(range(12))
    for step, result in enumerate(results):
        assert text(result.digits) == "35"
        assert result.digits[0].box.x == pytest.approx(44 + 4 * step, abs=3)
        assert result.latency_ms > 0
    assert results[0].fps == 0
    assert results[-1].fps > 1


def test_digits_are_in_reading_order_with_their_boxes(
    draw_frame: DrawFrame, reader: PageReader
) -> None:
    frame = draw_frame([*LINE[::-1], ("7", 150, 10)])
    digits = recognise_image(reader, frame)
    assert text(digits) == "70358"
    x, y, width, height = boxes(digits)[2]
    assert 90 <= x <= 98
    assert 90 <= y <= 98
    assert 36 <= width <= 46
    assert 50 <= height <= 60
    assert not any(digit.rejected for digit in digits)
    assert recognise_image(reader, cv2.cvtColor(frame, cv2.COLOR_GRAY2BGR)) == digits


def test_digits_below_the_threshold_are_rejected_and_negatives_left_out() -> None:
    line = [digit_at(10, 50, "1"), digit_at(30, 50, "2", 0.69), digit_at(50, 50, "3", 0.7)]
    seen = recognise_image(reader_of([line], [digit_at(70, 50, "4", 0.0)]), EMPTY)
    assert [(one.label, one.rejected) for one in seen] == [("1", False), ("2", True), ("3", False)]
    assert [(one.confidence, one.box) for one in seen] == [(it.confidence, it.box) for it in line]


def test_rejected_digits_are_placed_in_their_lines() -> None:
    upper = [digit_at(10, 10, "1"), digit_at(50, 14, "3")]
    lower = [digit_at(30, 35, "6")]
    doubtful = [digit_at(30, 12, "2", 0.3), digit_at(10, 37, "5", 0.3), digit_at(40, 80, "9", 0.2)]
    # The second line is found first, as on a page with columns.
    seen = recognise_image(reader_of([lower, upper], doubtful), EMPTY)
    assert text(seen) == "123569"
    assert "".join(one.label for one in seen if one.rejected) == "259"


@pytest.mark.parametrize(("x", "y"), [(0, 50), (92, 50), (50, 0), (50, 88)])
def test_digits_at_the_border_are_left_out(x: int, y: int) -> None:
    line = [digit_at(30, 40, "1"), digit_at(x, y, "2")]
    seen = recognise_image(reader_of([line], [digit_at(x, y, "3", 0.2)]), EMPTY)
    assert text(seen) == "1"


@pytest.mark.parametrize("noise_sd", [0, 2, 8, 25, 60])
def test_nothing_is_found_in_noise_or_a_gradient(reader: PageReader, noise_sd: float) -> None:
    noise = np.random.default_rng(3).normal(0, noise_sd, (480, 640))
    assert recognise_image(reader, np.clip(128 + noise, 0, 255).astype(np.uint8)) == ()
    gradient = (np.linspace(10, 245, 640)[None] * np.ones((480, 1))).astype(np.uint8)
    assert recognise_image(reader, gradient) == recognise_image(reader, gradient.T.copy()) == ()
