from __future__ import annotations

from pathlib import Path

import pytest

from edge_infer.camera import cameras
from edge_infer.camera.cameras import FoundCamera, list_cameras


def _node(root: Path, number: int, name: str, index: int) -> None:
    (root / "dev").mkdir(exist_ok=True)
    (root / "dev" / f"video{number}").touch()
    folder = root / "sys" / f"video{number}"
    folder.mkdir(parents=True)
    (folder / "name").write_text(f"{name}\n")
    (folder / "index").write_text(f"{index}\n")


def test_list_cameras_reads_the_kernels_list(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _node(tmp_path, 10, "Desk", 0)
    _node(tmp_path, 0, "Front", 0)
    _node(tmp_path, 1, "Front", 1)  # the metadata of the one before
    monkeypatch.setattr(cameras, "_SYSFS", tmp_path / "sys")
    monkeypatch.setattr(cameras, "_DEVICES", tmp_path / "dev")
    monkeypatch.setattr("sys.platform", "linux")
    assert list_cameras() == (FoundCamera(0, "Front"), FoundCamera(10, "Desk"))
    assert str(list_cameras()[1]) == "10 (Desk)"


def test_list_cameras_without_the_kernels_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "video2").touch()
    (tmp_path / "videodisk").touch()
    monkeypatch.setattr(cameras, "_SYSFS", tmp_path / "nowhere")
    monkeypatch.setattr(cameras, "_DEVICES", tmp_path)
    monkeypatch.setattr("sys.platform", "linux")
    assert list_cameras() == (FoundCamera(2, ""),)
    assert str(list_cameras()[0]) == "2"


def test_list_cameras_probes_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    released: list[int] = []

    class Capture:
        def __init__(self, index: int) -> None:
            self.index = index

        def isOpened(self) -> bool:  # noqa: N802 - OpenCV's name
            return self.index == 1

        def release(self) -> None:
            released.append(self.index)

    monkeypatch.setattr("sys.platform", "darwin")
    monkeypatch.setattr("cv2.VideoCapture", Capture)
    assert list_cameras() == (FoundCamera(1, ""),)
    assert released == list(range(cameras.PROBED_INDICES))
