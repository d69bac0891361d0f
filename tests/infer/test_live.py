from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from numpy.typing import NDArray

from edge_infer.boxes import Box
from edge_infer.camera.live import SeenDigit, recognise_frames, recognise_image
from edge_infer.camera.newest import Frame
from edge_infer.camera.sources import FrameSource
from edge_infer.errors import ImageError
from edge_infer.page import Digit, Line, Page, PageReader

ImageU8 = NDArray[np.uint8]
DrawFrame = Callable[..., ImageU8]
ROW = [("0", 20, 90), ("3", 90, 90), ("5", 160, 90), ("8", 230, 90)]


@pytest.fixture(scope="module")
def reader(tiny_model_path: Path) -> PageReader:
    return PageReader.load(tiny_model_path)


def text(digits: tuple[SeenDigit, ...]) -> str:
    return "".join(digit.label for digit in digits)


def boxes(digits: tuple[SeenDigit, ...]) -> list[tuple[int, int, int, int]]:
    return [(one.box.x, one.box.y, one.box.width, one.box.height) for one in digits]


def reader_of(lines: list[list[Digit]], rejected: list[Digit]) -> Any:
    """A reader that always finds this, on 100x100 pixels, and trusts from 0.7 on."""
    all_lines = tuple(Line(tuple(line), line[0].box) for line in lines)
    page = Page(100, 100, all_lines, tuple(rejected))
    metadata = SimpleNamespace(reject_threshold=0.7)

    def read(image: ImageU8, *, rotate: str) -> Page:
        assert rotate == "0"
        return page

    return SimpleNamespace(classifier=SimpleNamespace(metadata=metadata), read=read)


def digit_at(x: int, y: int, label: str, confidence: float = 0.99) -> Digit:
    return Digit(label, confidence, Box(x, y, 8, 12))


def test_recognise_frames_reads_a_real_video(digit_video: Path, reader: PageReader) -> None:
    with FrameSource.open(digit_video) as source:
        results = list(recognise_frames(reader, source))
    assert [result.frame.index for result in results] == list(range(12))
    for step, result in enumerate(results):
        assert text(result.digits) == "35"
        assert result.digits[0].box.x == pytest.approx(44 + 4 * step, abs=3)
        assert result.latency_ms > 0
    assert results[0].fps == 0
    assert results[-1].fps > 1


