"""A window for pictures, and a check whether one can be opened.

The Qt build of OpenCV aborts the process if there is no display, which Python cannot catch.
Therefore a child process tries first.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from typing import Final, Self

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_infer.errors import CameraError

HEADLESS: Final = "use --headless, with --record OUT.mp4 or --jsonl OUT to see the results"
ESCAPE: Final = "\x1b"
LEFT: Final = "left"
RIGHT: Final = "right"
# Codes of waitKeyEx under X11, Windows and macOS. waitKey returns only the low byte, which under
# X11 is "Q" for the left arrow.
_KEYS: Final = {
    **dict.fromkeys((0xFF51, 0x250000, 0xF702), LEFT),
    **dict.fromkeys((0xFF53, 0x270000, 0xF703), RIGHT),
    **dict.fromkeys((0xFF1B, 0x1B), ESCAPE),
}
# Under X11 the higher bits are Shift, Control and the locks.
_WITHOUT_MODIFIERS: Final = 0xFFFF
# A larger picture is shown smaller. The window can be resized.
_MAX_SIDE: Final = 1280
_PROBE_TIMEOUT_S: Final = 30.0
_PROBE: Final = """
import cv2
try:
    import resource
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
except ImportError:
    pass
cv2.namedWindow("edge-mnist")
"""


def ensure_display(way_out: str = HEADLESS) -> None:
    """Check that a window can be opened. ``way_out`` says in the error what to do instead.

    Raises:
        CameraError: This OpenCV is built without windows, or there is no display. The
            code is ``no_display``.
    """
    if re.search(r"^\s*GUI:\s*NONE\b", cv2.getBuildInformation(), re.MULTILINE):
        raise _no_display("this OpenCV is opencv-python-headless, built without windows", way_out)
    # macOS and Windows always have a display.
    if not sys.platform.startswith("linux"):
        return
    if not os.environ.get("DISPLAY") and not os.environ.get("WAYLAND_DISPLAY"):
        raise _no_display("there is no display (DISPLAY is not set)", way_out)
    try:
        probe = subprocess.run(
            [sys.executable, "-c", _PROBE],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_PROBE_TIMEOUT_S,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise _no_display("the display does not answer", way_out) from error
    if probe.returncode:
        lines = probe.stderr.decode("utf-8", "replace").strip().splitlines()
        raise _no_display(lines[0].strip() if lines else "a window cannot be opened", way_out)


class FrameWindow:
    """A window that shows pictures and receives keys; a context manager closes it."""

    def __init__(self, title: str) -> None:
        """Prepare a window. Call :func:`ensure_display` first. It opens with the first picture."""
        self._title = title
        self._shown = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        if self._shown and not self.closed:
            cv2.destroyWindow(self._title)

    @property
    def closed(self) -> bool:
        """Whether the user has closed the window."""
        if not self._shown:
            return False
        try:
            return cv2.getWindowProperty(self._title, cv2.WND_PROP_VISIBLE) < 1
        except cv2.error:
            # Some builds raise an error for a window that was closed.
            return True

    def show(self, picture: NDArray[np.uint8]) -> None:
        """Show a picture, uint8 (h, w, 3), BGR. A closed window stays closed."""
        if self.closed:
            return
        if not self._shown:
            height, width = picture.shape[:2]
            factor = min(1.0, _MAX_SIDE / max(height, width))
            flags = cv2.WINDOW_NORMAL | cv2.WINDOW_KEEPRATIO | cv2.WINDOW_GUI_NORMAL
            cv2.namedWindow(self._title, flags)
            cv2.resizeWindow(self._title, round(width * factor), round(height * factor))
            self._shown = True
        cv2.imshow(self._title, picture)

    def key(self, wait_ms: int) -> str:
        """Process the events of the window for at least 1 ms and return a key.

        Returns:
            A printable ASCII character, ``ESCAPE``, ``LEFT`` or ``RIGHT``; "" for no key and for
            other keys.
        """
        code = cv2.waitKeyEx(max(1, wait_ms))
        known = _KEYS.get(code) or _KEYS.get(code & _WITHOUT_MODIFIERS)
        character = chr(code & _WITHOUT_MODIFIERS)
        return known or (character if character.isascii() and character.isprintable() else "")


def _no_display(reason: str, way_out: str) -> CameraError:
    return CameraError(f"no window can be opened: {reason}; {way_out}", code="no_display")
