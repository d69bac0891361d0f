"""Draw what was recognised onto a copy of a frame. Pure: nothing is shown or written.

Every line has a dark edge and every letter a plain ground of its own, so that they can
be read on white paper and in a dark room alike.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_infer.camera.live import FrameResult, SeenDigit
from edge_infer.pieces import Box

ImageU8 = NDArray[np.uint8]
Colour = tuple[int, int, int]

# BGR.
SURE: Final[Colour] = (96, 214, 72)
REJECTED: Final[Colour] = (60, 150, 255)
DARK: Final[Colour] = (28, 24, 22)
LIGHT: Final[Colour] = (245, 245, 245)
_FONT: Final = cv2.FONT_HERSHEY_DUPLEX
# Sizes below are for a frame whose shorter side has so many pixels.
_REFERENCE_SIDE: Final = 720
_BAR_OPACITY: Final = 0.72
_BOX_GAP: Final = 6
_TAG_HEIGHT: Final = 34


@dataclass(frozen=True)
class _Pen:
    """Sizes that suit one frame."""

    scale: float

    def px(self, size: float) -> int:
        return max(1, round(size * self.scale))


def draw_overlay(result: FrameResult, *, note: str = "") -> ImageU8:
    """Draw boxes, labels, confidences, frame rate and latency.

    Args:
        result: Its frame is left as it is.
        note: A short word for the status bar, such as "paused".

    Returns:
        uint8 (h, w, 3) BGR, a new picture of the frame's size.
    """
    picture = result.frame.image_bgr.copy()
    height, width = picture.shape[:2]
    pen = _Pen(float(np.clip(min(height, width) / _REFERENCE_SIDE, 0.5, 3.0)))
    bar = _Bar.fitting(pen, height)
    for digit in result.digits:
        _draw_box(picture, pen, digit)
    for digit in result.digits:
        _draw_tag(picture, pen, digit, bottom=bar.top)
    _draw_bar(picture, pen, bar, _status(result), note)
    return picture


@dataclass(frozen=True)
class _Bar:
    """The strip along the lower edge: rows from ``top`` to the end."""

    top: int
    height: int

    @classmethod
    def fitting(cls, pen: _Pen, frame_height: int) -> _Bar:
        height = min(pen.px(44), frame_height)
        return cls(frame_height - height, height)


def _colour(digit: SeenDigit) -> Colour:
    return REJECTED if digit.prediction.rejected else SURE


def _status(result: FrameResult) -> str:
    rejected = sum(digit.prediction.rejected for digit in result.digits)
    sure = len(result.digits) - rejected
    rate = f"{result.fps:.0f} fps" if result.fps else "- fps"
    count = f"{sure} digit{'' if sure == 1 else 's'}"
    unsure = f", {rejected} unsure" if rejected else ""
    return f"{rate}   {result.latency_ms:.1f} ms   {count}{unsure}"


def _draw_box(picture: ImageU8, pen: _Pen, digit: SeenDigit) -> None:
    box, gap = digit.box, pen.px(_BOX_GAP)
    first = (box.x - gap, box.y - gap)
    last = (box.x + box.width - 1 + gap, box.y + box.height - 1 + gap)
    cv2.rectangle(picture, first, last, DARK, pen.px(4), cv2.LINE_AA)
    cv2.rectangle(picture, first, last, _colour(digit), pen.px(1.8), cv2.LINE_AA)


def _draw_tag(picture: ImageU8, pen: _Pen, digit: SeenDigit, *, bottom: int) -> None:
    """Write label and confidence above the box, or below it where there is no room."""
    prediction = digit.prediction
    label = prediction.label or "?"
    # Rounded down: only what is certain says 100 %.
    percent = f"{int(100 * prediction.confidence)}%"
    large, small, pad = 0.95 * pen.scale, 0.6 * pen.scale, pen.px(6)
    label_width = _text_width(label, large, pen.px(2))
    width = label_width + _text_width(percent, small, pen.px(1)) + 3 * pad
    tag = _placed(digit.box, pen, width, picture.shape[1], bottom)
    end = (tag.x + tag.width - 1, tag.y + tag.height - 1)
    cv2.rectangle(picture, (tag.x, tag.y), end, _colour(digit), cv2.FILLED)
    cv2.rectangle(picture, (tag.x, tag.y), end, DARK, pen.px(1))
    line = tag.y + tag.height - pen.px(7)
    _write(picture, label, (tag.x + pad, line), scale=large, colour=DARK, weight=pen.px(2))
    after = (tag.x + 2 * pad + label_width, line)
    _write(picture, percent, after, scale=small, colour=DARK, weight=pen.px(1))


def _placed(box: Box, pen: _Pen, width: int, right: int, bottom: int) -> Box:
    """Find the tag's place: above the box, else below, always inside the picture."""
    gap, height = pen.px(_BOX_GAP + 2), pen.px(_TAG_HEIGHT)
    above = box.y - gap - height
    below = min(box.y + box.height + gap, bottom - height)
    x = min(max(box.x - gap, 0), max(right - width, 0))
    return Box(x, above if above >= 0 else max(below, 0), width, height)


def _text_width(text: str, scale: float, weight: int) -> int:
    (width, _), _ = cv2.getTextSize(text, _FONT, scale, weight)
    return width


def _draw_bar(picture: ImageU8, pen: _Pen, bar: _Bar, status: str, note: str) -> None:
    strip = picture[bar.top :]
    dark = np.full_like(strip, DARK)
    strip[:] = np.asarray(cv2.addWeighted(dark, _BAR_OPACITY, strip, 1 - _BAR_OPACITY, 0), np.uint8)
    scale, line = 0.7 * pen.scale, bar.top + bar.height - pen.px(14)
    start = (pen.px(14), line)
    _write(picture, status, start, scale=scale, colour=LIGHT, weight=pen.px(1))
    if note:
        width = _text_width(note, scale, pen.px(1))
        start = (picture.shape[1] - width - pen.px(14), line)
        _write(picture, note, start, scale=scale, colour=SURE, weight=pen.px(1))


def _write(
    picture: ImageU8,
    text: str,
    start: tuple[int, int],
    *,
    scale: float,
    colour: Colour,
    weight: int,
) -> None:
    cv2.putText(picture, text, start, _FONT, scale, colour, weight, cv2.LINE_AA)
