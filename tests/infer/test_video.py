from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from edge_infer.camera.video import FrameSource
from edge_infer.errors import CameraError, UsageError

ImageU8 = NDArray[np.uint8]


class FakeCapture:
    """Gives numbered pictures at a pace, like a camera, until it is unplugged."""

    def __init__(self, frames: int, interval_s: float = 0.0, *, fps: float = 0.0) -> None:
        self.released = threading.Event()
        self.given = 0
        self._frames = frames
        self._interval_s = interval_s
        self._fps = fps

    def get(self, prop: int) -> float:
        return self._fps if prop == cv2.CAP_PROP_FPS else 0.0

    def read(self) -> tuple[bool, Any]:
        time.sleep(self._interval_s)
        if self.given == self._frames:
            return False, None
        self.given += 1
        return True, np.full((4, 6, 3), self.given, np.uint8)

    def release(self) -> None:
        self.released.set()


class _MjpegHandler(BaseHTTPRequestHandler):
    """Serves 200 pictures, 100 a second at most; their grey level grows."""

    def do_GET(self) -> None:
        if self.path != "/stream":
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=frame")
        self.end_headers()
        for number in range(200):
            jpeg = cv2.imencode(".jpg", np.full((120, 160, 3), number, np.uint8))[1].tobytes()
            head = f"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: {len(jpeg)}\r\n\r\n"
            try:
                self.wfile.write(head.encode() + jpeg + b"\r\n")
            except OSError:
                return
            time.sleep(0.01)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - inherited
        del format, args


@pytest.fixture
def mjpeg_address() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _MjpegHandler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}/stream"
    server.shutdown()
    server.server_close()
    thread.join(5)


def test_source_gives_every_frame_of_a_file_in_order(digit_video: Path) -> None:
    with FrameSource.open(digit_video) as source:
        frames = list(source)
        assert not source.live
        assert source.fps == pytest.approx(20)
    assert [frame.index for frame in frames] == list(range(12))
    assert [frame.time_s for frame in frames] == pytest.approx(
        [i / 20 for i in range(12)], abs=0.01
    )
    assert frames[0].image_bgr.shape == (240, 320, 3)
    assert frames[0].image_bgr.dtype == np.uint8


def test_source_stops_when_asked(digit_video: Path) -> None:
    with FrameSource.open(str(digit_video)) as source:
        frames = iter(source)
        next(frames)
        source.stop()
        assert list(frames) == []
        assert source.stopped


@pytest.mark.parametrize("content", [b"", b"no video at all\n" * 50])
def test_source_refuses_a_file_that_is_no_video(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "notes.mp4"
    path.write_bytes(content)
    with (
        pytest.raises(CameraError, match=r"notes\.mp4 is not a video"),
        FrameSource.open(path) as it,
    ):
        list(it)


def test_source_refuses_a_cut_off_video(tmp_path: Path, digit_video: Path) -> None:
    path = tmp_path / "half.mp4"
    path.write_bytes(digit_video.read_bytes()[:2000])
    with pytest.raises(CameraError, match="not a video"), FrameSource.open(path) as source:
        list(source)


def test_source_says_what_is_missing(tmp_path: Path) -> None:
    with pytest.raises(CameraError, match="no video file") as missing:
        FrameSource.open(tmp_path / "gone.mp4")
    assert missing.value.code == "not_found"
    with pytest.raises(CameraError, match="is a folder"):
        FrameSource.open(tmp_path)


def test_source_refuses_other_kinds_of_address() -> None:
    with pytest.raises(UsageError, match=r"cannot read ftp:// addresses, expected .*rtsp://"):
        FrameSource.open("ftp://example.org/x.mp4")


def test_source_without_that_camera_lists_those_found() -> None:
    with pytest.raises(CameraError, match=r"no camera 63; cameras found: .*--source"):
        FrameSource.camera(63)


def test_source_reads_an_mjpeg_stream(mjpeg_address: str) -> None:
    with FrameSource.open(mjpeg_address, open_timeout_s=5, read_timeout_s=5) as source:
        assert source.live
        frames = [frame for frame, _ in zip(source, range(5), strict=False)]
    assert frames[0].image_bgr.shape == (120, 160, 3)
    indices = [frame.index for frame in frames]
    assert indices == sorted(set(indices))
    times = [frame.time_s for frame in frames]
    assert times == sorted(times)


def test_source_reports_an_address_where_nothing_answers() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        with pytest.raises(CameraError, match="nothing answered") as refused:
            FrameSource.open(f"http://user:secret@127.0.0.1:{port}/x", open_timeout_s=2)
    assert refused.value.code == "unreachable"
    assert "secret" not in refused.value.message


def test_source_gives_up_on_a_server_that_says_nothing() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}/x"
        began = time.monotonic()
        with pytest.raises(CameraError, match=r"within 0.5 s"):
            FrameSource.open(address, open_timeout_s=0.5)
    assert time.monotonic() - began < 5


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
        assert capture.given - seen[-1] < 400
    assert seen == sorted(set(seen))
    assert seen[-1] > 10
    assert capture.released.is_set()


def test_live_source_reports_an_unplugged_camera_after_its_last_frame() -> None:
    capture = FakeCapture(frames=1)
    seen: list[int] = []
    with (
        pytest.raises(CameraError, match="camera 0 gives no more pictures") as ended,
        FrameSource(capture, "camera 0", live=True) as source,
    ):
        seen.extend(frame.index for frame in source)
    assert seen == [0]
    assert ended.value.code == "ended"
    assert capture.released.is_set()


def test_live_source_gives_the_camera_back_when_the_body_fails() -> None:
    capture = FakeCapture(frames=10_000, interval_s=0.001)
    before = threading.active_count()
    with pytest.raises(RuntimeError), FrameSource(capture, "camera 0", live=True):
        raise RuntimeError
    assert capture.released.is_set()
    assert threading.active_count() == before


@pytest.mark.parametrize(("said", "taken"), [(0.0, 25.0), (30.0, 30.0), (90_000.0, 25.0)])
def test_source_believes_only_possible_frame_rates(said: float, taken: float) -> None:
    with FrameSource(FakeCapture(frames=1, fps=said), "x", live=False) as source:
        assert source.fps == taken
