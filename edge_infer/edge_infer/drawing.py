"""Boxes and words on pictures, such as can be read on white paper and in a dark room alike.

Every line has a dark edge and every letter a plain ground of its own. Pure: what is drawn
on is the caller's own copy.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_infer.boxes import Box

ImageU8 = NDArray[np.uint8]
Colour = tuple[int, int, int]

# BGR.
SURE: Final[Colour] = (96, 214, 72)
DOUBTFUL: Final[Colour] = (60, 150, 255)
DARK: Final[Colour] = (28, 24, 22)
LIGHT: Final[Colour] = (245, 245, 245)
FAINT: Final[Colour] = (178, 178, 178)
_FONT: Final = cv2.FONT_HERSHEY_DUPLEX


@dataclass(frozen=True)
class Pen:
    """Sizes that suit one picture.

    Attributes:
        scale: Pixels of the picture for a pixel of the design.
    """

    scale: float

    def px(self, size: float) -> int:
        """Return a size of the design in whole pixels of the picture, one at least."""
        return max(1, round(size * self.scale))


@dataclass(frozen=True)
class Word:
    """Some text in one size.

    Attributes:
        text: ASCII under OpenCV 4, most scripts under 5: the font has no more.
        scale: Of the font; at 1 a capital is 22 pixels high.
        weight: Of the strokes in pixels.
    """

    text: str
    scale: float
    weight: int

    @property
    def width(self) -> int:
        """In pixels."""
        (width, _), _ = cv2.getTextSize(self.text, _FONT, self.scale, self.weight)
        return width

    def draw(self, picture: ImageU8, start: tuple[int, int], colour: Colour) -> None:
        """Write it, from the left end of its base line."""
        cv2.putText(picture, self.text, start, _FONT, self.scale, colour, self.weight, cv2.LINE_AA)


def draw_frame(picture: ImageU8, pen: Pen, box: Box, colour: Colour, *, gap: int) -> None:
    """Draw a frame around a box, so many pixels away from it."""
    first = (box.x - gap, box.y - gap)
    last = (box.x + box.width - 1 + gap, box.y + box.height - 1 + gap)
    cv2.rectangle(picture, first, last, DARK, pen.px(4), cv2.LINE_AA)
    cv2.rectangle(picture, first, last, colour, pen.px(1.8), cv2.LINE_AA)


def draw_plate(picture: ImageU8, pen: Pen, place: Box, colour: Colour) -> None:
    """Draw the plain ground of a word, with a dark edge."""
    first, last = (place.x, place.y), (place.x + place.width - 1, place.y + place.height - 1)
    cv2.rectangle(picture, first, last, colour, cv2.FILLED)
    cv2.rectangle(picture, first, last, DARK, pen.px(1))


def places_beside(
    box: Box, size: tuple[int, int], limits: tuple[int, int], *, gap: int
) -> tuple[Box, Box]:
    """Find the places of a plate: above a box and below it, inside the picture.

    Args:
        box: What it belongs to.
        size: Width and height of the plate.
        limits: Right and lower end of what may be drawn on.
        gap: Pixels between the plate and the box.
    """
    (width, height), (right, bottom) = size, limits
    x = min(max(box.x - gap, 0), max(right - width, 0))
    above = max(box.y - gap - height, 0)
    below = max(min(box.y + box.height + gap, bottom - height), 0)
    return Box(x, above, width, height), Box(x, below, width, height)


def draw_dashes(picture: ImageU8, pen: Pen, box: Box, colour: Colour, *, gap: int) -> None:
    """Draw a dashed frame around a box, so many pixels away from it."""
    left, top = box.x - gap, box.y - gap
    right, bottom = box.x + box.width - 1 + gap, box.y + box.height - 1 + gap
    dash = pen.px(6)
    for weight, shade in ((pen.px(4), DARK), (pen.px(1.8), colour)):
        for x in range(left, right, 2 * dash):
            for y in (top, bottom):
                cv2.line(picture, (x, y), (min(x + dash, right), y), shade, weight, cv2.LINE_AA)
        for y in range(top, bottom, 2 * dash):
            for x in (left, right):
                cv2.line(picture, (x, y), (x, min(y + dash, bottom)), shade, weight, cv2.LINE_AA)
