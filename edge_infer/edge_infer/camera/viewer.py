"""Show results in a window at the pace of their source, and handle its keys."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Final

from edge_infer.camera.live import FrameResult
from edge_infer.camera.outputs import save_snapshot
from edge_infer.camera.overlay import draw_overlay
from edge_infer.camera.sources import FrameSource
from edge_infer.camera.window import ESCAPE, FrameWindow

_QUIT_KEYS: Final = ("q", "Q", ESCAPE)
_PAUSE_POLL_MS: Final = 40
_NOTE_S: Final = 2.0
_MAX_WAIT_S: Final = 1.0


class Viewer:
    """Shows results: q or Esc quits, s saves a snapshot, the space bar pauses.

    Attributes:
        snapshots: Paths of the pictures saved so far.
    """

    def __init__(self, window: FrameWindow, source: FrameSource, folder: Path) -> None:
        """Show the results of ``source`` in ``window``; snapshots go to ``folder``."""
        self.snapshots: list[Path] = []
        self._window = window
        self._source = source
        self._folder = folder
        self._note = ""
        self._note_until_s = 0.0
        # Clock time of position 0 of a file, so that it plays at its own speed.
        self._zero_s: float | None = None

    def show(self, result: FrameResult) -> bool:
        """Show a result and handle the keys.

        Returns:
            False if the user quits or has closed the window.

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
        """Return the time until the next frame of a file; a live source needs no waiting."""
        if self._source.live:
            return 1
        return round(min(max(due_s - time.perf_counter(), 0.0), _MAX_WAIT_S) * 1000)

    def _pause(self, result: FrameResult) -> str:
        """Wait for the space bar or a key that quits, and return that key."""
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
