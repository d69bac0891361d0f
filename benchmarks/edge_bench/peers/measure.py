"""Asking all runtimes in turns: accuracy first, then a slice of calls each, round by round."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from edge_bench.bootstrap import ratio_of_same_turns
from edge_bench.interleaved import Turn
from edge_bench.peers.process import PeerProcess
from edge_bench.peers.results import OURS, Latency
from edge_bench.peers.stacks import BATCHES, Stack
from edge_infer.errors import MissingExtraError, RunError

Notify = Callable[[str], None]
# Turns on several threads before one that counts: those of who went before may still wait by
# spinning, on the core that is needed now, and cores that rested take a while to be given out.
_UNCOUNTED: Final = 5


@dataclass
class Contender:
    """A runtime with the network in one form, and what was seen of it so far."""

    stack: Stack
    form: str
    version: str
    class_ids: NDArray[np.int64]
    latencies: list[Latency] = field(default_factory=list[Latency])

    @property
    def place(self) -> tuple[str, str]:
        """Key of the stack, and form."""
        return self.stack.key, self.form


@dataclass(frozen=True)
class Roster:
    """Who takes part, and why others do not."""

    contenders: dict[tuple[str, str], Contender] = field(
        default_factory=dict[tuple[str, str], Contender]
    )
    absent: list[str] = field(default_factory=list[str])


def measure(
    stacks: Sequence[Stack],
    folder: Path,
    threads: Sequence[int],
    rounds: int,
    notify: Notify,
) -> Roster:
    """Measure every runtime that can be had.

    Args:
        stacks: The runtimes, ours among them.
        folder: Files of the network.
        threads: Numbers of threads, one after the other; processes are started anew.
        rounds: Turns of each contender, batch and number of threads.
        notify: Told of every step in a line.

    Raises:
        RunError: Our own runtime fails.
    """
    roster = Roster()
    for count in threads:
        with ExitStack() as running:
            processes = [
                running.enter_context(process)
                for process in _start(stacks, folder, count, roster, notify)
            ]
            lanes = _lanes(processes, roster, notify)
            for batch in BATCHES:
                notify(f"timing batches of {batch} on {count} threads")
                _time(lanes, roster, count, batch, rounds)
    return roster


def _start(
    stacks: Sequence[Stack], folder: Path, threads: int, roster: Roster, notify: Notify
) -> Iterator[PeerProcess]:
    """Start one process after the other; who takes it ends it."""
    for stack in stacks:
        notify(f"starting {stack.name} on {threads} threads")
        try:
            yield PeerProcess(stack, threads, folder)
        except (MissingExtraError, RunError) as error:
            _leave_out(roster, stack.key, error.message)


def _lanes(
    processes: Sequence[PeerProcess], roster: Roster, notify: Notify
) -> dict[tuple[str, str], PeerProcess]:
    """Let each form answer all images; those that can are the ones to time."""
    lanes: dict[tuple[str, str], PeerProcess] = {}
    for process in processes:
        for form in process.stack.forms:
            place = process.stack.key, form
            notify(f"asking {process.stack.name}, {form}")
            try:
                class_ids = np.array(process.class_ids(form), np.int64)
            except RunError as error:
                _leave_out(roster, process.stack.key, error.message)
                continue
            new = Contender(process.stack, form, process.version, class_ids)
            roster.contenders.setdefault(place, new)
            lanes[place] = process
    return lanes


def _leave_out(roster: Roster, key: str, reason: str) -> None:
    if key == OURS[0]:
        raise RunError(reason)
    if reason not in roster.absent:
        roster.absent.append(reason)


def _time(
    lanes: Mapping[tuple[str, str], PeerProcess],
    roster: Roster,
    threads: int,
    batch: int,
    rounds: int,
) -> None:
    for (_, form), process in lanes.items():
        process.warm_up(form, batch)
    turns: dict[tuple[str, str], list[Turn]] = {place: [] for place in lanes}
    for _ in range(rounds):
        for place, process in lanes.items():
            for _ in range(_UNCOUNTED if threads > 1 else 0):
                process.turn(place[1], batch)
            turns[place].append(process.turn(place[1], batch))
    ours_us = _medians_us(turns[OURS])
    for place, taken in turns.items():
        calls = sum(len(turn.seconds) for turn in taken)
        latency = summarise(_medians_us(taken), ours_us, threads, batch, calls)
        roster.contenders[place].latencies.append(latency)


def _medians_us(turns: Sequence[Turn]) -> NDArray[np.float64]:
    return np.array([1e3 * turn.median_ms for turn in turns])


def summarise(
    times_us: NDArray[np.float64],
    ours_us: NDArray[np.float64],
    threads: int,
    batch: int,
    calls: int,
) -> Latency:
    """Compare the medians of turns with those of ours in the same rounds.

    Args:
        times_us: float64 (rounds,), microseconds.
        ours_us: Likewise.
        threads: Of both.
        batch: Of both.
        calls: That were timed.

    Returns:
        The ratio of medians with its 95 % interval.
    """
    against = ratio_of_same_turns(times_us, ours_us)
    return Latency(
        threads=threads,
        batch=batch,
        calls=calls,
        p50_us=round(float(np.median(times_us)), 2),
        turns_us=tuple(round(time_us, 2) for time_us in times_us.tolist()),
        ratio=round(against.ratio, 4),
        low=round(against.low, 4),
        high=round(against.high, 4),
    )
