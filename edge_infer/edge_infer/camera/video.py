"""Frames from a camera, a video file or a network stream, behind one face.

Files are read in order, every frame. Live sources are read by a thread that keeps the
newest frame alone, so that what is shown is what happens now.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self
from urllib.parse import urlsplit

import cv2
import numpy as np

from edge_infer.camera.cameras import list_cameras
from edge_infer.camera.newest import Frame, NewestFrame
from edge_infer.errors import CameraError, UsageError

NETWORK_SCHEMES: Final = ("http", "https", "rtsp", "rtsps")
OPEN_TIMEOUT_S: Final = 8.0
READ_TIMEOUT_S: Final = 8.0
# How soon a waiting reader sees that it was stopped.
_POLL_S: Final = 0.1
# Taken where a source does not say, or says what cannot be.
DEFAULT_FPS: Final = 25.0
_MAX_FPS: Final = 240.0


class FrameSource:
    """An opened source of frames; a context manager that gives the device back.

    Made by :meth:`camera` or :meth:`open`. Iterate over it once.
    """

    def __init__(self, capture: Any, name: str, *, live: bool) -> None:
        """Wrap an opened ``cv2.VideoCapture``; most callers want the class methods."""
        self.name = name
        self.live = live
        self.fps = _plausible_fps(capture.get(cv2.CAP_PROP_FPS))
        self._capture = capture
        self._newest = NewestFrame(capture) if live else None
        self._stopped = False

    @classmethod
    def camera(cls, index: int) -> Self:
        """Open a camera of this machine.

        Raises:
            CameraError: There is no such camera, or another program holds it.
        """
        capture = cv2.VideoCapture(index)
        if not capture.isOpened():
            capture.release()
            raise _no_camera(index)
        # A shorter queue in the driver, where it lets itself be asked.
        capture.set(cv2.CAP_PROP_BUFFERSIZE, 1)
        return cls(capture, f"camera {index}", live=True)

    @classmethod
    def open(
        cls,
        source: str | Path,
        *,
        open_timeout_s: float = OPEN_TIMEOUT_S,
        read_timeout_s: float = READ_TIMEOUT_S,
    ) -> Self:
        """Open a video file, or an HTTP (MJPEG) or RTSP address.

        Args:
            source: Path or address.
            open_timeout_s: After so long an address counts as unreachable.
            read_timeout_s: After so long without a picture a stream counts as ended.

        Raises:
            CameraError: Missing, not a video, or unreachable.
            UsageError: An address of another kind.
        """
        if "://" not in str(source):
            return cls._open_file(Path(source))
        capture = _open_address(str(source), open_timeout_s, read_timeout_s)
        # A video file on a web server has a length and a camera's stream has none.
        return cls(
            capture, _without_password(str(source)), live=capture.get(cv2.CAP_PROP_FRAME_COUNT) < 1
        )

    @classmethod
    def _open_file(cls, path: Path) -> Self:
        if not path.exists():
            raise CameraError(f"there is no video file {path}", code="not_found")
        if path.is_dir():
            raise CameraError(
                f"{path} is a folder, expected a video file; pictures are for `edge-mnist predict`",
                code="not_a_video",
            )
        capture = cv2.VideoCapture(str(path))
        if not capture.isOpened():
            capture.release()
            raise _not_a_video(path)
        return cls(capture, str(path), live=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def __iter__(self) -> Iterator[Frame]:
        """Yield frames to the end of a file, or from a live source until :meth:`stop`.

        Raises:
            CameraError: A file without a single readable frame; a live source that
                ended by itself or gives no pictures any more.
        """
        return self._ordered_frames() if self._newest is None else self._live_frames(self._newest)

    @property
    def stopped(self) -> bool:
        """Whether :meth:`stop` or :meth:`close` was called."""
        return self._stopped

    def stop(self) -> None:
        """End the iteration soon, without an error; may be called in a signal handler."""
        self._stopped = True

    def close(self) -> None:
        """Give the device back; a running iteration ends. Twice does no harm."""
        self.stop()
        if self._newest is None:
            self._capture.release()
        else:
            self._newest.close()

    def _ordered_frames(self) -> Iterator[Frame]:
        index = 0
        while not self._stopped:
            ok, image = self._capture.read()
            if not ok:
                break
            position_s = self._capture.get(cv2.CAP_PROP_POS_MSEC) / 1000
            # Some backends leave the position at 0.
            time_s = position_s if position_s > 0 else index / self.fps
            yield Frame(np.asarray(image, np.uint8), index, time_s)
            index += 1
        if not index and not self._stopped:
            raise _not_a_video(self.name)

    def _live_frames(self, newest: NewestFrame) -> Iterator[Frame]:
        waited_s = 0.0
        while not self._stopped:
            frame = newest.take(_POLL_S)
            if frame is not None:
                waited_s = 0.0
                yield frame
                continue
            waited_s += _POLL_S
            if newest.ended or waited_s > 2 * READ_TIMEOUT_S:
                raise CameraError(
                    f"{self.name} gives no more pictures: it was unplugged, switched off or "
                    "lost its network",
                    code="ended",
                )


def _open_address(address: str, open_timeout_s: float, read_timeout_s: float) -> Any:
    scheme = urlsplit(address).scheme.lower()
    if scheme not in NETWORK_SCHEMES:
        raise UsageError(
            f"cannot read {scheme}:// addresses, expected a path or one of "
            f"{', '.join(f'{known}://' for known in NETWORK_SCHEMES)}"
        )
    timeouts = [
        cv2.CAP_PROP_OPEN_TIMEOUT_MSEC,
        int(open_timeout_s * 1000),
        cv2.CAP_PROP_READ_TIMEOUT_MSEC,
        int(read_timeout_s * 1000),
    ]
    capture = cv2.VideoCapture(address, cv2.CAP_FFMPEG, timeouts)
    if not capture.isOpened():
        capture.release()
        raise CameraError(
            f"cannot open {_without_password(address)}: nothing answered there with a video or "
            f"MJPEG stream within {open_timeout_s:g} s; check the address, the network and, if "
            "it wants one, the password (scheme://user:password@host/path)",
            code="unreachable",
        )
    return capture


def _plausible_fps(fps: float) -> float:
    return fps if 1.0 <= fps <= _MAX_FPS else DEFAULT_FPS


def _without_password(address: str) -> str:
    return re.sub(r"://[^/@]*@", "://", address)


def _no_camera(index: int) -> CameraError:
    found = list_cameras()
    if any(camera.index == index for camera in found):
        return CameraError(
            f"camera {index} is there but cannot be opened: another program uses it, or this "
            "user may not (on Linux: be in the group `video`)",
            code="busy",
        )
    known = ", ".join(str(camera) for camera in found) or "none"
    return CameraError(
        f"there is no camera {index}; cameras found: {known}. Choose with --camera, or give a "
        "video file or address with --source",
        code="not_found",
    )


def _not_a_video(name: object) -> CameraError:
    return CameraError(
        f"{name} is not a video that this OpenCV can read, or it is damaged", code="not_a_video"
    )
