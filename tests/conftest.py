"""Fixtures of all rooms: the tiny model, and pictures of digits that it can read."""

from __future__ import annotations

import importlib.util
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from shutil import which
from types import ModuleType

import cv2
import hypothesis
import numpy as np
import pytest
from numpy.typing import NDArray

ImageU8 = NDArray[np.uint8]
DrawDigit = Callable[..., ImageU8]
# A busy or an emulated machine is no failure.
hypothesis.settings.register_profile("patient", deadline=None)
hypothesis.settings.load_profile("patient")

_INFER_TESTS = Path(__file__).parent / "infer"


@pytest.fixture(scope="session")
def tiny_model_path() -> Path:
    """The committed model of a few kB that keeps the whole contract."""
    return _INFER_TESTS / "tiny.onnx"


@pytest.fixture(scope="session")
def tiny_model_script() -> ModuleType:
    """The script that made the tiny model, as a module."""
    return _load("make_tiny_model")


@pytest.fixture(scope="session")
def bad_files() -> ModuleType:
    """The module that makes picture files of every unfortunate kind."""
    return _load("bad_files")


@pytest.fixture(scope="session")
def draw_digit(tiny_model_script: ModuleType) -> DrawDigit:
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
            height: Of the picture in pixels; its width is four fifths of that.
            ink: Grey level of the strokes.
            ground: Grey level of the paper.
            thickness: Of the strokes in pixels; a twelfth of the height when None.
            margin: Paper around the digit in pixels; a fifth of the height when None.
            shift: Pixels by which the digit is moved (x, y).
        """
        margin = height // 5 if margin is None else margin
        unit = (height - 2 * margin) / 6
        origin = np.array([(height * 4 // 5 - 4 * unit) / 2, margin]) + shift
        picture = np.full((height, height * 4 // 5), ground, np.uint8)
        for line in tiny_model_script.STROKES[str(label)]:
            points = np.rint(origin + unit * np.array(line)).astype(np.int32)
            cv2.polylines(picture, [points[:, None]], False, ink, thickness or max(1, height // 12))
        return picture

    return draw


def _load(name: str) -> ModuleType:
    """Import a module beside the runtime's tests, which are no package."""
    spec = importlib.util.spec_from_file_location(name, _INFER_TESTS / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def display() -> Iterator[str]:
    """A virtual display, such as ":3"."""
    if which("Xvfb") is None:
        pytest.skip("Xvfb is not installed: no display to open a window on")
    # Without -noreset the server starts anew, and refuses callers meanwhile, each time that
    # its last client leaves: the child that tries for a display is one.
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
