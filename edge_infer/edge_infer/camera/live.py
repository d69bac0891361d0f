"""Recognise every digit of every frame, with one inference a frame."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from edge_infer.camera.newest import Frame
from edge_infer.classifier import Prediction
from edge_infer.find import find_digits
from edge_infer.pieces import Box

# Weight of the newest interval in the smoothed frame rate.
_FPS_WEIGHT: Final = 0.1


class Recogniser(Protocol):
    """What is used of :class:`edge_infer.Classifier`."""

    def predictions(self, tensors: list[NDArray[np.uint8] | None]) -> list[Prediction]:
        """Recognise ready tensors in one inference."""
        ...


@dataclass(frozen=True, eq=False)
class SeenDigit:
    """A digit in a frame: where it stands and what it is taken for."""

    box: Box
    prediction: Prediction


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


def recognise_frames(classifier: Recogniser, source: Iterable[Frame]) -> Iterator[FrameResult]:
    """Recognise the digits in each frame of a source, one frame at a time.

    Raises:
        CameraError: The source fails; see :class:`edge_infer.camera.video.FrameSource`.
    """
    interval_s = 0.0
    finished_s: float | None = None
    for frame in source:
        started_s = time.perf_counter()
        digits = recognise_image(classifier, frame.image_bgr)
        now_s = time.perf_counter()
        if finished_s is not None:
            newest_s = now_s - finished_s
            interval_s += _FPS_WEIGHT * (newest_s - interval_s) if interval_s else newest_s
        finished_s = now_s
        fps = 1 / interval_s if interval_s else 0.0
        yield FrameResult(frame, digits, (now_s - started_s) * 1000, fps)


def recognise_image(classifier: Recogniser, image_bgr: NDArray[np.uint8]) -> tuple[SeenDigit, ...]:
    """Find and recognise the digits in one picture, with one inference or, without any, none.

    Args:
        classifier: For instance a :class:`edge_infer.Classifier`.
        image_bgr: uint8 (h, w, 3) BGR or (h, w) grey.

    Returns:
        The digits in reading order.
    """
    found = find_digits(image_bgr)
    predictions = classifier.predictions([digit.tensor for digit in found]) if found else []
    return tuple(
        SeenDigit(digit.box, prediction)
        for digit, prediction in zip(found, predictions, strict=True)
    )
