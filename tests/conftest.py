"""Fixtures of all tests: the tiny model, pictures and frames that it can read, a display."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from shutil import which
from types import ModuleType

import cv2
import hypothesis
import numpy as np
import pytest
from infer import bad_files as bad_files_module
from infer import make_tiny_model
from numpy.typing import NDArray

from edge_synth import plain_strokes

ImageU8 = NDArray[np.uint8]
DrawDigit = Callable[..., ImageU8]
DrawFrame = Callable[..., ImageU8]
# TensorFlow prints its log from C++, so the level must be set before any test imports it.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
# A busy or an emulated machine must not fail a test.
hypothesis.settings.register_profile("patient", deadline=None)
hypothesis.settings.load_profile("patient")


@pytest.fixture(scope="session")
def tiny_model_path() -> Path:
    """The committed model file of a few kB with the full metadata."""
    return make_tiny_model.TINY_MODEL


@pytest.fixture(scope="session")
def tiny_model_script() -> ModuleType:
    """The script that makes the tiny model, as a module."""
    return make_tiny_model


@pytest.fixture(scope="session")
def bad_files() -> ModuleType:
    """The module that makes damaged and unusual picture files."""
    return bad_files_module


@pytest.fixture(scope="session")
def draw_digit() -> DrawDigit:
    """Return ``draw(label, height=96, ...)``: a uint8 (h, w) picture of one digit."""

    def draw(
        label: str | int,
        height: int = 96,
        *,
        ink: int = 20,
        ground: int = 240,
        thickness: int | None = None,
        margin: int | None = None,
        shift: tuple[int, int] = (0, 0),
    ) -> ImageU8:
        """Draw the strokes of one class.

        Args:
            label: "0" to "9", or the number.
            height: Height of the picture in pixels; the width is four fifths of it.
            ink: Grey level of the strokes.
            ground: Grey level of the paper.
            thickness: Width of the strokes in pixels; a twelfth of the height when None.
            margin: Paper around the digit in pixels; a fifth of the height when None.
            shift: Translation of the digit in pixels (x, y).
        """
        margin = height // 5 if margin is None else margin
        size, width = height - 2 * margin, height * 4 // 5
        strokes = [size * points for points in plain_strokes(int(label))]
        extent = np.concatenate(strokes)[:, 0]
        origin = np.array([(width - extent.min() - extent.max()) / 2, margin]) + shift
        picture = np.full((height, width), ground, np.uint8)
        for points in strokes:
            fixed = np.rint(16 * (origin + points)).astype(np.int32)
            width_px = thickness or max(1, height // 12)
            cv2.polylines(picture, [fixed], False, ink, width_px, cv2.LINE_8, 4)
        return picture

    return draw


@pytest.fixture(scope="session")
def draw_frame(draw_digit: DrawDigit) -> DrawFrame:
    """Return ``draw([(label, x, y), ...], height=60, ...)``: a uint8 (h, w) frame of digits."""

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
    """An encoded video of 12 frames in which 3 and 5 move to the right, 20 frames per second."""
    path = tmp_path_factory.mktemp("video") / "digits.mp4"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"mp4v"), 20.0, (320, 240))
    for step in range(12):
        frame = draw_frame([("3", 40 + 4 * step, 90), ("5", 160 + 4 * step, 90)])
        writer.write(cv2.cvtColor(frame, cv2.COLOR_GRAY2BGR))
    writer.release()
    return path


@pytest.fixture
def display() -> Iterator[str]:
    """A virtual display, such as ":3"."""
    if which("Xvfb") is None:
        pytest.skip("Xvfb is not installed: no display to open a window on")
    # Without -noreset the server restarts, and refuses clients meanwhile, when its last client
    # leaves. The child process that checks for a display is such a client.
    server = subprocess.Popen(
        ["Xvfb", "-noreset", "-displayfd", "1", "-screen", "0", "800x600x24"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        assert server.stdout is not None
        yield f":{server.stdout.readline().strip()}"
    finally:
        server.terminate()
        server.communicate(timeout=10)
