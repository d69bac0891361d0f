"""Draw bounding boxes and labels on pictures, in place.

Every line has a dark outline and every label a plain background, so that both are visible on
white paper and in a dark room.
"""

from __future__ import annotations

from typing import Final, NamedTuple

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
_LABEL_SCALE: Final = 0.95
_BASELINE: Final = 7
TAG_HEIGHT: Final = 34


class Pen(NamedTuple):
    """Converts sizes of the design to pixels of one picture, by a factor ``scale``."""

    scale: float

    def px(self, size: float) -> int:
        """Return a size of the design in whole pixels of the picture, at least 1."""
        return max(1, round(size * self.scale))


class Word(NamedTuple):
    """Text of one size.

    Attributes:
        text: ASCII under OpenCV 4, most scripts under OpenCV 5: the fonts have no others.
        scale: Font scale. At 1 a capital letter is 22 pixels high.
        weight: Stroke width in pixels.
    """

    text: str
    scale: float
    weight: int

    @property
    def width(self) -> int:
        """Width in pixels."""
        (width, _), _ = cv2.getTextSize(self.text, _FONT, self.scale, self.weight)
        return width

    def draw(self, picture: ImageU8, start: tuple[int, int], colour: Colour) -> None:
        """Draw the text on uint8 (h, w, 3); ``start`` is the left end of its baseline (x, y)."""
        cv2.putText(picture, self.text, start, _FONT, self.scale, colour, self.weight, cv2.LINE_AA)


class Tag:
    """A label, and optionally a percentage, on a plain background of some pixels."""

    def __init__(
        self, pen: Pen, label: str, confidence: float | None, *, pad: int, percent_scale: float
    ) -> None:
        """Lay out a tag for one picture.

        Args:
            pen: Pen of the picture.
            label: Text of the label.
            confidence: 0-1, shown in percent and rounded down; None for no percentage.
            pad: Space around and between the texts, as a size of the design.
            percent_scale: Font scale of the percentage, likewise.
        """
        self._pen = pen
        self._pad = pen.px(pad)
        self._words = [Word(label, _LABEL_SCALE * pen.scale, pen.px(2))]
        if confidence is not None:
            percent = f"{int(100 * confidence)}%"
            self._words.append(Word(percent, percent_scale * pen.scale, pen.px(1)))
        self.width = self._pad + sum(word.width + self._pad for word in self._words)
        self.height = pen.px(TAG_HEIGHT)

    def draw(self, picture: ImageU8, place: Box, colour: Colour) -> None:
        """Draw the tag on uint8 (h, w, 3) at a place of its size."""
        first, last = (place.x, place.y), (place.right - 1, place.bottom - 1)
        cv2.rectangle(picture, first, last, colour, cv2.FILLED)
        cv2.rectangle(picture, first, last, DARK, self._pen.px(1))
        x, baseline = place.x + self._pad, place.y + place.height - self._pen.px(_BASELINE)
        for word in self._words:
            word.draw(picture, (x, baseline), DARK)
            x += word.width + self._pad

    def places(self, box: Box, limits: tuple[int, int], *, gap: int) -> tuple[Box, Box]:
        """Return the places above and below a box, moved inside the picture.

        Args:
            box: The labelled box.
            limits: Width and height of the area that may be drawn on.
            gap: Pixels between tag and box.
        """
        right, bottom = limits
        x = min(max(box.x - gap, 0), max(right - self.width, 0))
        above = max(box.y - gap - self.height, 0)
        below = max(min(box.bottom + gap, bottom - self.height), 0)
        return Box(x, above, self.width, self.height), Box(x, below, self.width, self.height)


def draw_box(
    picture: ImageU8, pen: Pen, box: Box, colour: Colour, *, gap: int, dashed: bool = False
) -> None:
    """Draw the outline of a box on uint8 (h, w, 3), ``gap`` pixels outside it."""
    left, top = box.x - gap, box.y - gap
    right, bottom = box.right - 1 + gap, box.bottom - 1 + gap
    for weight, shade in ((pen.px(4), DARK), (pen.px(1.8), colour)):
        if not dashed:
            cv2.rectangle(picture, (left, top), (right, bottom), shade, weight, cv2.LINE_AA)
            continue
        dash = pen.px(6)
        for x in range(left, right, 2 * dash):
            for y in (top, bottom):
                cv2.line(picture, (x, y), (min(x + dash, right), y), shade, weight, cv2.LINE_AA)
        for y in range(top, bottom, 2 * dash):
            for x in (left, right):
                cv2.line(picture, (x, y), (x, min(y + dash, bottom)), shade, weight, cv2.LINE_AA)
