"""Write frames to a video file and single frames to pictures, whole or not at all."""

from __future__ import annotations

import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_infer.errors import OutputError, UsageError
from edge_infer.io.atomic import atomic_path

VIDEO_SUFFIX: Final = ".mp4"
# A longer gap between two frames is a pause, and is cut out.
MAX_GAP_S: Final = 1.0
_CODEC: Final = "mp4v"

ImageU8 = NDArray[np.uint8]


class Recorder:
    """Writes frames at a constant rate, so that a second filmed lasts a second.

    A camera's frames come as they can. Each is written as often as its time asks for:
    not at all when it comes too early, twice when it comes late.
    """

    def __init__(self, path: Path, fps: float) -> None:
        """Record to ``path``, which the first frame creates; most want :func:`recording`."""
        self.frames = 0
        self._path = path
        self._fps = fps
        self._writer: cv2.VideoWriter | None = None
        self._size = (0, 0)
        self._start_s = 0.0
        self._last_s = 0.0

    def write(self, picture: ImageU8, time_s: float) -> None:
        """Add a frame.

        Args:
            picture: uint8 (h, w, 3) BGR; one of another size than the first is scaled.
            time_s: When it was taken; never less than before.

        Raises:
            OutputError: This OpenCV cannot write such a file there.
        """
        writer = self._writer
        if writer is None:
            writer = self._writer = self._open(picture)
            self._start_s = self._last_s = time_s
        if time_s - self._last_s > MAX_GAP_S:
            self._start_s += time_s - self._last_s - 1 / self._fps
        self._last_s = time_s
        if (picture.shape[1], picture.shape[0]) != self._size:
            picture = np.asarray(cv2.resize(picture, self._size), np.uint8)
        due = round((time_s - self._start_s) * self._fps) + 1
        for _ in range(self.frames, due):
            writer.write(picture)
            self.frames += 1

    def close(self) -> None:
        """Finish the file. Twice does no harm."""
        if self._writer is not None:
            self._writer.release()

    def _open(self, picture: ImageU8) -> cv2.VideoWriter:
        self._size = (picture.shape[1], picture.shape[0])
        codec = cv2.VideoWriter.fourcc(*_CODEC)
        writer = cv2.VideoWriter(str(self._path), codec, self._fps, self._size)
        if not writer.isOpened():
            raise OutputError("this OpenCV cannot write MP4 video; leave --record out")
        return writer


@contextmanager
def recording(target: Path, fps: float, *, overwrite: bool) -> Generator[Recorder]:
    """Record to a temporary file that takes the target's place at the end.

    Nothing is left when no frame was written or the body fails.

    Args:
        target: An ``.mp4`` file.
        fps: Rate of the recording.
        overwrite: Whether an existing target may be replaced.

    Raises:
        OutputError: It cannot be written, or the disk was full.
        UsageError: Another suffix.
    """
    if target.suffix.lower() != VIDEO_SUFFIX:
        raise UsageError(f"a recording is an {VIDEO_SUFFIX} file, found {target}")
    try:
        with atomic_path(target, overwrite=overwrite) as temporary:
            recorder = Recorder(temporary, fps)
            try:
                yield recorder
            finally:
                recorder.close()
            _check_recording(temporary, recorder.frames, target)
    except _NothingRecordedError:
        return


def save_snapshot(picture: ImageU8, folder: Path) -> Path:
    """Write a picture as a PNG under a name that is not taken.

    Returns:
        Its path: ``snapshot-DATE-TIME-NUMBER.png``.

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


class _NothingRecordedError(Exception):
    """Makes :func:`atomic_path` take the empty file away."""


def _check_recording(path: Path, frames: int, target: Path) -> None:
    """Read the file's own count: OpenCV's writer reports neither errors nor a full disk."""
    if not frames:
        raise _NothingRecordedError
    capture = cv2.VideoCapture(str(path))
    try:
        found = int(capture.get(cv2.CAP_PROP_FRAME_COUNT)) if capture.isOpened() else 0
    finally:
        capture.release()
    if found != frames:
        raise OutputError(
            f"the recording {target} is damaged: {frames} frames were written, {found} are in "
            "the file; is the disk full?"
        )
