"""Draw what was recognised onto a copy of a frame. Pure: nothing is shown or written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_infer.camera.live import FrameResult, SeenDigit
from edge_infer.drawing import (
    DARK,
    DOUBTFUL,
    LIGHT,
    SURE,
    Colour,
    Pen,
    Word,
    draw_frame,
    draw_plate,
    places_beside,
)

ImageU8 = NDArray[np.uint8]

# Sizes below are for a frame whose shorter side has so many pixels.
_REFERENCE_SIDE: Final = 720
_BAR_OPACITY: Final = 0.72
_BOX_GAP: Final = 6
_TAG_GAP: Final = 8
_TAG_HEIGHT: Final = 34


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
    pen = Pen(float(np.clip(min(height, width) / _REFERENCE_SIDE, 0.5, 3.0)))
    bar = _Bar.fitting(pen, height)
    for digit in result.digits:
        draw_frame(picture, pen, digit.box, _colour(digit), gap=pen.px(_BOX_GAP))
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
    def fitting(cls, pen: Pen, frame_height: int) -> _Bar:
        height = min(pen.px(44), frame_height)
        return cls(frame_height - height, height)


def _colour(digit: SeenDigit) -> Colour:
    return DOUBTFUL if digit.rejected else SURE


def _status(result: FrameResult) -> str:
    rejected = sum(digit.rejected for digit in result.digits)
    sure = len(result.digits) - rejected
    rate = f"{result.fps:.0f} fps" if result.fps else "- fps"
    count = f"{sure} digit{'' if sure == 1 else 's'}"
    unsure = f", {rejected} unsure" if rejected else ""
    return f"{rate}   {result.latency_ms:.1f} ms   {count}{unsure}"


def _draw_tag(picture: ImageU8, pen: Pen, digit: SeenDigit, *, bottom: int) -> None:
    """Write label and confidence above the box, or below it where there is no room."""
    label = Word(digit.label, 0.95 * pen.scale, pen.px(2))
    # Rounded down: only what is certain says 100 %.
    percent = Word(f"{int(100 * digit.confidence)}%", 0.6 * pen.scale, pen.px(1))
    pad, limits = pen.px(6), (picture.shape[1], bottom)
    width = label.width + percent.width + 3 * pad
    size, gap = (width, pen.px(_TAG_HEIGHT)), pen.px(_TAG_GAP)
    above, below = places_beside(digit.box, size, limits, gap=gap)
    place = above if digit.box.y >= above.height + gap else below
    draw_plate(picture, pen, place, _colour(digit))
    line = place.y + place.height - pen.px(7)
    label.draw(picture, (place.x + pad, line), DARK)
    percent.draw(picture, (place.x + 2 * pad + label.width, line), DARK)


def _draw_bar(picture: ImageU8, pen: Pen, bar: _Bar, status: str, note: str) -> None:
    strip = picture[bar.top :]
    dark = np.full_like(strip, DARK)
    strip[:] = np.asarray(cv2.addWeighted(dark, _BAR_OPACITY, strip, 1 - _BAR_OPACITY, 0), np.uint8)
    scale, weight, line = 0.7 * pen.scale, pen.px(1), bar.top + bar.height - pen.px(14)
    Word(status, scale, weight).draw(picture, (pen.px(14), line), LIGHT)
    if note:
        word = Word(note, scale, weight)
        word.draw(picture, (picture.shape[1] - word.width - pen.px(14), line), SURE)
