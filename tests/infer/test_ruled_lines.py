"""Taking printed lines out from under the writing."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from edge_infer.page.ruled_lines import RuledLine, erase_ruled_lines, find_ruled_lines

ImageU8 = NDArray[np.uint8]

HEIGHT, WIDTH = 300, 400


def blank() -> ImageU8:
    return np.zeros((HEIGHT, WIDTH), np.uint8)


def lines(slope: float = 0.0, bend: float = 0.0, thickness: int = 2, pitch: int = 50) -> ImageU8:
    """Return level lines over the whole width.

    Args:
        slope: Rows a column.
        bend: Rows by which the middle of a line lies under its ends.
        thickness: In pixels.
        pitch: From line to line, in pixels.
    """
    mask = blank()
    columns = np.arange(WIDTH)
    for start in range(pitch, HEIGHT - pitch // 2, pitch):
        rows = start + slope * columns + bend * np.sin(np.pi * columns / WIDTH)
        points = np.column_stack((columns, rows)).round().astype(np.int32)
        cv2.polylines(mask, [points[:, None]], False, 255, thickness)
    return mask


def upright(mask: ImageU8) -> ImageU8:
    """Return lines of one direction in the other."""
    turned = cv2.resize(mask.T, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA)
    return np.where(turned > 127, 255, 0).astype(np.uint8)


def rings(*centres: tuple[int, int]) -> ImageU8:
    mask = blank()
    for centre in centres:
        cv2.ellipse(mask, centre, (20, 32), 0, 0, 360, 255, 6)
    return mask


def erase(mask: ImageU8, contrast: ImageU8 | None = None) -> ImageU8:
    return erase_ruled_lines(mask, (mask // 255) * np.uint8(100) if contrast is None else contrast)


def left_share(mask: ImageU8, erased: ImageU8) -> float:
    return cv2.countNonZero(erased) / cv2.countNonZero(mask)


@pytest.mark.parametrize(
    ("slope", "thickness"), [(0.0, 1), (0.0, 3), (0.02, 2), (0.02, 3), (-0.06, 1), (-0.06, 2)]
)
def test_level_and_sloped_lines_are_erased(slope: float, thickness: int) -> None:
    mask = lines(slope, thickness=thickness)
    assert left_share(mask, erase(mask)) < 0.05


def test_upright_lines_and_squares_are_erased() -> None:
    level, across = lines(), upright(lines())
    assert left_share(across, erase(across)) < 0.05
    squares = level | across
    assert left_share(squares, erase(squares)) < 0.1


@pytest.mark.parametrize("bend", [3.0, 6.0])
def test_gently_bent_lines_are_erased(bend: float) -> None:
    mask = lines(bend=bend)
    assert left_share(mask, erase(mask)) < 0.05


def test_a_single_long_line_is_erased() -> None:
    mask = lines(pitch=150)
    assert left_share(mask, erase(mask)) < 0.05


def test_a_dotted_line_is_erased() -> None:
    mask = blank()
    for column in range(30, 370, 5):
        mask[148:152, column : column + 4] = 255
    digits = rings((120, 100), (220, 110))
    erased = erase(mask | digits)
    assert (erased[(mask != 0) & (digits == 0)] != 0).mean() < 0.05
    assert (erased[digits != 0] != 0).mean() > 0.95


@pytest.mark.parametrize("thickness", [1, 3, 6])
def test_each_line_is_found_once(thickness: int) -> None:
    mask = lines(0.02, thickness=thickness)
    level, across = find_ruled_lines(mask)
    assert len(level) == len(range(50, HEIGHT - 25, 50))
    assert not across


def test_a_line_on_which_digits_stand_is_found_whole() -> None:
    # They hide most of its upper edge.
    mask = lines(pitch=150) | rings(*((x, 118) for x in range(40, 380, 50)))
    (rule,), _ = find_ruled_lines(mask)
    assert rule.end - rule.start > 0.95 * WIDTH


@pytest.mark.parametrize("turn", [False, True])
def test_strokes_that_cross_lines_stay(turn: bool) -> None:
    printed, digits = lines(), rings((80, 120), (180, 140), (290, 160))
    if turn:
        printed, digits = (upright(one) for one in (printed, digits))
    mask = printed | digits
    erased = erase(mask)
    near_print = np.asarray(cv2.dilate(printed, np.ones((3, 3), np.uint8)))
    off_line = (digits != 0) & (near_print == 0)
    assert (erased[off_line] != 0).all()
    # Where the stroke goes through the line, it is not broken.
    assert (erased[digits != 0] != 0).mean() > 0.95
    only_print = (printed != 0) & (np.asarray(cv2.dilate(digits, np.ones((9, 9), np.uint8))) == 0)
    assert (erased[only_print] != 0).mean() < 0.05


def test_deeper_ink_along_a_line_stays() -> None:
    # A level stroke of the pen, such as a 7's, right on a faint line and as thin.
    printed, stroke = lines(), blank()
    stroke[99:102, 150:200] = 255
    mask = printed | stroke
    contrast = np.where(stroke != 0, 180, np.where(printed != 0, 40, 0)).astype(np.uint8)
    erased = erase(mask, contrast)
    assert (erased[stroke != 0] != 0).mean() > 0.9
    assert (erased[(printed != 0) & (stroke == 0)] != 0).mean() < 0.05


def test_a_faint_line_beside_deep_ink_is_erased() -> None:
    # Digits that stand on a line without touching it do not keep the line under them.
    printed, digits = lines(), rings((80, 60), (180, 160), (290, 110))
    near = np.asarray(cv2.dilate(digits, np.ones((5, 5), np.uint8)))
    digits[printed != 0] = 0
    contrast = np.where(printed != 0, 40, np.where(digits != 0, 180, 0)).astype(np.uint8)
    erased = erase(printed | digits, contrast)
    assert (erased[(printed != 0) & (near == 0)] != 0).mean() < 0.05


@pytest.mark.parametrize("pitch", [100, 85, 75])
@pytest.mark.parametrize("label", ["1", "4", "7"])
def test_a_column_of_equal_digits_is_left_alone(
    draw_digit: Callable[..., ImageU8], label: str, pitch: int
) -> None:
    # Digits of 52 rows, under one another at a usual distance or closer.
    digit = draw_digit(label, 60, ink=255, ground=0, margin=4)
    cell = np.zeros((pitch, digit.shape[1]), np.uint8)
    cell[: len(digit)] = digit
    mask = np.asarray(cv2.copyMakeBorder(np.tile(cell, (5, 1)), 20, 20, 40, 40, 0), np.uint8)
    assert np.array_equal(erase(mask), mask)


@pytest.mark.parametrize("width", [30, 60, 120])
def test_a_tall_one_in_a_narrow_picture_is_left_alone(width: int) -> None:
    mask = np.zeros((200, width), np.uint8)
    cv2.line(mask, (width // 2, 20), (width // 2 - 4, 180), 255, 7)
    assert np.array_equal(erase(mask), mask)


@pytest.mark.parametrize("labels", ["1234567890", "1111", "4404", "77777", "5252525"])
def test_a_row_of_digits_is_left_alone(draw_digit: Callable[..., ImageU8], labels: str) -> None:
    row = [draw_digit(label, 90, ink=255, ground=0, margin=8) for label in labels]
    mask = np.asarray(cv2.copyMakeBorder(np.hstack(row), 40, 40, 20, 20, 0), np.uint8)
    assert np.array_equal(erase(mask), mask)


def test_a_mask_without_lines_is_returned_as_it_is() -> None:
    for mask in (blank(), rings((100, 100), (200, 140)), np.zeros((5, 9), np.uint8)):
        assert erase(mask) is mask


def test_erasing_leaves_what_was_given_as_it_was() -> None:
    mask = lines()
    before = mask.copy()
    assert erase(mask) is not mask
    assert np.array_equal(mask, before)


def test_find_ruled_lines_tells_where_a_line_runs() -> None:
    level, across = find_ruled_lines(lines(0.02, pitch=150))
    assert not across
    assert len(level) == 1
    assert level[0].slope == pytest.approx(0.02, abs=0.01)
    assert level[0].offset == pytest.approx(150, abs=2)
    assert level[0].end - level[0].start > 0.95 * WIDTH


def test_find_ruled_lines_on_a_large_mask_gives_its_pixels() -> None:
    mask = np.zeros((1200, 1600), np.uint8)
    mask[598:603, 100:1500] = 255
    (rule,), _ = find_ruled_lines(mask)
    assert rule.offset == pytest.approx(600, abs=4)
    assert rule.start == pytest.approx(100, abs=12)
    assert rule.end == pytest.approx(1500, abs=12)


def test_rule_grows_at_both_ends() -> None:
    assert RuledLine(100, 200, 7, 0.1).grown(0.5) == RuledLine(50, 250, 7, 0.1)
