"""Pictures of the results of a page: boxes and labels, and the crop of each digit."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_infer.boxes import Box
from edge_infer.drawing import (
    DOUBTFUL,
    FAINT,
    SURE,
    TAG_HEIGHT,
    Colour,
    ImageU8,
    Pen,
    Tag,
    draw_box,
)
from edge_infer.page.items import ReadPage
from edge_infer.page.page import Digit, Page

# A picture whose longer side or whose digits are smaller, in pixels, is enlarged, up to a limit.
_MIN_SIDE: Final = 640
_MIN_DIGIT_HEIGHT: Final = 40
_MAX_ENLARGED_SIDE: Final = 4000
# The sizes of the design are for digits of this height in a picture of about this size, in
# pixels. Lines are scaled with both, within limits.
_REFERENCE_DIGIT: Final = 90
_REFERENCE_SIDE: Final = 400
_MIN_SCALE, _MAX_SCALE = 0.5, 4.0
_BOX_GAP: Final = 4
_TAG_GAP: Final = 6
_TAG_PAD: Final = 5
_PERCENT_SCALE: Final = 0.55
# A tag goes below its box if it covers less there, by this fraction of its area.
_BELOW_COST: Final = 0.5
# Margin of a crop, as a fraction of the longer side of the digit.
_CROP_MARGIN: Final = 0.15


def draw_page(
    read: ReadPage, *, doubtful_below: float = 0.0, with_rejected: bool = False
) -> ImageU8:
    """Draw boxes and labels on a copy of the page, rotated as it was read.

    Args:
        read: The page. Its picture is not changed.
        doubtful_below: Digits of lower confidence have another colour and a percentage.
        with_rejected: Whether rejected digits are drawn too, in grey and dashed.

    Returns:
        uint8 (h, w, 3), BGR, enlarged by a whole number if it is small.
    """
    page, factor = read.page, _enlargement(read.page)
    picture = _enlarged(_rotated(_bgr(read.image), page.rotation_deg), factor)
    marks = [_Mark(digit, FAINT, digit.box) for digit in (page.rejected if with_rejected else ())]
    for digit in (digit for line in page.lines for digit in line.digits):
        colour = DOUBTFUL if digit.confidence < doubtful_below else SURE
        marks.append(_Mark(digit, colour, digit.box))
    quarters, size = page.rotation_deg // 90, (page.height, page.width)
    marks = [it._replace(box=it.box.rotated(quarters, *size).scaled(factor)) for it in marks]
    pen = Pen(_pen_scale(marks, max(picture.shape)))
    picture, marks = _with_margin_above(picture, marks, pen.px(TAG_HEIGHT + _TAG_GAP))
    if np.may_share_memory(picture, read.image):
        picture = picture.copy()
    for mark in marks:
        gap, is_dashed = pen.px(_BOX_GAP), mark.colour == FAINT
        draw_box(picture, pen, mark.box, mark.colour, gap=gap, dashed=is_dashed)
    # Tags avoid the digits and one another, as far as there is room.
    taken = np.array([_corners(mark.box) for mark in marks], np.int64).reshape(-1, 4)
    for mark in marks:
        taken = np.vstack([taken, _corners(_draw_tag(picture, pen, mark, taken))])
    return picture


def cut_digits(read: ReadPage, *, with_rejected: bool = False) -> Iterator[tuple[str, ImageU8]]:
    """Crop each digit with a small margin, rotated as it was read.

    Args:
        read: The page.
        with_rejected: Whether rejected digits are cropped too.

    Yields:
        Name and pixels: ``line01.digit03.7`` is the third digit of the first line, a 7, and
        ``rejected02.7`` the second rejected digit. Dtype and channels are those of the picture.
    """
    page = read.page
    for number, line in enumerate(page.lines, 1):
        for position, digit in enumerate(line.digits, 1):
            yield f"line{number:02}.digit{position:02}.{digit.label}", _crop(read, digit.box)
    for number, digit in enumerate(page.rejected if with_rejected else (), 1):
        yield f"rejected{number:02}.{digit.label}", _crop(read, digit.box)


def _crop(read: ReadPage, box: Box) -> ImageU8:
    margin = max(2, round(max(box.width, box.height) * _CROP_MARGIN))
    rows = slice(max(box.y - margin, 0), box.bottom + margin)
    columns = slice(max(box.x - margin, 0), box.right + margin)
    return _rotated(read.image[rows, columns], read.page.rotation_deg)


class _Mark(NamedTuple):
    """A digit, and the colour and place of its box in the drawn picture."""

    digit: Digit
    colour: Colour
    box: Box


def _with_margin_above(
    picture: ImageU8, marks: list[_Mark], margin: int
) -> tuple[ImageU8, list[_Mark]]:
    """Pad the picture at the top if there is less than ``margin`` above a box."""
    missing = margin - min((mark.box.y for mark in marks), default=margin)
    if missing <= 0:
        return picture, marks
    padded = cv2.copyMakeBorder(picture, missing, 0, 0, 0, cv2.BORDER_REPLICATE)
    moved = [mark._replace(box=replace(mark.box, y=mark.box.y + missing)) for mark in marks]
    return _u8(padded), moved


def _draw_tag(picture: ImageU8, pen: Pen, mark: _Mark, taken: NDArray[np.int64]) -> Box:
    label, is_doubtful = mark.digit.label or "?", mark.colour == DOUBTFUL
    confidence = mark.digit.confidence if is_doubtful else None
    tag = Tag(pen, label, confidence, pad=_TAG_PAD, percent_scale=_PERCENT_SCALE)
    limits = (picture.shape[1], picture.shape[0])
    above, below = tag.places(mark.box, limits, gap=pen.px(_TAG_GAP))
    # Readers look for tags above the digits, so the place below must be much better.
    bias = _BELOW_COST * above.width * above.height
    place = below if _overlap(above, taken) > _overlap(below, taken) + bias else above
    tag.draw(picture, place, mark.colour)
    return place


def _overlap(place: Box, taken: NDArray[np.int64]) -> int:
    """Return the number of pixels of a place that boxes cover, overlaps counted twice.

    The rows of ``taken`` are the corners of the boxes.
    """
    left, top, right, bottom = _corners(place)
    width = np.minimum(taken[:, 2], right) - np.maximum(taken[:, 0], left)
    height = np.minimum(taken[:, 3], bottom) - np.maximum(taken[:, 1], top)
    return int((width.clip(0) * height.clip(0)).sum())


def _corners(box: Box) -> tuple[int, int, int, int]:
    return box.x, box.y, box.right, box.bottom


def _enlargement(page: Page) -> int:
    longest = max(page.width, page.height)
    upright = page.rotation_deg in {0, 180}
    boxes = [digit.box for line in page.lines for digit in line.digits]
    digit = _median([box.height if upright else box.width for box in boxes])
    wanted = max(_MIN_SIDE // longest, round(_MIN_DIGIT_HEIGHT / digit) if digit else 1)
    return max(1, min(wanted, _MAX_ENLARGED_SIDE // longest))


def _pen_scale(marks: list[_Mark], longest: int) -> float:
    height = _median([mark.box.height for mark in marks if mark.colour != FAINT]) or _median(
        [mark.box.height for mark in marks]
    )
    scale = min(height / _REFERENCE_DIGIT, longest / _REFERENCE_SIDE)
    return float(np.clip(scale, _MIN_SCALE, _MAX_SCALE))


def _median(heights: list[int]) -> float:
    return float(np.median(heights)) if heights else 0.0


def _enlarged(image: ImageU8, factor: int) -> ImageU8:
    if factor == 1:
        return image
    size = (image.shape[1] * factor, image.shape[0] * factor)
    return _u8(cv2.resize(image, size, interpolation=cv2.INTER_CUBIC))


def _bgr(image: ImageU8) -> ImageU8:
    if image.ndim == 2 or image.shape[2] == 1:
        return _u8(cv2.cvtColor(image, cv2.COLOR_GRAY2BGR))
    return image if image.shape[2] == 3 else _on_background(image)


def _on_background(image_bgra: ImageU8) -> ImageU8:
    """Blend a transparent picture with white if its ink is dark, else with black."""
    alpha = np.ascontiguousarray(image_bgra[..., 3])
    drawn = cv2.cvtColor(image_bgra, cv2.COLOR_BGRA2BGR)
    is_dark = sum(cv2.mean(drawn, (alpha > 127).view(np.uint8))[:3]) < 3 * 128
    opacity = cv2.cvtColor(alpha, cv2.COLOR_GRAY2BGR)
    cv2.multiply(drawn, opacity, drawn, scale=1 / 255)
    return _u8(cv2.add(drawn, cv2.bitwise_not(opacity, opacity), drawn) if is_dark else drawn)


def _rotated(image: ImageU8, clockwise_deg: int) -> ImageU8:
    return np.ascontiguousarray(np.rot90(image, -clockwise_deg // 90))


def _u8(image: object) -> ImageU8:
    return np.asarray(image, np.uint8)
