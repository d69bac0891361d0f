"""Pictures of what was read: the page with boxes and labels, and each digit cut out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_infer.boxes import Box
from edge_infer.drawing import (
    DARK,
    DOUBTFUL,
    FAINT,
    SURE,
    Colour,
    Pen,
    Word,
    draw_dashes,
    draw_frame,
    draw_plate,
    places_beside,
)
from edge_infer.page.items import ReadPage
from edge_infer.page.page import Digit, Page
from edge_infer.page.turn import turn_box

# A small picture, and one with small digits, is enlarged to this, but not beyond the limit.
_SMALLEST_SIDE: Final = 640
_SMALLEST_DIGIT: Final = 40
_LARGEST_ENLARGED: Final = 4000
# The design is for digits of this height, in a picture not much larger than this; lines
# grow and shrink with both.
_REFERENCE_DIGIT: Final = 90
_REFERENCE_SIDE: Final = 400
_THINNEST, _THICKEST = 0.5, 4.0
_BOX_GAP: Final = 4
_TAG_GAP: Final = 6
_TAG_HEIGHT: Final = 34
_TAG_PAD: Final = 5
# Share of its area that a tag may cover above before it goes below.
_BELOW_COSTS: Final = 0.5
# Paper around a cut-out digit, in heights of it.
_CROP_MARGIN: Final = 0.15

ImageU8 = NDArray[np.uint8]


def draw_page(
    read: ReadPage, *, doubtful_below: float = 0.0, with_rejected: bool = False
) -> ImageU8:
    """Draw boxes and labels on a copy of the page, turned as it was read.

    Args:
        read: Its picture is left as it is.
        doubtful_below: Confidence under which a digit has another colour and a percentage.
        with_rejected: Whether to show also what was rejected, in grey and dashed.

    Returns:
        uint8 (h, w, 3) BGR, enlarged by a whole number where it would be too small to read.
    """
    page, factor = read.page, _enlargement(read.page)
    picture = _enlarged(_turned(_bgr(read.image), page.rotation_deg), factor)
    shown = [(digit, FAINT) for digit in (page.rejected if with_rejected else ())]
    for digit in (digit for line in page.lines for digit in line.digits):
        shown.append((digit, DOUBTFUL if digit.confidence < doubtful_below else SURE))
    marks = [_Mark(digit, colour, _on_picture(digit.box, page, factor)) for digit, colour in shown]
    pen = Pen(_pen_scale(marks, max(picture.shape)))
    picture, marks = _with_room_above(picture, marks, pen.px(_TAG_HEIGHT + _TAG_GAP))
    if np.may_share_memory(picture, read.image):
        picture = picture.copy()
    _draw_marks(picture, pen, marks)
    return picture


def cut_digits(read: ReadPage, *, with_rejected: bool = False) -> Iterator[tuple[str, ImageU8]]:
    """Cut out each digit with a little paper around it, turned as it was read.

    Args:
        read: Page and picture.
        with_rejected: Whether to cut out also what was rejected.

    Yields:
        Name and picture: ``line01.digit03.7`` for the third digit of the first line, a 7,
        and ``rejected02.7`` for the second that was rejected; pixels as they were given.
    """
    page = read.page
    for number, line in enumerate(page.lines, 1):
        for position, digit in enumerate(line.digits, 1):
            yield f"line{number:02}.digit{position:02}.{digit.label}", _cut_out(read, digit.box)
    for number, digit in enumerate(page.rejected if with_rejected else (), 1):
        yield f"rejected{number:02}.{digit.label}", _cut_out(read, digit.box)


def _cut_out(read: ReadPage, box: Box) -> ImageU8:
    margin = max(2, round(max(box.width, box.height) * _CROP_MARGIN))
    top, left = max(box.y - margin, 0), max(box.x - margin, 0)
    bottom, right = box.y + box.height + margin, box.x + box.width + margin
    return _turned(read.image[top:bottom, left:right], read.page.rotation_deg)


@dataclass(frozen=True)
class _Mark:
    """A digit as it is to be shown.

    Attributes:
        digit: With its box in the page's picture.
        colour: Of its frame.
        box: In the picture that is drawn on.
    """

    digit: Digit
    colour: Colour
    box: Box


def _with_room_above(
    picture: ImageU8, marks: list[_Mark], room: int
) -> tuple[ImageU8, list[_Mark]]:
    """Repeat the picture's upper edge where a tag would not fit under it."""
    missing = room - min((mark.box.y for mark in marks), default=room)
    if missing <= 0:
        return picture, marks
    higher = cv2.copyMakeBorder(picture, missing, 0, 0, 0, cv2.BORDER_REPLICATE)
    return _u8(higher), [
        replace(mark, box=replace(mark.box, y=mark.box.y + missing)) for mark in marks
    ]


