"""Empty, noisy, tiny and large pages, and those of unusual files."""

import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from processes import peak_kib

from edge_infer.page import PageReader

GIB_KIB = 1024 * 1024
TEXT = "7345\n602"


@pytest.fixture(scope="module")
def reader(tiny_model_path: Path) -> PageReader:
    return PageReader.load(tiny_model_path)


@pytest.fixture(scope="module")
def page_picture(draw_digit) -> np.ndarray:
    """Two lines of digits: 7345 and 602."""
    picture = np.full((300, 500), 240, np.uint8)
    for row, labels in enumerate(("7345", "602")):
        for column, label in enumerate(labels):
            digit = draw_digit(label, 90, margin=6)
            top, left = 30 + 130 * row, 40 + 100 * column
            picture[top : top + digit.shape[0], left : left + digit.shape[1]] = digit
    return picture


@pytest.mark.parametrize("ink", [20, 235])
def test_transparent_drawing_is_read(reader, page_picture, ink: int) -> None:
    drawing = np.full((*page_picture.shape, 4), ink, np.uint8)
    drawing[..., 3] = np.where(page_picture < 128, 255, 0)
    assert reader.read(drawing).text == TEXT


@pytest.mark.parametrize("level", [0, 128, 255])
@pytest.mark.parametrize(
    "size",
    [(1, 1), (3, 3), (2, 30_000), (30_000, 2), (40, 40), (900, 700), (1, 1, 3), (2, 3, 4)],
)
def test_plain_pictures_of_any_size_are_empty_pages(reader, size, level) -> None:
    picture = np.full(size, level, np.uint8)
    for rotate in ("auto", "90", "180"):
        page = reader.read(picture, rotate=rotate)
        assert (page.text, page.lines) == ("", ())
        assert (page.height, page.width) == size[:2]


@settings(max_examples=40, deadline=None)
@given(
    st.tuples(st.integers(1, 80), st.integers(1, 80)),
    st.integers(0, 2**32),
    st.sampled_from([1, 3, 4]),
    st.sampled_from(["auto", "90"]),
)
def test_noise_of_any_size_never_crashes(reader, size, seed, channels, rotate) -> None:
    noise = np.random.default_rng(seed).integers(0, 256, (*size, channels), np.uint8)
    page = reader.read(noise.squeeze(-1) if channels == 1 else noise, rotate=rotate)
    assert (page.height, page.width) == size
    for digit in [digit for line in page.lines for digit in line.digits] + list(page.rejected):
        box = digit.box
        assert 0 <= box.x < box.x + box.width <= page.width
        assert 0 <= box.y < box.y + box.height <= page.height
        assert 0 <= digit.confidence <= 1


@pytest.mark.parametrize(("size", "suffix"), [((7000, 7000, 3), ".jpg"), ((6000, 8000), ".png")])
def test_large_page_is_read_in_less_than_a_gigabyte(
    tiny_model_path, page_picture, tmp_path, size, suffix
) -> None:
    picture = np.full(size, 240, np.uint8)
    enlarged = cv2.resize(page_picture, (5000, 3000), interpolation=cv2.INTER_NEAREST)
    picture[1000:4000, 1000:6000] = enlarged[..., None] if picture.ndim == 3 else enlarged
    path = tmp_path / f"large{suffix}"
    deep = picture if suffix == ".jpg" else picture.astype(np.uint16) << 8
    cv2.imwrite(str(path), deep, [cv2.IMWRITE_PNG_COMPRESSION, 1])
    program = (
        "import sys; from edge_infer import PageReader, read_image; "
        f"assert PageReader.load(sys.argv[1]).read(read_image(sys.argv[2])).text == {TEXT!r}; "
        "open(sys.argv[2] + '.read', 'x')"
    )
    peak = peak_kib([sys.executable, "-c", program, str(tiny_model_path), str(path)])
    assert path.with_name(f"{path.name}.read").exists()
    assert peak < GIB_KIB
