"""Files that the webcam loop writes: a log of JSON Lines, a video, and snapshots."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import astuple
from pathlib import Path
from typing import Final, TextIO

import cv2
import numpy as np

from edge_infer.camera.live import FrameResult
from edge_infer.drawing import ImageU8
from edge_infer.errors import OutputError, UsageError
from edge_infer.io.atomic import atomic_path

STANDARD_OUTPUT: Final = "-"
VIDEO_SUFFIX: Final = ".mp4"
# A longer gap between two frames is a pause, which the recording leaves out.
MAX_GAP_S: Final = 1.0
_CODEC: Final = "mp4v"


class FrameLog:
    """Writes results as JSON Lines and flushes each line."""

    def __init__(self, stream: TextIO, name: str) -> None:
        """Write to an open stream; ``name`` is for errors."""
        self._stream = stream
        self._name = name

    def write(self, result: FrameResult) -> bool:
        """Write one result.

        Returns:
            False if the reader of a pipe has closed it, such as ``| head``.

        Raises:
            OutputError: It cannot be written.
        """
        try:
            self._stream.write(_json_line(result))
            self._stream.flush()
        except BrokenPipeError:
            # Python flushes the stream again at exit, which must not fail.
            with Path(os.devnull).open("wb") as null:
                os.dup2(null.fileno(), self._stream.fileno())
            return False
        except OSError as error:
            raise OutputError(f"cannot write {self._name}: {error.strerror}") from error
        return True


@contextmanager
def frame_log(target: str, *, overwrite: bool) -> Generator[FrameLog]:
    """Open a log in a file, or on standard output for ``"-"``.

    The file is written in place, so that it can be read while it grows.

    Raises:
        OutputError: It exists and ``overwrite`` is false, or it cannot be written.
    """
    if target == STANDARD_OUTPUT:
        yield FrameLog(sys.stdout, "standard output")
        return
    path = Path(target)
    # An existing pipe or terminal is no obstacle.
    if path.is_file() and not overwrite:
        raise OutputError(f"{path} exists already; give --force to replace it", code="exists")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        stream = path.open("w", encoding="utf-8")
    except OSError as error:
        raise OutputError(f"cannot write {path}: {error.strerror}", code="unwritable") from error
    with stream:
        yield FrameLog(stream, str(path))


def _json_line(result: FrameResult) -> str:
    digits = [
        {
            "label": digit.label,
            "confidence": round(digit.confidence, 4),
            "box": astuple(digit.box),
            "rejected": digit.rejected,
        }
        for digit in result.digits
    ]
    document = {
        "frame": result.frame.index,
        "time_s": round(result.frame.time_s, 3),
        "latency_ms": round(result.latency_ms, 3),
        "digits": digits,
    }
    return json.dumps(document, ensure_ascii=False) + "\n"


class Recorder:
    """Writes frames at a constant rate, so that the video plays at the speed of its source.

    The frames of a camera arrive irregularly. An early frame is skipped and a late one is
    written several times.
    """

    def __init__(self, path: Path, fps: float) -> None:
        """Record to ``path``, which the first frame creates. Most callers use :func:`recording`."""
        self.frames = 0
        self._path = path
        self._fps = fps
        self._writer: cv2.VideoWriter | None = None
        self._size = (0, 0)
        self._start_s = self._last_s = 0.0

    def write(self, picture: ImageU8, time_s: float) -> None:
        """Add a frame.

        Args:
            picture: uint8 (h, w, 3), BGR. It is resized to the size of the first frame.
            time_s: Time of the frame, not before that of the previous one.

        Raises:
            OutputError: This OpenCV cannot write such a file there.
        """
        size = (picture.shape[1], picture.shape[0])
        if self._writer is None:
            codec = cv2.VideoWriter.fourcc(*_CODEC)
            self._writer = cv2.VideoWriter(str(self._path), codec, self._fps, size)
            if not self._writer.isOpened():
                raise OutputError("this OpenCV cannot write MP4 video; omit --record")
            self._size = size
            self._start_s = self._last_s = time_s
        if time_s - self._last_s > MAX_GAP_S:
            self._start_s += time_s - self._last_s - 1 / self._fps
        self._last_s = time_s
        if size != self._size:
            picture = np.asarray(cv2.resize(picture, self._size), np.uint8)
        due = round((time_s - self._start_s) * self._fps) + 1
        for _ in range(self.frames, due):
            self._writer.write(picture)
            self.frames += 1

    def close(self) -> None:
        """Finish the file. May be called twice."""
        if self._writer is not None:
            self._writer.release()


class _NothingRecordedError(Exception):
    """Makes :func:`atomic_path` remove the empty file."""


@contextmanager
def recording(target: Path, fps: float, *, overwrite: bool) -> Generator[Recorder]:
    """Record to a temporary file that replaces the target at the end.

    No file remains if no frame was written or the body fails.

    Args:
        target: An ``.mp4`` file.
        fps: Frame rate of the recording.
        overwrite: Whether an existing target may be replaced.

    Raises:
        OutputError: It cannot be written, or the disk was full.
        UsageError: Another suffix.
    """
    if target.suffix.lower() != VIDEO_SUFFIX:
        raise UsageError(f"a recording is an {VIDEO_SUFFIX} file, found {target}")
    with (
        suppress(_NothingRecordedError),
        atomic_path(target, overwrite=overwrite) as temporary,
    ):
        recorder = Recorder(temporary, fps)
        try:
            yield recorder
        finally:
            recorder.close()
        _check_recording(temporary, recorder.frames, target)


def _check_recording(path: Path, frames: int, target: Path) -> None:
    """Count the frames in the file: OpenCV's writer reports neither errors nor a full disk."""
    if not frames:
        raise _NothingRecordedError
    capture = cv2.VideoCapture(str(path))
    found = int(capture.get(cv2.CAP_PROP_FRAME_COUNT)) if capture.isOpened() else 0
    capture.release()
    if found != frames:
        raise OutputError(
            f"the recording {target} is damaged: {frames} frames were written, the file has "
            f"{found}; is the disk full?"
        )


def save_snapshot(picture: ImageU8, folder: Path) -> Path:
    """Write a picture as a PNG file under a new name.

    Args:
        picture: uint8 (h, w, 3), BGR.
        folder: Created if missing.

    Returns:
        Path of the file, ``snapshot-DATE-TIME-NUMBER.png``.

    Raises:
        OutputError: It cannot be written.
    """
    encoded, data = cv2.imencode(".png", picture)
    if not encoded:
        raise OutputError("this OpenCV cannot write PNG pictures")
    stem = time.strftime("snapshot-%Y%m%d-%H%M%S")
    number = 1
    while (target := folder / f"{stem}-{number:03d}.png").exists():
        number += 1
    with atomic_path(target, overwrite=False) as temporary:
        temporary.write_bytes(data.tobytes())
    return target
