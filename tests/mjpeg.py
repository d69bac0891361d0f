"""A fake camera, and a server of an MJPEG stream on loopback, for tests of cameras."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray


class FakeCapture:
    """Delivers empty pages, whose grey level is their number, until it is unplugged."""

    def __init__(self, frames: int, interval_s: float = 0.0, *, fps: float = 0.0) -> None:
        self.released = False
        self._given = 0
        self._frames = frames
        self._interval_s = interval_s
        self._fps = fps

    def get(self, prop: int) -> float:
        return self._fps if prop == cv2.CAP_PROP_FPS else 0.0

    def read(self) -> tuple[bool, Any]:
        time.sleep(self._interval_s)
        if self._given == self._frames:
            return False, None
        self._given += 1
        return True, np.full((48, 64, 3), self._given % 256, np.uint8)

    def release(self) -> None:
        self.released = True


@contextmanager
def mjpeg_stream(
    frames: Callable[[], Iterable[NDArray[np.uint8]]], *, interval_s: float
) -> Iterator[str]:
    """Serve a stream until the block ends.

    Args:
        frames: Makes the frames of one client, uint8 (h, w, 3) BGR.
        interval_s: Time between two frames in seconds.

    Yields:
        The address of the stream; other paths are not found.
    """
    over = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path != "/stream":
                self.send_error(404)
                return
            self.send_response(200)
            self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=frame")
            self.end_headers()
            for frame in frames():
                jpeg = cv2.imencode(".jpg", frame)[1].tobytes()
                head = f"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: {len(jpeg)}\r\n\r\n"
                try:
                    self.wfile.write(head.encode() + jpeg + b"\r\n")
                except OSError:
                    return
                if over.wait(interval_s):
                    return

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - inherited
            del format, args

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/stream"
    finally:
        over.set()
        server.shutdown()
        server.server_close()
        thread.join(5)
