"""Frames from a camera, a video file or a network stream, and the list of cameras.

Every frame of a file is read, in order. A thread reads a live source and keeps only the newest
frame, because drivers queue frames and a slow reader would fall further and further behind.
"""

from __future__ import annotations

import re
import sys
import threading
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self
from urllib.parse import urlsplit

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_infer.errors import CameraError, UsageError

NETWORK_SCHEMES: Final = ("http", "https", "rtsp", "rtsps")
OPEN_TIMEOUT_S: Final = 8.0
READ_TIMEOUT_S: Final = 8.0
# A waiting reader checks this often whether it was stopped.
_POLL_S: Final = 0.1
# How long close() waits for a blocked read. The thread ends with the program anyway.
_JOIN_TIMEOUT_S: Final = 12.0
# Used where a source states no frame rate or an impossible one.
DEFAULT_FPS: Final = 25.0
_MAX_FPS: Final = 240.0
# Number of camera indices that are tried on systems without a list of cameras.
PROBED_INDICES: Final = 4


@dataclass(frozen=True, eq=False)
class Frame:
    """A frame of a camera, video or stream.

    Attributes:
        image_bgr: uint8 (h, w, 3), BGR.
        index: Number of the frame in its source, from 0. Numbers are missing where a live
            source was faster than its reader.
        time_s: Position in a video file, or seconds since a live source was opened.
    """

    image_bgr: NDArray[np.uint8]
    index: int
    time_s: float


@dataclass(frozen=True, order=True)
class FoundCamera:
    """A camera of this machine: its index, and its name as the system states it, or ""."""

    index: int
    name: str

    def __str__(self) -> str:
        return f"{self.index} ({self.name})" if self.name else str(self.index)


def list_cameras(root: Path = Path("/")) -> tuple[FoundCamera, ...]:
    """List the cameras of this machine by index.

    On Linux no camera is opened: they are listed in ``/dev`` and ``/sys`` under ``root``. On
    other systems the first few indices are opened in turn, which may take a second each and
    switch on their lamps.
    """
    if not sys.platform.startswith("linux"):
        return tuple(FoundCamera(index, "") for index in range(PROBED_INDICES) if _exists(index))
    cameras: list[FoundCamera] = []
    for device in (root / "dev").glob("video*"):
        number = device.name.removeprefix("video")
        node = root / "sys/class/video4linux" / device.name
        # A camera has several nodes. Those after the first carry metadata, not pictures.
        if number.isdecimal() and _text(node / "index") in {"", "0"}:
            cameras.append(FoundCamera(int(number), _text(node / "name")))
    return tuple(sorted(cameras))


