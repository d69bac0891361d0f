"""Draw the digits and figures of a result on its frame, and show results in a window."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Final

import cv2
import numpy as np

from edge_infer.camera.live import FrameResult, SeenDigit
from edge_infer.camera.outputs import save_snapshot
from edge_infer.camera.sources import FrameSource
from edge_infer.camera.window import ESCAPE, FrameWindow
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
_BAR_MARGIN: Final = 14

_QUIT_KEYS: Final = ("q", "Q", ESCAPE)
_PAUSE_POLL_MS: Final = 40
_NOTE_S: Final = 2.0
_MAX_WAIT_S: Final = 1.0


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
        tag = Tag(pen, digit.label, digit.confidence, pad=_TAG_PAD, percent_scale=_PERCENT_SCALE)
        gap = pen.px(_TAG_GAP)
        above, below = tag.places(digit.box, (width, bar_top), gap=gap)
        has_room_above = digit.box.y >= tag.height + gap
        tag.draw(picture, above if has_room_above else below, _colour(digit))
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


def _draw_bar(bar: ImageU8, pen: Pen, status: str, note: str) -> None:
    """Draw the status bar on the lowest rows of the picture."""
    dark = np.full_like(bar, DARK)
    bar[:] = np.asarray(cv2.addWeighted(dark, _BAR_OPACITY, bar, 1 - _BAR_OPACITY, 0), np.uint8)
    margin = pen.px(_BAR_MARGIN)
    left, right = (Word(text, 0.7 * pen.scale, pen.px(1)) for text in (status, note))
    left.draw(bar, (margin, len(bar) - margin), LIGHT)
    if note:
        right.draw(bar, (bar.shape[1] - right.width - margin, len(bar) - margin), SURE)


class Viewer:
    """Shows results at the pace of their source: q or Esc quits, s saves a snapshot, space pauses.

    Attributes:
        snapshots: Paths of the pictures saved so far.
    """

    def __init__(self, window: FrameWindow, source: FrameSource, folder: Path) -> None:
        """Show the results of ``source`` in ``window``; snapshots go to ``folder``."""
        self.snapshots: list[Path] = []
        self._window = window
        self._source = source
        self._folder = folder
        self._note = ""
        self._note_until_s = 0.0
        # Clock time of position 0 of a file, so that it plays at its own speed.
        self._zero_s: float | None = None

    def show(self, result: FrameResult) -> bool:
        """Show a result and handle the keys.

        Returns:
            False if the user quits or has closed the window.

        Raises:
            OutputError: A snapshot cannot be written.
        """
        now_s = time.perf_counter()
        if self._zero_s is None:
            self._zero_s = now_s - result.frame.time_s
        self._window.show(
            draw_overlay(result, note=self._note if now_s < self._note_until_s else "")
        )
        key = self._window.key(self._wait_ms(self._zero_s + result.frame.time_s))
        if key == " ":
            began_s = time.perf_counter()
            key = self._pause(result)
            self._zero_s += time.perf_counter() - began_s
        elif key == "s":
            self._take_snapshot(result)
        return key not in _QUIT_KEYS and not self._window.closed

    def _wait_ms(self, due_s: float) -> int:
        """Return the time until the next frame of a file; a live source needs no waiting."""
        if self._source.live:
            return 1
        return round(min(max(due_s - time.perf_counter(), 0.0), _MAX_WAIT_S) * 1000)

    def _pause(self, result: FrameResult) -> str:
        """Wait for the space bar or a key that quits, and return that key."""
        self._window.show(draw_overlay(result, note="paused"))
        key = ""
        while not (self._source.stopped or self._window.closed):
            key = self._window.key(_PAUSE_POLL_MS)
            if key == " " or key in _QUIT_KEYS:
                break
            if key == "s":
                self._take_snapshot(result)
                self._window.show(draw_overlay(result, note=self._note))
        return key

    def _take_snapshot(self, result: FrameResult) -> None:
        path = save_snapshot(draw_overlay(result), self._folder)
        self.snapshots.append(path)
        self._note = f"saved {path.name}"
        self._note_until_s = time.perf_counter() + _NOTE_S
