"""Cameras, video files and streams."""

from __future__ import annotations

import socket
import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from mjpeg import FakeCapture, mjpeg_stream
from numpy.typing import NDArray

from edge_infer.camera import FoundCamera, FrameSource, list_cameras
from edge_infer.errors import CameraError, UsageError

ImageU8 = NDArray[np.uint8]


def test_file_yields_every_frame_in_order(digit_video: Path) -> None:
    with FrameSource.open(digit_video) as source:
        frames = list(source)
        assert not source.live
        assert source.fps == pytest.approx(20)
    assert [frame.index for frame in frames] == list(range(12))
    times_s = [frame.time_s for frame in frames]
    assert times_s == pytest.approx([i / 20 for i in range(12)], abs=0.01)
    assert frames[0].image_bgr.shape == (240, 320, 3)
    assert frames[0].image_bgr.dtype == np.uint8


def test_source_stops_on_request(digit_video: Path) -> None:
    with FrameSource.open(str(digit_video)) as source:
        frames = iter(source)
        next(frames)
        source.stop()
        assert list(frames) == []
        assert source.stopped


@pytest.mark.parametrize("content", [b"", b"no video at all\n" * 50, None])
def test_file_that_is_no_video_is_refused(
    tmp_path: Path, digit_video: Path, content: bytes | None
) -> None:
    path = tmp_path / "notes.mp4"
    path.write_bytes(digit_video.read_bytes()[:2000] if content is None else content)
    with (
        pytest.raises(CameraError, match=r"notes\.mp4 is not a video"),
        FrameSource.open(path) as source,
    ):
        list(source)


def test_missing_file_folder_and_foreign_address_are_refused(tmp_path: Path) -> None:
    with pytest.raises(CameraError, match="no video file") as missing:
        FrameSource.open(tmp_path / "gone.mp4")
    assert missing.value.code == "not_found"
    with pytest.raises(CameraError, match="is a folder"):
        FrameSource.open(tmp_path)
    with pytest.raises(UsageError, match=r"cannot read ftp:// addresses, expected .*rtsp://"):
        FrameSource.open("ftp://example.org/x.mp4")
    with pytest.raises(CameraError, match=r"no camera 63; cameras found: .*--source"):
        FrameSource.camera(63)


def test_mjpeg_stream_is_live() -> None:
    images = [np.full((120, 160, 3), level, np.uint8) for level in range(200)]
    with (
        mjpeg_stream(lambda: images, interval_s=0.01) as address,
        FrameSource.open(address, open_timeout_s=5) as source,
    ):
        assert source.live
        frames = [frame for frame, _ in zip(source, range(5), strict=False)]
    assert frames[0].image_bgr.shape == (120, 160, 3)
    indices = [frame.index for frame in frames]
    assert indices == sorted(set(indices))
    times_s = [frame.time_s for frame in frames]
    assert times_s == sorted(times_s)


def test_live_source_skips_to_the_newest_frame() -> None:
    capture = FakeCapture(frames=400, interval_s=0.002)
    with FrameSource(capture, "camera 0", live=True) as source:
        seen: list[int] = []
        for frame in source:
            assert frame.image_bgr[0, 0, 0] == (frame.index + 1) % 256
            seen.append(frame.index)
            time.sleep(0.03)
            if len(seen) == 4:
                break
    assert seen == sorted(set(seen))
    assert seen[-1] > 10
    assert capture.released


def test_error_while_frames_are_used_releases_the_device() -> None:
    capture = FakeCapture(frames=5)
    with (
        pytest.raises(ZeroDivisionError),
        FrameSource(capture, "camera 0", live=True) as source,
    ):
        for _ in source:
            raise ZeroDivisionError
    assert capture.released


def test_unplugged_camera_is_reported_after_its_last_frame() -> None:
    capture = FakeCapture(frames=1)
    seen: list[int] = []
    with (
        pytest.raises(CameraError, match="camera 0") as ended,
        FrameSource(capture, "camera 0", live=True) as source,
    ):
        seen.extend(frame.index for frame in source)
    assert seen == [0]
    assert ended.value.code == "ended"
    assert capture.released


@pytest.mark.parametrize(("stated", "used"), [(0.0, 25.0), (30.0, 30.0), (90_000.0, 25.0)])
def test_impossible_frame_rates_are_replaced(stated: float, used: float) -> None:
    with FrameSource(FakeCapture(frames=1, fps=stated), "x", live=False) as source:
        assert source.fps == used


def test_cameras_of_linux_are_listed_by_index(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def add_node(number: int, name: str, index: int) -> None:
        (tmp_path / "dev").mkdir(exist_ok=True)
        (tmp_path / "dev" / f"video{number}").touch()
        folder = tmp_path / "sys/class/video4linux" / f"video{number}"
        folder.mkdir(parents=True)
        (folder / "name").write_text(f"{name}\n")
        (folder / "index").write_text(f"{index}\n")

    monkeypatch.setattr("sys.platform", "linux")
    add_node(10, "Desk", 0)
    add_node(0, "Front", 0)
    add_node(1, "Front", 1)  # The metadata of the previous one.
    # Without an entry in /sys, and no camera at all.
    (tmp_path / "dev/video2").touch()
    (tmp_path / "dev/videodisk").touch()
    found = list_cameras(tmp_path)
    assert found == (FoundCamera(0, "Front"), FoundCamera(2, ""), FoundCamera(10, "Desk"))
    assert [str(camera) for camera in found] == ["0 (Front)", "2", "10 (Desk)"]


def test_cameras_of_other_systems_are_found_by_opening(monkeypatch: pytest.MonkeyPatch) -> None:
    released: list[int] = []

    def open_capture(index: int) -> SimpleNamespace:
        return SimpleNamespace(isOpened=lambda: index == 1, release=lambda: released.append(index))

    monkeypatch.setattr("sys.platform", "darwin")
    monkeypatch.setattr("cv2.VideoCapture", open_capture)
    assert list_cameras() == (FoundCamera(1, ""),)
    assert 1 in released


@pytest.mark.parametrize("is_silent", [False, True])
def test_unreachable_address_is_refused_in_time_without_its_password(*, is_silent: bool) -> None:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        if is_silent:
            server.listen()
        address = f"http://user:secret@127.0.0.1:{server.getsockname()[1]}/x"
        began_s = time.monotonic()
        with pytest.raises(CameraError, match=r"within 0.5 s") as refused:
            FrameSource.open(address, open_timeout_s=0.5)
    assert time.monotonic() - began_s < 5
    assert refused.value.code == "unreachable"
    assert "secret" not in refused.value.message
