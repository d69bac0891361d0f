from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from edge_infer.camera.live import recognise_frames, recognise_image
from edge_infer.camera.newest import Frame
from edge_infer.camera.video import FrameSource
from edge_infer.classifier import Classifier, Prediction

ImageU8 = NDArray[np.uint8]


class Counting:
    """Says "1" to everything and counts its inferences."""

    def __init__(self) -> None:
        self.batch_sizes: list[int] = []

    def predictions(self, tensors: list[ImageU8 | None]) -> list[Prediction]:
        self.batch_sizes.append(len(tensors))
        return [Prediction("1", 1, 1.0, np.eye(10, dtype=np.float32)[1], rejected=False)] * len(
            tensors
        )


def test_recognise_frames_reads_a_real_video(digit_video: Path, tiny_model_path: Path) -> None:
    with FrameSource.open(digit_video) as source:
        results = list(recognise_frames(Classifier.load(tiny_model_path), source))
    assert [result.frame.index for result in results] == list(range(12))
    for step, result in enumerate(results):
        assert [digit.prediction.label for digit in result.digits] == ["3", "5"]
        assert result.digits[0].box.x == pytest.approx(44 + 4 * step, abs=3)
        assert result.latency_ms > 0
    assert results[0].fps == 0
    assert results[-1].fps > 1


def test_recognise_frames_makes_one_inference_a_frame(
    draw_frame: Callable[..., ImageU8],
) -> None:
    page = draw_frame([("3", 40, 90), ("5", 160, 90), ("8", 100, 10)])
    counting = Counting()
    frames = [Frame(page, 0, 0.0), Frame(np.full_like(page, 220), 1, 0.1), Frame(page, 2, 0.2)]
    results = list(recognise_frames(counting, frames))
    assert counting.batch_sizes == [3, 3]
    assert [len(result.digits) for result in results] == [3, 0, 3]


def test_recognise_frames_smooths_the_rate(monkeypatch: pytest.MonkeyPatch) -> None:
    # Two readings of the clock a frame: a second apart, then half a second.
    times = iter([0.0, 0.5, 1.0, 1.5, 1.6, 2.0])
    monkeypatch.setattr("time.perf_counter", lambda: next(times))
    blank = np.full((20, 20, 3), 200, np.uint8)
    results = list(recognise_frames(Counting(), [Frame(blank, index, 0.0) for index in range(3)]))
    assert [result.fps for result in results] == pytest.approx([0.0, 1.0, 1 / 0.95])
    assert results[0].latency_ms == pytest.approx(500)


def test_recognise_image_takes_grey_and_colour(draw_frame: Callable[..., ImageU8]) -> None:
    page = draw_frame([("3", 40, 90)])
    colour = np.asarray(cv2.cvtColor(page, cv2.COLOR_GRAY2BGR), np.uint8)
    grey, bgr = (recognise_image(Counting(), image) for image in (page, colour))
    assert grey[0].box == bgr[0].box
