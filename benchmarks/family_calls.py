"""Calling ``edge-mnist`` so that neither side outlives the other unnoticed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from edge_infer.errors import RunError

_EDGE_MNIST: Final = (sys.executable, "-m", "edge_mnist")
_EXIT_INTERRUPTED: Final = 130
_GRACE_S: Final = 2
_PATIENCE_S: Final = 30


class CommandLine:
    """Calls ``edge-mnist``; what it prints passes through, or goes to a file."""

    def __init__(self) -> None:
        self._children: set[subprocess.Popen[bytes]] = set()

    def call(self, words: Sequence[str], log: Path | None, lock: int | None = None) -> None:
        """Run a verb to its end.

        Args:
            words: What follows ``edge-mnist``.
            log: Where what it prints is added to; None for the terminal.
            lock: A file descriptor that it holds too, for as long as it lives.

        Raises:
            KeyboardInterrupt: It was interrupted.
            RunError: It failed.
        """
        if log is None:
            returncode = self._wait([*_EDGE_MNIST, *words], None, lock)
        else:
            with log.open("ab") as file:
                returncode = self._wait([*_EDGE_MNIST, *words], file, lock)
        if returncode in {_EXIT_INTERRUPTED, -signal.SIGINT, -signal.SIGTERM}:
            raise KeyboardInterrupt
        if returncode:
            place = f", see {log}" if log else ""
            raise RunError(f"`edge-mnist {' '.join(words)}` ended with {returncode}{place}")

    def stop(self) -> None:
        """Interrupt what runs, and wait until it is gone."""
        for child in tuple(self._children):
            # Ctrl-C on a terminal has reached it already.
            if not _has_ended(child, _GRACE_S):
                child.send_signal(signal.SIGINT)
                if not _has_ended(child, _PATIENCE_S):
                    child.kill()

    def _wait(self, command: list[str], output: Any, lock: int | None) -> int:
        kept = () if lock is None else (lock,)
        child = subprocess.Popen(command, stdout=output, stderr=output, pass_fds=kept)
        self._children.add(child)
        returncode = child.wait()
        self._children.discard(child)
        return returncode


def _has_ended(child: subprocess.Popen[bytes], within_s: float) -> bool:
    try:
        child.wait(within_s)
    except subprocess.TimeoutExpired:
        return False
    return True


@contextmanager
def alone_in(folder: Path) -> Generator[int | None]:
    """Wait until no other call works in a folder; yield the lock, for a training to hold.

    A call that was killed may have left its training behind, which goes on.
    """
    if sys.platform == "win32":
        yield None
        return
    import fcntl

    lock = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print(
                f"family: waiting for another process to end its work in {folder}", file=sys.stderr
            )
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield lock
    finally:
        os.close(lock)
