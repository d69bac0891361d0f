"""Read every digit of every frame, with two inferences a frame at most."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from edge_infer.boxes import Box, reading_order
from edge_infer.camera.newest import Frame
from edge_infer.page.page import Digit, Page, around
from edge_infer.page.reader import PageReader

# Weight of the newest interval in the smoothed frame rate.
_FPS_WEIGHT: Final = 0.1


@dataclass(frozen=True)
class SeenDigit:
    """A digit in a frame.

    Attributes:
        label: Name of its class; of a rejected one, of the likeliest.
        confidence: 0-1.
        box: Its ink, in pixels of the frame.
        rejected: Whether the answer should not be trusted: the confidence is under the
            model's reject threshold.
    """

    label: str
    confidence: float
    box: Box
    rejected: bool


@dataclass(frozen=True, eq=False)
class FrameResult:
    """What was recognised in a frame.

    Attributes:
        frame: The frame itself, unchanged.
        digits: In reading order.
        latency_ms: Finding and recognising, without reading and showing.
        fps: Frames a second up to here, smoothed; 0 for the first frame.
    """

    frame: Frame
    digits: tuple[SeenDigit, ...]
    latency_ms: float
    fps: float


def recognise_frames(reader: PageReader, source: Iterable[Frame]) -> Iterator[FrameResult]:
    """Recognise the digits in each frame of a source, one frame at a time.

    Raises:
        CameraError: The source fails; see :class:`edge_infer.camera.video.FrameSource`.
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
    """Find and recognise the digits in one upright picture, with two inferences at most.

    What is no digit is left out, and so is what touches the picture's border: its rest is
    not to be seen.

    Args:
        reader: Of pages; a frame is read as one that is not turned.
        image_bgr: uint8 (h, w, 3) BGR or (h, w) grey.

    Returns:
        The digits in reading order.

    Raises:
        ImageError: The array is not such a picture.
    """
    page = reader.read(image_bgr, rotate="0")
    threshold = reader.classifier.metadata.reject_threshold
    rows = [
        [_seen(digit, rejected=digit.confidence < threshold) for digit in line.digits]
        for line in page.lines
    ]
    # Confidence 0 says that it was taken for no digit at all.
    _put_in(rows, [_seen(digit, rejected=True) for digit in page.rejected if digit.confidence])
    order = reading_order([around(digit.box for digit in row) for row in rows])
    digits = (digit for index in order for digit in sorted(rows[index], key=lambda it: it.box.x))
    return tuple(digit for digit in digits if _is_whole(digit.box, page))


def _seen(digit: Digit, *, rejected: bool) -> SeenDigit:
    return SeenDigit(digit.label, digit.confidence, digit.box, rejected)


def _put_in(rows: list[list[SeenDigit]], digits: Sequence[SeenDigit]) -> None:
    """Put each digit into the row of the nearest one that it stands beside, or a new row."""
    for digit in digits:
        beside = [
            (abs(other.box.x - digit.box.x), index)
            for index, row in enumerate(rows)
            for other in row
            if _stand_beside(digit.box, other.box)
        ]
        if beside:
            rows[min(beside)[1]].append(digit)
        else:
            rows.append([digit])


def _stand_beside(box: Box, other: Box) -> bool:
    """Say whether half of the lower box's height is level with the other."""
    overlap = min(box.y + box.height, other.y + other.height) - max(box.y, other.y)
    return 2 * overlap >= min(box.height, other.height)


def _is_whole(box: Box, page: Page) -> bool:
    """Say whether a box is clear of the page's border."""
    right, bottom = box.x + box.width, box.y + box.height
    return box.x > 0 and box.y > 0 and right < page.width and bottom < page.height
