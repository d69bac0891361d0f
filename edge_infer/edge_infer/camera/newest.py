"""Read a live source in a thread that keeps only its newest frame.

A camera delivers frames while one is being recognised. Its driver queues them, so a slow reader
would fall further and further behind.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

# How long close() waits for a blocked read. The thread ends with the program anyway.
JOIN_TIMEOUT_S: Final = 12.0


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


class NewestFrame:
    """The newest frame of a live capture. A thread reads the capture and releases it."""

    def __init__(self, capture: Any) -> None:
        """Start reading a ``cv2.VideoCapture``, which this object owns from now on."""
        self._capture = capture
        self._condition = threading.Condition()
        self._frame: Frame | None = None
        self._ended = False
        self._closing = False
        self._thread = threading.Thread(target=self._read_all, name="frames", daemon=True)
        self._thread.start()

    @property
    def ended(self) -> bool:
        """Whether the last frame of the capture was taken."""
        with self._condition:
            return self._ended and self._frame is None

    def take(self, timeout_s: float) -> Frame | None:
        """Return the newest frame that was not taken yet, or None after the timeout."""
        with self._condition:
            self._condition.wait_for(lambda: self._frame or self._ended, timeout_s)
            frame, self._frame = self._frame, None
            return frame

    def close(self) -> None:
        """Stop reading and wait until the capture is released. May be called twice."""
        self._closing = True
        self._thread.join(JOIN_TIMEOUT_S)

    def _read_all(self) -> None:
        opened_s = time.monotonic()
        index = 0
        try:
            while not self._closing:
                ok, image = self._capture.read()
                if not ok:
                    break
                with self._condition:
                    self._frame = Frame(image, index, time.monotonic() - opened_s)
                    self._condition.notify_all()
                index += 1
        finally:
            self._capture.release()
            with self._condition:
                self._ended = True
                self._condition.notify_all()
