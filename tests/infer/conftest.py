"""Fixtures of the runtime's tests: frames and videos with digits in them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

ImageU8 = NDArray[np.uint8]
DrawFrame = Callable[..., ImageU8]
VIDEO_FPS = 20.0


@pytest.fixture(scope="session")
def draw_frame(draw_digit: Callable[..., ImageU8]) -> DrawFrame:
    """Return ``draw([(label, x, y), ...], height=60, ...)``: a grey frame of digits on paper."""

    def draw(
        digits: list[tuple[str, int, int]],
        *,
        height: int = 60,
        size: tuple[int, int] = (320, 240),
        ink: int = 30,
        ground: int = 220,
    ) -> ImageU8:
        frame = np.full((size[1], size[0]), ground, np.uint8)
        for label, x, y in digits:
            picture = draw_digit(label, height, ink=ink, ground=ground, margin=4)
            frame[y : y + picture.shape[0], x : x + picture.shape[1]] = picture
        return frame

    return draw


@pytest.fixture(scope="session")
def digit_video(draw_frame: DrawFrame, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A real encoded video of 12 frames in which 3 and 5 move to the right."""
    path = tmp_path_factory.mktemp("video") / "digits.mp4"
    writer = cv2.VideoWriter(
        str(path), cv2.VideoWriter.fourcc(*"mp4v"), VIDEO_FPS, (320, 240), isColor=True
    )
    for step in range(12):
        frame = draw_frame([("3", 40 + 4 * step, 90), ("5", 160 + 4 * step, 90)])
        writer.write(cv2.cvtColor(frame, cv2.COLOR_GRAY2BGR))
    writer.release()
    return path
