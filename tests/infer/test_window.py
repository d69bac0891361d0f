from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import cv2
import pytest

from edge_infer.camera.window import ESCAPE, LEFT, RIGHT, FrameWindow, ensure_display
from edge_infer.errors import CameraError

ON_LINUX = sys.platform.startswith("linux")
BUILT_WITH_WINDOWS = "GUI:                           NONE" not in cv2.getBuildInformation()
# What a person's program does: look for a display, show, wait, close.
SHOW_ONE_FRAME = """
import numpy as np
from edge_infer.camera.window import FrameWindow, ensure_display
ensure_display()
with FrameWindow("edge-mnist") as window:
    assert not window.closed
    window.show(np.full((48, 64, 3), 128, np.uint8))
    window.key(100)
    assert not window.closed
    import cv2
    cv2.destroyAllWindows()
    assert window.closed
    window.show(np.zeros((48, 64, 3), np.uint8))
    assert window.closed
print("shown")
"""


@pytest.fixture
def linux_without_display(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    if not ON_LINUX or not BUILT_WITH_WINDOWS:
        pytest.skip("this is about OpenCV with windows on Linux")
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    return monkeypatch


def test_ensure_display_refuses_a_build_without_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    information = "  GUI:                           NONE\n\n  Media I/O:"
    monkeypatch.setattr("cv2.getBuildInformation", lambda: information)
    with pytest.raises(CameraError, match=r"opencv-python-headless.*use --headless") as refused:
        ensure_display()
    assert refused.value.code == "no_display"


@pytest.mark.usefixtures("linux_without_display")
def test_ensure_display_refuses_without_a_display() -> None:
    with pytest.raises(CameraError, match=r"DISPLAY is not set.*use --headless"):
        ensure_display()


@pytest.mark.parametrize("variable", ["DISPLAY", "WAYLAND_DISPLAY"])
def test_ensure_display_survives_a_display_that_is_not_there(
    variable: str, linux_without_display: pytest.MonkeyPatch
) -> None:
    # Qt aborts here; it must be the child that dies.
    linux_without_display.setenv(variable, ":65000" if variable == "DISPLAY" else "wayland-none")
    with pytest.raises(CameraError, match=r"no window can be opened.*use --headless"):
        ensure_display()


@pytest.mark.skipif(not BUILT_WITH_WINDOWS, reason="this OpenCV is built without windows")
def test_window_shows_and_closes_on_a_real_display(display: str, tmp_path: Path) -> None:
    shown = subprocess.run(
        [sys.executable, "-c", SHOW_ONE_FRAME],
        env={"DISPLAY": display, "PATH": "/usr/bin:/bin", "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert shown.stdout == "shown\n", shown.stderr
    assert shown.returncode == 0


@pytest.mark.parametrize(
    ("code", "key"),
    [
        (-1, ""),
        (ord("q"), "q"),
        # Qt's code of an umlaut.
        (-60, ""),
        # Under X11, of GTK and Qt; the bits above are Shift and the number lock.
        (0xFF51, LEFT),
        (0xFF53, RIGHT),
        (0x11FF51, LEFT),
        (0x100000 + ord("q"), "q"),
        (0xFF1B, ESCAPE),
        (0x1B, ESCAPE),
        # Up, Shift alone, a function key.
        (0xFF52, ""),
        (0xFFE1, ""),
        (0xFFBE, ""),
        # Windows.
        (0x250000, LEFT),
        (0x270000, RIGHT),
        (0x260000, ""),
        # macOS.
        (0xF702, LEFT),
        (0xF703, RIGHT),
        (0xF700, ""),
    ],
)
def test_keys_are_told_apart_on_every_system(
    code: int, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # OpenCV's other function gives the low byte alone, in which left is Q.
    monkeypatch.setattr("cv2.waitKey", lambda _: code if code < 0 else code & 0xFF)
    monkeypatch.setattr("cv2.waitKeyEx", lambda _: code)
    assert FrameWindow("edge-mnist").key(1) == key
