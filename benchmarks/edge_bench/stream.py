"""A simulated camera: frames become due at a fixed rate, and the newest one is read.

Between two frames the process sleeps, so caches cool down and spinning threads would occupy
a core. A loop without pauses does not show that.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

import numpy as np

from edge_bench.interleaved import Turn

FPS: Final = 30.0
_WARM_UP_FRAMES: Final = 3


class Stream:
    """A subject that handles frames at the rate of a camera."""

    def __init__(self, handle: Callable[[], object], *, turn_s: float, fps: float = FPS) -> None:
        """Prepare a stream.

        Args:
            handle: Processes one frame.
            turn_s: Length of a turn in seconds.
            fps: Frames per second.
        """
        self._handle = handle
        self._period_s = 1 / fps
        self._frames = max(1, round(turn_s * fps))

    def warm_up(self, limit_s: float) -> None:
        """Handle some frames."""
        ends_s = time.perf_counter() + limit_s
        for _ in range(_WARM_UP_FRAMES):
            self._handle()
            if time.perf_counter() > ends_s:
                break

    def turn(self) -> Turn:
        """Handle the frames of one turn; frames that become due meanwhile are dropped.

        Parts: ``frame_age_ms``, the median time from the moment a frame is due to the end of
        its handling; ``cpu_share``, the processor time divided by the elapsed time;
        ``cpu_ms``, the processor time per frame, waiting included; ``fps``, the rate of
        handled frames.
        """
        seconds: list[float] = []
        ages_s: list[float] = []
        cpu_s, began_s = time.process_time(), time.perf_counter()
        frame = 0
        while frame < self._frames:
            due_s = began_s + frame * self._period_s
            _sleep_until(due_s)
            started_s = time.perf_counter()
            self._handle()
            ended_s = time.perf_counter()
            seconds.append(ended_s - started_s)
            ages_s.append(ended_s - due_s)
            frame = max(frame + 1, int((ended_s - began_s) / self._period_s))
        _sleep_until(began_s + self._frames * self._period_s)
        elapsed_s = time.perf_counter() - began_s
        cpu_s = time.process_time() - cpu_s
        parts = {
            "cpu_ms": 1e3 * cpu_s / len(seconds),
            "cpu_share": cpu_s / elapsed_s,
            "frame_age_ms": 1e3 * float(np.median(ages_s)),
            "fps": len(seconds) / elapsed_s,
        }
        return Turn(np.array(seconds), parts)


def _sleep_until(moment_s: float) -> None:
    left_s = moment_s - time.perf_counter()
    if left_s > 0:
        time.sleep(left_s)
