"""Show results in a window at the pace of their source, and do what its keys ask for."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Final

from edge_infer.camera.live import FrameResult
from edge_infer.camera.overlay import draw_overlay
from edge_infer.camera.recorder import save_snapshot
from edge_infer.camera.video import FrameSource
from edge_infer.camera.window import ESCAPE, FrameWindow

_QUIT_KEYS: Final = ("q", "Q", ESCAPE)
_PAUSE_POLL_MS: Final = 40
_NOTE_S: Final = 2.0
_MAX_WAIT_S: Final = 1.0


class Viewer:
    """A person's view of the results: q or Esc quits, s saves a snapshot, space pauses.

    Attributes:
        snapshots: Pictures saved so far.
    """

    def __init__(self, window: FrameWindow, source: FrameSource, folder: Path) -> None:
        """Show in ``window`` what comes from ``source``; snapshots go to ``folder``."""
        self.snapshots: list[Path] = []
        self._window = window
        self._source = source
        self._folder = folder
        self._note = ""
        self._note_until_s = 0.0
        # Clock time of a file's position 0, so that it plays as fast as it was filmed.
        self._zero_s: float | None = None

    def show(self, result: FrameResult) -> bool:
        """Show one result and obey the keys; return whether to go on.

        Raises:
            OutputError: A snapshot cannot be written.
        """
        if self._zero_s is None:
            self._zero_s = time.perf_counter() - result.frame.time_s
        note = self._note if time.perf_counter() < self._note_until_s else ""
        self._window.show(draw_overlay(result, note=note))
        key = self._window.key(self._wait_ms(self._zero_s + result.frame.time_s))
        if key == " ":
            began_s = time.perf_counter()
            key = self._pause(result)
            self._zero_s += time.perf_counter() - began_s
        elif key == "s":
            self._take_snapshot(result)
        return key not in _QUIT_KEYS and not self._window.closed

    def _wait_ms(self, due_s: float) -> int:
        """Return how long to wait before a file's next frame; a camera waits by itself."""
        if self._source.live:
            return 1
        return round(min(max(due_s - time.perf_counter(), 0.0), _MAX_WAIT_S) * 1000)

    def _pause(self, result: FrameResult) -> str:
        """Stand still until the space bar, or a key that quits, which is returned."""
        self._window.show(draw_overlay(result, note="paused"))
        key = ""
        while not (self._source.stopped or self._window.closed):
            key = self._window.key(_PAUSE_POLL_MS)
            if key == " " or key in _QUIT_KEYS:
                break
            if key == "s":
                self._take_snapshot(result)
                self._window.show(draw_overlay(result, note=self._note))
        return key

    def _take_snapshot(self, result: FrameResult) -> None:
        path = save_snapshot(draw_overlay(result), self._folder)
        self.snapshots.append(path)
        self._note = f"saved {path.name}"
        self._note_until_s = time.perf_counter() + _NOTE_S
