"""Timing of several functions in turns, so that a noisy machine does not decide.

The functions run in short slices, A B C A B C ...: a machine that is slow for a while is slow
for all of them, and the ratios of their medians hold.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

FPS: Final = 30.0
_WARM_UP_FRAMES: Final = 3
_SLICE_S: Final = 0.02
# A function is warm after this many slices in a row that are not quicker than all before by this
# share.
_STEADY_SLICES: Final = 3
_QUICKER: Final = 0.05
_WARM_UP_LIMIT_S: Final = 2.0


@dataclass(frozen=True)
class Timing:
    """Latency of one function: number of calls, and percentiles in milliseconds."""

    name: str
    calls: int
    p50_ms: float
    p10_ms: float
    p90_ms: float


@dataclass(frozen=True, eq=False)
class Turn:
    """Measurements of one turn.

    Attributes:
        seconds: float64 (calls,), the time of each call, one at least.
        parts: Further figures of the turn by name, with units in the names.
    """

    seconds: NDArray[np.float64]
    parts: Mapping[str, float] = field(default_factory=dict[str, float])

    @property
    def median_ms(self) -> float:
        """Median of the calls in milliseconds."""
        return 1e3 * float(np.median(self.seconds))


class Subject(Protocol):
    """An activity that is measured turn by turn."""

    def warm_up(self, limit_s: float) -> None:
        """Work untimed until a turn is steady, or for ``limit_s`` seconds."""
        ...

    def turn(self) -> Turn:
        """Work for some 20 ms and return the time of each call."""
        ...


class Loop:
    """A subject that calls one function repeatedly, for some 20 ms per turn."""

    def __init__(self, function: Callable[[], object]) -> None:
        self._function = function
        self._calls = 1

    def warm_up(self, limit_s: float = _WARM_UP_LIMIT_S) -> None:
        """Call until the calls become no quicker, or for ``limit_s`` seconds; once at least."""
        ends_s = time.perf_counter() + limit_s
        least_ms, steady = np.inf, 0
        while steady < _STEADY_SLICES:
            turn_ms = self.turn().median_ms
            self._calls = max(1, int(1e3 * _SLICE_S / max(turn_ms, 1e-6)))
            steady = 0 if turn_ms < (1 - _QUICKER) * least_ms else steady + 1
            least_ms = min(least_ms, turn_ms)
            if time.perf_counter() >= ends_s:
                break

    def turn(self) -> Turn:
        """Call as often as fits into a slice, once at least.

        The part ``cpu_ms`` is the processor time per call of all threads together.
        """
        function, calls = self._function, self._calls
        seconds = np.empty(calls)
        cpu_s = time.process_time()
        for at in range(calls):
            started_s = time.perf_counter()
            function()
            seconds[at] = time.perf_counter() - started_s
        return Turn(seconds, {"cpu_ms": 1e3 * (time.process_time() - cpu_s) / calls})


def time_interleaved(
    functions: Mapping[str, Callable[[], object]], *, rounds: int
) -> dict[str, Timing]:
    """Time functions in turns.

    Args:
        functions: Name to a function without arguments.
        rounds: Turns of each function; a turn is some 20 ms of calls, at least one.

    Returns:
        Name to timing, in the same order.
    """
    loops = {name: Loop(function) for name, function in functions.items()}
    for loop in loops.values():
        loop.warm_up()
    seconds: dict[str, list[NDArray[np.float64]]] = {name: [] for name in functions}
    for _ in range(rounds):
        for name, loop in loops.items():
            seconds[name].append(loop.turn().seconds)
    return {name: _timing(name, np.concatenate(values)) for name, values in seconds.items()}


def _timing(name: str, seconds: NDArray[np.float64]) -> Timing:
    p10, p50, p90 = (1000 * np.percentile(seconds, (10, 50, 90))).tolist()
    return Timing(name, len(seconds), p50, p10, p90)


class Stream:
    """A subject that handles the newest frame at the rate of a camera.

    Between two frames the process sleeps, so caches cool down and spinning threads would occupy
    a core. A loop without pauses does not show that.
    """

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