class FrameSource:
    """An opened source of frames, and a context manager that releases the device.

    Created by :meth:`camera` or :meth:`open`. It can be iterated over once.

    Attributes:
        name: For messages.
        live: Whether it delivers frames in real time.
        fps: Frames per second.
        stopped: Whether :meth:`stop` or :meth:`close` was called.
    """

    def __init__(self, capture: Any, name: str, *, live: bool) -> None:
        """Wrap an opened ``cv2.VideoCapture``. Most callers use the class methods."""
        self.name = name
        self.live = live
        fps: float = capture.get(cv2.CAP_PROP_FPS)
        self.fps = fps if 1.0 <= fps <= _MAX_FPS else DEFAULT_FPS
        self._capture = capture
        self.stopped = False
        self._newest: deque[Frame] = deque(maxlen=1)
        self._arrived = threading.Event()
        self._thread = threading.Thread(target=self._read_live, name="frames", daemon=True)
        if live:
            self._thread.start()

    @classmethod
    def camera(cls, index: int) -> Self:
        """Open a camera of this machine.

        Raises:
            CameraError: There is no such camera, or another program uses it.
        """
        capture = _opened(index)
        if capture is None:
            raise _no_camera(index)
        capture.set(cv2.CAP_PROP_BUFFERSIZE, 1)  # Some drivers have no shorter queue.
        return cls(capture, f"camera {index}", live=True)

    @classmethod
    def open(cls, source: str | Path, *, open_timeout_s: float = OPEN_TIMEOUT_S) -> Self:
        """Open a video file, or an HTTP (MJPEG) or RTSP address.

        Args:
            source: Path or address.
            open_timeout_s: Time after which an address counts as unreachable.

        Raises:
            CameraError: Missing, not a video, or unreachable.
            UsageError: An address with another scheme.
        """
        if "://" not in str(source):
            return cls(_open_file(Path(source)), str(source), live=False)
        capture = _open_address(str(source), open_timeout_s)
        # A video file on a web server has a length, the stream of a camera has none.
        is_live = capture.get(cv2.CAP_PROP_FRAME_COUNT) < 1
        return cls(capture, _without_password(str(source)), live=is_live)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def __iter__(self) -> Iterator[Frame]:
        """Yield frames until the end of a file, or of a live source until :meth:`stop`.

        Raises:
            CameraError: A file has no readable frame, or a live source ended by itself or
                delivers no frames any more.
        """
        return self._live_frames() if self.live else self._ordered_frames()

    def stop(self) -> None:
        """End the iteration soon and without an error. Signal handlers may call this."""
        self.stopped = True

    def close(self) -> None:
        """End the iteration and release the device. May be called twice."""
        self.stop()
        if self.live:
            self._thread.join(_JOIN_TIMEOUT_S)
        else:
            self._capture.release()

    def _ordered_frames(self) -> Iterator[Frame]:
        index = 0
        while not self.stopped:
            ok, image = self._capture.read()
            if not ok:
                break
            position_s = self._capture.get(cv2.CAP_PROP_POS_MSEC) / 1000
            # Some backends always state position 0.
            time_s = position_s if position_s > 0 else index / self.fps
            yield Frame(np.asarray(image, np.uint8), index, time_s)
            index += 1
        if not index and not self.stopped:
            raise _not_a_video(self.name)

    def _live_frames(self) -> Iterator[Frame]:
        waited_s = 0.0
        while not self.stopped:
            # The order matters: what arrives before the thread ends must be found afterwards.
            is_alive = self._thread.is_alive()
            self._arrived.wait(_POLL_S)
            self._arrived.clear()
            if self._newest:
                waited_s = 0.0
                yield self._newest.pop()
                continue
            waited_s += _POLL_S
            if not is_alive or waited_s > 2 * READ_TIMEOUT_S:
                raise CameraError(
                    f"{self.name} delivers no more pictures: it was unplugged, switched off or "
                    "lost its network",
                    code="ended",
                )

    def _read_live(self) -> None:
        """Read until the source ends or is stopped, in a thread, and release the device."""
        opened_s = time.monotonic()
        index = 0
        try:
            while not self.stopped:
                ok, image = self._capture.read()
                if not ok:
                    break
                self._newest.append(Frame(image, index, time.monotonic() - opened_s))
                self._arrived.set()
                index += 1
        finally:
            self._capture.release()


def _opened(*arguments: Any) -> cv2.VideoCapture | None:
    capture = cv2.VideoCapture(*arguments)
    if capture.isOpened():
        return capture
    capture.release()
    return None


def _open_file(path: Path) -> cv2.VideoCapture:
    if not path.exists():
        raise CameraError(f"there is no video file {path}", code="not_found")
    if path.is_dir():
        raise CameraError(
            f"{path} is a folder, expected a video file; `edge-mnist predict` reads pictures",
            code="not_a_video",
        )
    capture = _opened(str(path))
    if capture is None:
        raise _not_a_video(path)
    return capture


def _open_address(address: str, open_timeout_s: float) -> cv2.VideoCapture:
    scheme = urlsplit(address).scheme.lower()
    if scheme not in NETWORK_SCHEMES:
        raise UsageError(
            f"cannot read {scheme}:// addresses, expected a path or one of "
            f"{', '.join(f'{known}://' for known in NETWORK_SCHEMES)}"
        )
    opening = [cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, int(open_timeout_s * 1000)]
    reading = [cv2.CAP_PROP_READ_TIMEOUT_MSEC, int(READ_TIMEOUT_S * 1000)]
    capture = _opened(address, cv2.CAP_FFMPEG, opening + reading)
    if capture is None:
        raise CameraError(
            f"cannot open {_without_password(address)}: no video or MJPEG stream answered within "
            f"{open_timeout_s:g} s; check the address, the network and the password, if it needs "
            "one (scheme://user:password@host/path)",
            code="unreachable",
        )
    return capture


def _exists(index: int) -> bool:
    capture = cv2.VideoCapture(index)
    exists = capture.isOpened()
    capture.release()
    return exists


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""


def _without_password(address: str) -> str:
    return re.sub(r"://[^/@]*@", "://", address)


def _no_camera(index: int) -> CameraError:
    found = list_cameras()
    if index in {camera.index for camera in found}:
        return CameraError(
            f"camera {index} exists but cannot be opened: another program uses it, or this user "
            "has no access (on Linux, join the group `video`)",
            code="busy",
        )
    known = ", ".join(map(str, found)) or "none"
    return CameraError(
        f"there is no camera {index}; cameras found: {known}. Choose one with --camera, or give a "
        "video file or address with --source",
        code="not_found",
    )


def _not_a_video(name: object) -> CameraError:
    return CameraError(
        f"{name} is not a video that this OpenCV can read, or it is damaged", code="not_a_video"
    )
