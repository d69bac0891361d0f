"""Recognise the digits of every frame, with at most two inferences for each."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from edge_infer.boxes import Box, bounding_box, reading_order
from edge_infer.camera.sources import Frame
from edge_infer.page.page import Digit, Page
from edge_infer.page.reader import PageReader

# Weight of the newest interval in the exponential average of the frame interval.
_FPS_WEIGHT: Final = 0.1


@dataclass(frozen=True)
class SeenDigit(Digit):
    """A digit in a frame, rejected if its confidence is below the model's reject threshold."""

    rejected: bool


@dataclass(frozen=True, eq=False)
class FrameResult:
    """The digits of a frame.

    Attributes:
        frame: The frame, unchanged.
        digits: In reading order.
        latency_ms: Time to find and recognise them, without reading and showing the frame.
        fps: Smoothed frames per second up to this frame; 0 for the first.
    """

    frame: Frame
    digits: tuple[SeenDigit, ...]
    latency_ms: float
    fps: float


def recognise_frames(reader: PageReader, source: Iterable[Frame]) -> Iterator[FrameResult]:
    """Recognise the digits in each frame of a source, one frame at a time.

    Raises:
        CameraError: The source fails, see :class:`edge_infer.camera.sources.FrameSource`.
    """
    interval_s = 0.0
    finished_s: float | None = None
    for frame in source:
        started_s = time.perf_counter()
        digits = recognise_image(reader, frame.image_bgr)
        now_s = time.perf_counter()
        if finished_s is not None:
            newest_s = now_s - finished_s
            interval_s += _FPS_WEIGHT * (newest_s - interval_s) if interval_s else newest_s
        finished_s = now_s
        fps = 1 / interval_s if interval_s else 0.0
        yield FrameResult(frame, digits, (now_s - started_s) * 1000, fps)


def recognise_image(reader: PageReader, image_bgr: NDArray[np.uint8]) -> tuple[SeenDigit, ...]:
    """Recognise the digits in one upright picture, with at most two inferences.

    Negatives are left out, and so are digits that touch the border of the picture, since they
    may be incomplete.

    Args:
        reader: The page reader; it does not look for rotations.
        image_bgr: uint8 (h, w, 3) BGR or (h, w) grey.

    Returns:
        The digits in reading order.

    Raises:
        ImageError: The array is no such picture.
    """
    page = reader.read(image_bgr, rotate="0")
    threshold = reader.classifier.metadata.reject_threshold
    lines = [
        [_seen(digit, digit.confidence < threshold) for digit in it.digits] for it in page.lines
    ]
    for digit in page.rejected:
        if digit.confidence:  # Confidence 0 marks a negative.
            _insert(lines, _seen(digit, rejected=True))
    order = reading_order([bounding_box(digit.box for digit in line) for line in lines])
    digits = (digit for index in order for digit in sorted(lines[index], key=lambda it: it.box.x))
    return tuple(digit for digit in digits if _is_whole(digit.box, page))


def _seen(digit: Digit, rejected: bool) -> SeenDigit:
    return SeenDigit(digit.label, digit.confidence, digit.box, rejected)


def _insert(lines: list[list[SeenDigit]], digit: SeenDigit) -> None:
    """Add a digit to the line of its nearest neighbour, or to a new line."""
    neighbours = [
        (abs(other.box.x - digit.box.x), index)
        for index, line in enumerate(lines)
        for other in line
        if 2 * digit.box.shared_rows(other.box) >= min(digit.box.height, other.box.height)
    ]
    if neighbours:
        lines[min(neighbours)[1]].append(digit)
    else:
        lines.append([digit])


def _is_whole(box: Box, page: Page) -> bool:
    return min(box.x, box.y) > 0 and box.right < page.width and box.bottom < page.height
