"""Removal of printed lines from under the writing."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from edge_infer.page.ruled_lines import erase_ruled_lines

ImageU8 = NDArray[np.uint8]

HEIGHT, WIDTH = 300, 400


def lines(slope: float = 0.0, bend: float = 0.0, thickness: int = 2, pitch: int = 50) -> ImageU8:
    """Return horizontal lines across the picture; ``bend`` is the sag of their middle in rows."""
    mask = np.zeros((HEIGHT, WIDTH), np.uint8)
    columns = np.arange(WIDTH)
    for start in range(pitch, HEIGHT - pitch // 2, pitch):
        rows = start + slope * columns + bend * np.sin(np.pi * columns / WIDTH)
        points = np.column_stack((columns, rows)).round().astype(np.int32)
        cv2.polylines(mask, [points[:, None]], False, 255, thickness)
    return mask


def vertical(mask: ImageU8) -> ImageU8:
    """Return horizontal lines as vertical ones, in a picture of the same size."""
    transposed = cv2.resize(mask.T, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA)
    return np.where(transposed > 127, 255, 0).astype(np.uint8)


def rings(*centres: tuple[int, int]) -> ImageU8:
    mask = np.zeros((HEIGHT, WIDTH), np.uint8)
    for centre in centres:
        cv2.ellipse(mask, centre, (20, 32), 0, 0, 360, 255, 6)
    return mask


def erase(mask: ImageU8) -> ImageU8:
    return erase_ruled_lines(mask, (mask // 255) * np.uint8(100))


def share(mask: ImageU8, where: NDArray[np.bool_]) -> float:
    """Return the fraction of pixels that are ink."""
    return float((mask[where] != 0).mean())


def near(mask: ImageU8, size: int) -> NDArray[np.bool_]:
    return np.asarray(cv2.dilate(mask, np.ones((size, size), np.uint8))) != 0


@pytest.mark.parametrize(
    "mask",
    [
        lines(thickness=1),
        lines(thickness=3),
        lines(0.02, thickness=2),
        lines(-0.06, thickness=1),
        lines(bend=6.0),
        lines(pitch=150),
        vertical(lines()),
        lines() | vertical(lines()),
    ],
)
def test_lines_are_erased(mask: ImageU8) -> None:
    before = mask.copy()
    erased = erase(mask)
    assert cv2.countNonZero(erased) < 0.1 * cv2.countNonZero(mask)
    assert np.array_equal(mask, before)


@pytest.mark.parametrize("is_vertical", [False, True])
def test_strokes_that_cross_lines_stay(*, is_vertical: bool) -> None:
    printed, digits = lines(), rings((80, 120), (180, 140), (290, 160))
    if is_vertical:
        printed, digits = vertical(printed), vertical(digits)
    erased = erase(printed | digits)
    assert share(erased, (digits != 0) & ~near(printed, 3)) == 1
    assert share(erased, digits != 0) > 0.95
    assert share(erased, (printed != 0) & ~near(digits, 9)) < 0.05


def test_stroke_of_higher_contrast_on_a_line_stays() -> None:
    # A horizontal stroke as thin as the line, such as that of a 7.
    printed, stroke = lines(), np.zeros((HEIGHT, WIDTH), np.uint8)
    stroke[99:102, 150:200] = 255
    contrast = np.where(stroke != 0, 180, np.where(printed != 0, 40, 0)).astype(np.uint8)
    erased = erase_ruled_lines(printed | stroke, contrast)
    assert share(erased, stroke != 0) > 0.9
    assert share(erased, (printed != 0) & (stroke == 0)) < 0.05


def test_mask_without_lines_is_returned_itself() -> None:
    for mask in (rings(), rings((100, 100), (200, 140)), np.zeros((5, 9), np.uint8)):
        assert erase(mask) is mask


@pytest.mark.parametrize("labels", ["1234567890", "1111", "77777", "5252525"])
@pytest.mark.parametrize("pitch", [90, 112])
def test_rows_and_columns_of_digits_stay(
    draw_digit: Callable[..., ImageU8], labels: str, pitch: int
) -> None:
    digits = [draw_digit(label, 90, ink=255, ground=0, margin=8) for label in labels]
    row = np.asarray(cv2.copyMakeBorder(np.hstack(digits), 40, 40, 20, 20, 0), np.uint8)
    spaced = [np.pad(digit, ((0, pitch - 90), (0, 0))) for digit in digits]
    column = np.pad(np.vstack(spaced[:5]), ((20, 20), (40, 40)))
    tall_one = np.zeros((200, pitch), np.uint8)
    cv2.line(tall_one, (pitch // 2, 20), (pitch // 2 - 4, 180), 255, 7)
    for mask in (row, column, tall_one):
        assert np.array_equal(erase(mask), mask)
