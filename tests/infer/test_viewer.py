from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from edge_infer.camera import Frame, FrameResult
from edge_infer.camera.viewer import Viewer


class FakeWindow:
    """Remembers what it is shown; its keys are written down beforehand."""

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


class FakeSource:
    def __init__(self, *, live: bool) -> None:
        self.live = live
        self.stopped = False


def result_at(time_s: float) -> FrameResult:
    return FrameResult(Frame(np.full((48, 64, 3), 200, np.uint8), 0, time_s), (), 1.0, 0.0)


def viewer_of(window: FakeWindow, folder: Path, *, live: bool = True) -> tuple[Viewer, FakeSource]:
    source: Any = FakeSource(live=live)
    fake: Any = window
    return Viewer(fake, source, folder), source


@pytest.mark.parametrize(
    ("key", "goes_on"), [("", True), ("x", True), ("q", False), ("\x1b", False)]
)
def test_viewer_quits_by_key(key: str, *, goes_on: bool, tmp_path: Path) -> None:
    viewer, _ = viewer_of(FakeWindow(key), tmp_path)
    assert viewer.show(result_at(0.0)) is goes_on


def test_viewer_ends_when_the_window_is_closed(tmp_path: Path) -> None:
    viewer, _ = viewer_of(FakeWindow("X"), tmp_path)
    assert not viewer.show(result_at(0.0))


def test_viewer_saves_snapshots_and_says_so(tmp_path: Path) -> None:
    window = FakeWindow("s", "")
    viewer, _ = viewer_of(window, tmp_path)
    assert viewer.show(result_at(0.0))
    assert viewer.snapshots == list(tmp_path.iterdir())
    viewer.show(result_at(0.1))
    assert not np.array_equal(window.shown[0], window.shown[1])


def test_viewer_pauses_until_the_space_bar(tmp_path: Path) -> None:
    window = FakeWindow(" ", "", "x", "s", "", " ")
    viewer, _ = viewer_of(window, tmp_path)
    assert viewer.show(result_at(0.0))
    assert window.keys == []
    assert len(viewer.snapshots) == 1


@pytest.mark.parametrize("keys", [(" ", "q"), (" ", "X")])
def test_viewer_quits_from_a_pause(keys: tuple[str, ...], tmp_path: Path) -> None:
    viewer, _ = viewer_of(FakeWindow(*keys), tmp_path)
    assert not viewer.show(result_at(0.0))


def test_viewer_leaves_a_pause_when_the_source_is_stopped(tmp_path: Path) -> None:
    viewer, source = viewer_of(FakeWindow(" "), tmp_path)
    source.stopped = True
    viewer.show(result_at(0.0))


def test_viewer_plays_a_file_as_fast_as_it_was_filmed(tmp_path: Path) -> None:
    window = FakeWindow()
    viewer, _ = viewer_of(window, tmp_path, live=False)
    for time_s in (5.0, 5.2, 60.0):
        viewer.show(result_at(time_s))
    first, second, long_gap = window.waits_ms
    assert first == 0
    assert 100 <= second <= 200
    assert long_gap == 1000


def test_viewer_does_not_wait_for_a_camera(tmp_path: Path) -> None:
    window = FakeWindow()
    viewer, _ = viewer_of(window, tmp_path)
    viewer.show(result_at(0.0))
    viewer.show(result_at(0.5))
    assert window.waits_ms == [1, 1]
