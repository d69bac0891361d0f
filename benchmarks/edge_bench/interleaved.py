"""Timing several functions in turns, so that a noisy machine does not decide.

One after the other in short slices, A B C A B C ...: what slows the machine for a
while slows all of them, and the ratios of their medians hold.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

_WARM_UP_CALLS: Final = 20
_SLICE_S: Final = 0.02


@dataclass(frozen=True)
class Timing:
    """Latency of one function over all its calls.

    Attributes:
        name: Of the function.
        calls: How many were timed.
        p50_ms: Median, in milliseconds.
        p10_ms: A tenth of the calls were quicker.
        p90_ms: A tenth of the calls were slower.
    """

    name: str
    calls: int
    p50_ms: float
    p10_ms: float
    p90_ms: float


def time_interleaved(
    functions: Mapping[str, Callable[[], object]], *, rounds: int
) -> dict[str, Timing]:
    """Time functions in turns.

    Args:
        functions: Name to a function without arguments.
        rounds: How many turns each gets; a turn is some 20 ms of calls, at least one.

    Returns:
        Name to timing, in the order given.
    """
    calls_a_turn = {name: _calls_in_a_slice(function) for name, function in functions.items()}
    seconds: dict[str, list[float]] = {name: [] for name in functions}
    for _ in range(rounds):
        for name, function in functions.items():
            for _ in range(calls_a_turn[name]):
                started_s = time.perf_counter()
                function()
                seconds[name].append(time.perf_counter() - started_s)
    return {name: _timing(name, np.array(values)) for name, values in seconds.items()}


def _calls_in_a_slice(function: Callable[[], object]) -> int:
    """Warm up, then see how many calls fit into a slice."""
    elapsed_s = 0.0
    for _ in range(_WARM_UP_CALLS):
        started_s = time.perf_counter()
        function()
        elapsed_s = time.perf_counter() - started_s
    return max(1, int(_SLICE_S / max(elapsed_s, 1e-9)))


def _timing(name: str, seconds: NDArray[np.float64]) -> Timing:
    p10, p50, p90 = (1000 * np.percentile(seconds, (10, 50, 90))).tolist()
    return Timing(name, len(seconds), p50, p10, p90)
