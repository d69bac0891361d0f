"""The window, its keys, and the viewer that shows results in it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from edge_infer.camera import Frame, FrameResult
from edge_infer.camera.overlay import Viewer
from edge_infer.camera.window import ESCAPE, LEFT, RIGHT, FrameWindow, ensure_display
from edge_infer.errors import CameraError

ON_LINUX = sys.platform.startswith("linux")
BUILT_WITH_WINDOWS = "GUI:                           NONE" not in cv2.getBuildInformation()
# Check the display, show a picture, wait, close.
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
    with pytest.raises(CameraError, match="DISPLAY") as refused:
        ensure_display()
    assert refused.value.code == "no_display"


@pytest.mark.parametrize("variable", ["DISPLAY", "WAYLAND_DISPLAY"])
def test_ensure_display_survives_a_display_that_is_not_there(
    variable: str, linux_without_display: pytest.MonkeyPatch
) -> None:
    # Qt aborts the process here, which must be the child process.
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
        (-60, ""),  # Qt's code of an umlaut.
        # Under X11, of GTK and Qt; the bits above are Shift and the number lock.
        (0xFF51, LEFT),
        (0xFF53, RIGHT),
        (0x11FF51, LEFT),
        (0x100000 + ord("q"), "q"),
        (0xFF1B, ESCAPE),
        (0x1B, ESCAPE),
        (0xFFE1, ""),  # Shift alone.
        # Windows.
        (0x250000, LEFT),
        (0x270000, RIGHT),
        # macOS.
        (0xF702, LEFT),
        (0xF703, RIGHT),
    ],
)
def test_keys_are_told_apart_on_every_system(
    code: int, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # waitKey returns only the low byte, in which the left arrow is Q.
    monkeypatch.setattr("cv2.waitKey", lambda _: code if code < 0 else code & 0xFF)
    monkeypatch.setattr("cv2.waitKeyEx", lambda _: code)
    assert FrameWindow("edge-mnist").key(1) == key


class FakeWindow:
    """Records the pictures shown and returns given keys; "X" closes it."""

    def __init__(self, *keys: str) -> None:
        self.keys = list(keys)
        self.waits_ms: list[int] = []
        self.shown: list[NDArray[np.uint8]] = []
        self.closed = False

    def show(self, picture: NDArray[np.uint8]) -> None:
        self.shown.append(picture)

    def key(self, wait_ms: int) -> str:
        self.waits_ms.append(wait_ms)
        key = self.keys.pop(0) if self.keys else ""
        if key == "X":
            self.closed = True
            return ""
        return key


def result_at(time_s: float) -> FrameResult:
    return FrameResult(Frame(np.full((48, 64, 3), 200, np.uint8), 0, time_s), (), 1.0, 0.0)


def viewer_of(window: Any, folder: Path, *, live: bool = True, stopped: bool = False) -> Viewer:
    source: Any = SimpleNamespace(live=live, stopped=stopped)
    return Viewer(window, source, folder)


@pytest.mark.parametrize(
    ("keys", "goes_on"),
    [
        ([""], True),
        (["x"], True),
        (["q"], False),
        (["\x1b"], False),
        (["X"], False),
        ([" ", "", "x", " "], True),
        ([" ", "q"], False),
        ([" ", "X"], False),
    ],
)
def test_viewer_handles_its_keys(keys: list[str], *, goes_on: bool, tmp_path: Path) -> None:
    window = FakeWindow(*keys)
    viewer = viewer_of(window, tmp_path)
    assert viewer.show(result_at(0.0)) is goes_on
    assert window.keys == []


def test_viewer_saves_snapshots_and_shows_a_note(tmp_path: Path) -> None:
    window = FakeWindow("s", "", " ", "s", " ")
    viewer = viewer_of(window, tmp_path)
    for time_s in (0.0, 0.1, 0.2):
        assert viewer.show(result_at(time_s))
    assert len(viewer.snapshots) == 2
    assert sorted(viewer.snapshots) == sorted(tmp_path.iterdir())
    assert not np.array_equal(window.shown[0], window.shown[1])


def test_viewer_leaves_a_pause_when_the_source_is_stopped(tmp_path: Path) -> None:
    viewer_of(FakeWindow(" "), tmp_path, stopped=True).show(result_at(0.0))


def test_viewer_waits_for_the_frames_of_a_file_and_not_of_a_camera(tmp_path: Path) -> None:
    window = FakeWindow()
    viewer = viewer_of(window, tmp_path, live=False)
    for time_s in (5.0, 5.2, 60.0):
        viewer.show(result_at(time_s))
    first, second, long_gap = window.waits_ms
    assert (first, long_gap) == (0, 1000)
    assert 100 <= second <= 200
    live_window = FakeWindow()
    viewer = viewer_of(live_window, tmp_path)
    viewer.show(result_at(0.0))
    viewer.show(result_at(0.5))
    assert live_window.waits_ms == [1, 1]