def _draw_marks(picture: ImageU8, pen: Pen, marks: list[_Mark]) -> None:
    for mark in marks:
        draw = draw_dashes if mark.colour == FAINT else draw_frame
        draw(picture, pen, mark.box, mark.colour, gap=pen.px(_BOX_GAP))
    # Tags keep off the digits and off one another, as far as there is room.
    taken = np.array([_corners(mark.box) for mark in marks], np.int64).reshape(-1, 4)
    for mark in marks:
        tag = _draw_tag(picture, pen, mark, taken)
        taken = np.vstack([taken, _corners(tag)])


def _draw_tag(picture: ImageU8, pen: Pen, mark: _Mark, taken: NDArray[np.int64]) -> Box:
    label = Word(mark.digit.label or "?", 0.95 * pen.scale, pen.px(2))
    width, pad = label.width + 2 * pen.px(_TAG_PAD), pen.px(_TAG_PAD)
    percent = None
    if mark.colour == DOUBTFUL:
        percent = Word(f"{int(100 * mark.digit.confidence)}%", 0.55 * pen.scale, pen.px(1))
        width += percent.width + pad
    size, limits = (width, pen.px(_TAG_HEIGHT)), (picture.shape[1], picture.shape[0])
    above, below = places_beside(mark.box, size, limits, gap=pen.px(_TAG_GAP))
    # Below only where that is much better: beside others, a reader looks for tags above.
    bias = _BELOW_COSTS * above.width * above.height
    tag = below if _overlap(above, taken) > _overlap(below, taken) + bias else above
    draw_plate(picture, pen, tag, mark.colour)
    base = tag.y + tag.height - pen.px(7)
    label.draw(picture, (tag.x + pad, base), DARK)
    if percent is not None:
        percent.draw(picture, (tag.x + 2 * pad + label.width, base), DARK)
    return tag


def _overlap(place: Box, taken: NDArray[np.int64]) -> int:
    """Return how many pixels of a place are taken.

    Args:
        place: For a tag.
        taken: int64 (n, 4): left, top, right and bottom of boxes.
    """
    left, top, right, bottom = _corners(place)
    width = np.minimum(taken[:, 2], right) - np.maximum(taken[:, 0], left)
    height = np.minimum(taken[:, 3], bottom) - np.maximum(taken[:, 1], top)
    return int((width.clip(0) * height.clip(0)).sum())


def _corners(box: Box) -> tuple[int, int, int, int]:
    return box.x, box.y, box.x + box.width, box.y + box.height


def _enlargement(page: Page) -> int:
    longest = max(page.width, page.height)
    upright = page.rotation_deg in {0, 180}
    boxes = [digit.box for line in page.lines for digit in line.digits]
    digit = _median([box.height if upright else box.width for box in boxes])
    wanted = max(_SMALLEST_SIDE // longest, round(_SMALLEST_DIGIT / digit) if digit else 1)
    return max(1, min(wanted, _LARGEST_ENLARGED // longest))


def _pen_scale(marks: list[_Mark], longest: int) -> float:
    height = _median([mark.box.height for mark in marks if mark.colour != FAINT]) or _median(
        [mark.box.height for mark in marks]
    )
    scale = min(height / _REFERENCE_DIGIT, longest / _REFERENCE_SIDE)
    return float(np.clip(scale, _THINNEST, _THICKEST))


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
    return image if image.shape[2] == 3 else _on_paper(image)


def _on_paper(image_bgra: ImageU8) -> ImageU8:
    """Put a transparent drawing on paper: white under a dark one, black under a light one."""
    alpha = np.ascontiguousarray(image_bgra[..., 3])
    drawn = cv2.cvtColor(image_bgra, cv2.COLOR_BGRA2BGR)
    is_dark = sum(cv2.mean(drawn, (alpha > 127).view(np.uint8))[:3]) < 3 * 128
    opacity = cv2.cvtColor(alpha, cv2.COLOR_GRAY2BGR)
    cv2.multiply(drawn, opacity, drawn, scale=1 / 255)
    return _u8(cv2.add(drawn, cv2.bitwise_not(opacity, opacity), drawn) if is_dark else drawn)


def _turned(image: ImageU8, clockwise_deg: int) -> ImageU8:
    return np.ascontiguousarray(np.rot90(image, -clockwise_deg // 90))


def _on_picture(box: Box, page: Page, factor: int) -> Box:
    """Return where a box of the page is on the picture, turned and enlarged."""
    turned = turn_box(box, page.rotation_deg // 90, page.height, page.width)
    return Box(*(length * factor for length in (turned.x, turned.y, turned.width, turned.height)))


def _u8(image: object) -> ImageU8:
    return np.asarray(image, np.uint8)