def test_recognise_frames_makes_two_inferences_a_frame_at_most(
    draw_frame: DrawFrame, reader: PageReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch_sizes: list[int] = []
    infer = reader.classifier.probabilities

    def counting(tensors: ImageU8) -> NDArray[np.float32]:
        batch_sizes.append(len(tensors))
        return infer(tensors)

    monkeypatch.setattr(reader.classifier, "probabilities", counting)
    apart = draw_frame([("3", 40, 90), ("5", 160, 90), ("8", 100, 10)])
    touching = draw_frame([*ROW[:2], ("8", 230, 10)])
    cv2.line(touching, (40, 100), (120, 120), 30, 5)
    counts = []
    for page in (apart, np.full_like(apart, 220), touching):
        batch_sizes.clear()
        list(recognise_frames(reader, [Frame(page, 0, 0.0)]))
        counts.append(len(batch_sizes))
    assert counts == [1, 0, 2]


def test_recognise_frames_smooths_the_rate(
    reader: PageReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Two readings of the clock a frame: a second apart, then half a second.
    times = iter([0.0, 0.5, 1.0, 1.5, 1.6, 2.0])
    monkeypatch.setattr("time.perf_counter", lambda: next(times))
    blank = np.full((20, 20, 3), 200, np.uint8)
    results = list(recognise_frames(reader, [Frame(blank, index, 0.0) for index in range(3)]))
    assert [result.fps for result in results] == pytest.approx([0.0, 1.0, 1 / 0.95])
    assert results[0].latency_ms == pytest.approx(500)


def test_recognise_image_reads_rows_in_order(draw_frame: DrawFrame, reader: PageReader) -> None:
    digits = recognise_image(reader, draw_frame([*ROW[::-1], ("7", 150, 10)]))
    assert text(digits) == "70358"
    x, y, width, height = boxes(digits)[2]
    assert 90 <= x <= 98
    assert 90 <= y <= 98
    assert 36 <= width <= 46
    assert 50 <= height <= 60
    assert not any(digit.rejected for digit in digits)


def test_recognise_image_takes_grey_and_colour(draw_frame: DrawFrame, reader: PageReader) -> None:
    page = draw_frame([("3", 40, 90)])
    colour = np.asarray(cv2.cvtColor(page, cv2.COLOR_GRAY2BGR), np.uint8)
    assert recognise_image(reader, page) == recognise_image(reader, colour)


def test_recognise_image_rejects_what_the_model_is_not_sure_of() -> None:
    line = [digit_at(10, 50, "1"), digit_at(30, 50, "2", 0.69), digit_at(50, 50, "3", 0.7)]
    seen = recognise_image(reader_of([line], []), np.zeros((100, 100), np.uint8))
    assert [(one.label, one.rejected) for one in seen] == [("1", False), ("2", True), ("3", False)]
    assert [(one.confidence, one.box) for one in seen] == [(it.confidence, it.box) for it in line]


def test_recognise_image_shows_doubtful_digits_where_they_stand() -> None:
    upper = [digit_at(10, 10, "1"), digit_at(50, 14, "3")]
    lower = [digit_at(30, 35, "6")]
    doubtful = [digit_at(30, 12, "2", 0.3), digit_at(10, 37, "5", 0.3), digit_at(40, 80, "9", 0.2)]
    # The second line is found first, as on a page of columns.
    seen = recognise_image(reader_of([lower, upper], doubtful), np.zeros((100, 100), np.uint8))
    assert text(seen) == "123569"
    assert "".join(one.label for one in seen if one.rejected) == "259"


def test_recognise_image_leaves_out_what_is_no_digit() -> None:
    rejected = [digit_at(30, 12, "2", 0.0)]
    seen = recognise_image(
        reader_of([[digit_at(10, 10, "1")]], rejected), np.zeros((100, 100), np.uint8)
    )
    assert text(seen) == "1"


@pytest.mark.parametrize(("x", "y"), [(0, 50), (92, 50), (50, 0), (50, 88)])
def test_recognise_image_leaves_out_what_touches_the_border(x: int, y: int) -> None:
    line = [digit_at(30, 40, "1"), digit_at(x, y, "2")]
    seen = recognise_image(
        reader_of([line], [digit_at(x, y, "3", 0.2)]), np.zeros((100, 100), np.uint8)
    )
    assert text(seen) == "1"


@given(
    ink=st.integers(0, 255),
    ground=st.integers(0, 255),
    dx=st.integers(0, 30),
    dy=st.integers(0, 60),
)
@settings(max_examples=20, deadline=None)
def test_recognise_image_reads_either_polarity_at_any_place(
    draw_frame: DrawFrame, reader: PageReader, ink: int, ground: int, dx: int, dy: int
) -> None:
    if abs(ink - ground) < 40:
        ink = (ground + 128) % 256
    frame = draw_frame(ROW, ink=ink, ground=ground)
    moved = draw_frame([(label, x + dx, y + dy) for label, x, y in ROW], ink=ink, ground=ground)
    here, there, negative = (recognise_image(reader, it) for it in (frame, moved, 255 - frame))
    assert text(here) == text(there) == "0358"
    assert negative == here
    assert np.abs(np.array(boxes(there)) - boxes(here) - (dx, dy, 0, 0)).max() <= 1


@given(
    frame=npst.arrays(
        np.uint8,
        st.tuples(st.integers(1, 60), st.integers(1, 60)),
        elements=st.sampled_from([0, 90, 255]),
        fill=st.sampled_from([0, 255]),
    )
)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_recognise_image_keeps_its_promises_for_any_picture(
    reader: PageReader, frame: ImageU8
) -> None:
    large = frame.repeat(6, axis=0).repeat(6, axis=1)
    for picture in (frame, large):
        for one in recognise_image(reader, picture):
            assert one.label in "0123456789"
            assert 0 < one.confidence <= 1
            assert 0 < one.box.x < one.box.x + one.box.width < picture.shape[1]
            assert 0 < one.box.y < one.box.y + one.box.height < picture.shape[0]


@pytest.mark.parametrize("level", [0, 128, 255])
def test_recognise_image_finds_nothing_on_an_empty_page(reader: PageReader, level: int) -> None:
    assert recognise_image(reader, np.full((480, 640, 3), level, np.uint8)) == ()


@pytest.mark.parametrize("deviation", [2, 8, 25, 60])
def test_recognise_image_finds_nothing_in_noise(reader: PageReader, deviation: float) -> None:
    noise = np.random.default_rng(3).normal(128, deviation, (480, 640))
    assert recognise_image(reader, np.clip(noise, 0, 255).astype(np.uint8)) == ()


@pytest.mark.parametrize("angle", [0, 1])
def test_recognise_image_finds_nothing_in_a_gradient(reader: PageReader, angle: int) -> None:
    ramp = np.linspace(10, 245, 640)[None] * np.ones((480, 1))
    frame = ramp.astype(np.uint8)
    assert recognise_image(reader, frame.T.copy() if angle else frame) == ()


def test_recognise_image_sees_through_light_and_noise(
    draw_frame: DrawFrame, reader: PageReader
) -> None:
    shade = np.linspace(0.45, 1.0, 320)[None]
    noise = np.random.default_rng(5).normal(0, 5, (240, 320))
    frame = np.clip(draw_frame(ROW) * shade + noise, 0, 255).astype(np.uint8)
    assert text(recognise_image(reader, frame)) == "0358"


def test_recognise_image_reads_a_note_on_a_dark_desk(
    draw_frame: DrawFrame, reader: PageReader
) -> None:
    desk = np.full((240, 320), 40, np.uint8)
    desk[50:190] = draw_frame(ROW)[50:190]
    assert text(recognise_image(reader, desk)) == "0358"


def test_recognise_image_reads_on_a_printed_grid(draw_frame: DrawFrame, reader: PageReader) -> None:
    frame = draw_frame(ROW)
    grid = np.full_like(frame, 255)
    grid[::20] = grid[:, ::20] = 170
    assert text(recognise_image(reader, np.minimum(frame, grid))) == "0358"


def test_recognise_image_joins_the_bar_of_a_five(draw_frame: DrawFrame, reader: PageReader) -> None:
    frame = draw_frame([("5", 100, 60)], height=120)
    whole = boxes(recognise_image(reader, frame))
    frame[78:82] = 220
    assert len(whole) == 1
    assert boxes(recognise_image(reader, frame)) == whole


def test_recognise_image_boxes_in_pixels_of_a_large_frame(
    draw_frame: DrawFrame, reader: PageReader
) -> None:
    small = draw_frame(ROW)
    large = np.asarray(cv2.resize(small, None, fx=6, fy=6, interpolation=cv2.INTER_CUBIC), np.uint8)
    digits = recognise_image(reader, large)
    assert text(digits) == "0358"
    near = np.array(boxes(digits)) / 6
    assert np.abs(near - boxes(recognise_image(reader, small))).max() <= 1


def test_recognise_image_refuses_what_is_no_picture(reader: PageReader) -> None:
    wrong: Any = np.zeros((10, 10), np.float32)
    with pytest.raises(ImageError, match="uint8"):
        recognise_image(reader, wrong)
