"""Let Ctrl-C and SIGTERM end a loop between two rounds, not in the middle of one."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def stopped_by_signals(stop: Callable[[], None]) -> Generator[None]:
    """Let the first Ctrl-C or SIGTERM call ``stop``; a second one interrupts as always."""
    if threading.current_thread() is not threading.main_thread():
        # Only the main thread may set handlers; the caller's own stay.
        yield
        return
    watched = (signal.SIGINT, signal.SIGTERM)

    def handle(number: int, frame: FrameType | None) -> None:
        del number, frame
        stop()
        for one in watched:
            signal.signal(one, signal.default_int_handler)

    before = {one: signal.signal(one, handle) for one in watched}
    try:
        yield
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)
