"""Recognise the digits of every frame, with at most two inferences for each."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from edge_infer.boxes import Box, reading_order
from edge_infer.camera.newest import Frame
from edge_infer.page.page import Digit, Page, bounding_box
from edge_infer.page.reader import PageReader

# Weight of the newest interval in the exponential average of the frame interval.
_FPS_WEIGHT: Final = 0.1


@dataclass(frozen=True)
class SeenDigit:
    """A digit in a frame.

    Attributes:
        label: Name of its class, of the likeliest class if it is rejected.
        confidence: 0-1.
        box: Bounding box of its ink, in pixels of the frame.
        rejected: Whether the confidence is below the reject threshold of the model.
    """

    label: str
    confidence: float
    box: Box
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
        [_seen(digit, rejected=digit.confidence < threshold) for digit in line.digits]
        for line in page.lines
    ]
    # Confidence 0 marks a negative.
    _insert(lines, [_seen(digit, rejected=True) for digit in page.rejected if digit.confidence])
    order = reading_order([bounding_box(digit.box for digit in line) for line in lines])
    digits = (digit for index in order for digit in sorted(lines[index], key=lambda it: it.box.x))
    return tuple(digit for digit in digits if _is_whole(digit.box, page))


def _seen(digit: Digit, *, rejected: bool) -> SeenDigit:
    return SeenDigit(digit.label, digit.confidence, digit.box, rejected)


def _insert(lines: list[list[SeenDigit]], digits: Sequence[SeenDigit]) -> None:
    """Add each digit to the line of its nearest neighbour, or to a new line."""
    for digit in digits:
        neighbours = [
            (abs(other.box.x - digit.box.x), index)
            for index, line in enumerate(lines)
            for other in line
            if _are_neighbours(digit.box, other.box)
        ]
        if neighbours:
            lines[min(neighbours)[1]].append(digit)
        else:
            lines.append([digit])


def _are_neighbours(box: Box, other: Box) -> bool:
    """Return whether the boxes overlap vertically by half of the height of the lower one."""
    overlap = min(box.y + box.height, other.y + other.height) - max(box.y, other.y)
    return 2 * overlap >= min(box.height, other.height)


def _is_whole(box: Box, page: Page) -> bool:
    """Return whether a box does not touch the border of the page."""
    right, bottom = box.x + box.width, box.y + box.height
    return box.x > 0 and box.y > 0 and right < page.width and bottom < page.height
