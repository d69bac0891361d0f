"""Draw the digits and figures of a result on a copy of its frame."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np

from edge_infer.camera.live import FrameResult, SeenDigit
from edge_infer.drawing import (
    DARK,
    DOUBTFUL,
    LIGHT,
    SURE,
    Colour,
    ImageU8,
    Pen,
    Tag,
    Word,
    draw_box,
)

# Sizes are for a frame whose shorter side has this many pixels.
_REFERENCE_SIDE: Final = 720
_BOX_GAP: Final = 6
_TAG_GAP: Final = 8
_TAG_PAD: Final = 6
_PERCENT_SCALE: Final = 0.6
_BAR_HEIGHT: Final = 44
_BAR_OPACITY: Final = 0.72


def draw_overlay(result: FrameResult, *, note: str = "") -> ImageU8:
    """Draw boxes, labels, confidences, frame rate and latency.

    Args:
        result: Its frame is not changed.
        note: A short text for the status bar, such as "paused".

    Returns:
        uint8 (h, w, 3), BGR, a new picture of the size of the frame.
    """
    picture = result.frame.image_bgr.copy()
    height, width = picture.shape[:2]
    pen = Pen(float(np.clip(min(height, width) / _REFERENCE_SIDE, 0.5, 3.0)))
    bar_top = height - min(pen.px(_BAR_HEIGHT), height)
    for digit in result.digits:
        draw_box(picture, pen, digit.box, _colour(digit), gap=pen.px(_BOX_GAP))
    for digit in result.digits:
        _draw_tag(picture, pen, digit, bottom=bar_top)
    _draw_bar(picture[bar_top:], pen, _status(result), note)
    return picture


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
    """Draw label and confidence above the box, or below it where there is no room."""
    tag = Tag(pen, digit.label, digit.confidence, pad=_TAG_PAD, percent_scale=_PERCENT_SCALE)
    gap = pen.px(_TAG_GAP)
    above, below = tag.places(digit.box, (picture.shape[1], bottom), gap=gap)
    place = above if digit.box.y >= tag.height + gap else below
    tag.draw(picture, place, _colour(digit))


def _draw_bar(bar: ImageU8, pen: Pen, status: str, note: str) -> None:
    """Draw the status bar on the lowest rows of the picture."""
    dark = np.full_like(bar, DARK)
    bar[:] = np.asarray(cv2.addWeighted(dark, _BAR_OPACITY, bar, 1 - _BAR_OPACITY, 0), np.uint8)
    scale, weight, baseline = 0.7 * pen.scale, pen.px(1), len(bar) - pen.px(14)
    Word(status, scale, weight).draw(bar, (pen.px(14), baseline), LIGHT)
    if note:
        word = Word(note, scale, weight)
        word.draw(bar, (bar.shape[1] - word.width - pen.px(14), baseline), SURE)
