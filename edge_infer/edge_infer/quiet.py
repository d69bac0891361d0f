"""Keep what C libraries print away from the terminal.

libpng, libjpeg and OpenCV write their complaints about a bad file straight to file
descriptor 2. The program says the same in its own words and in the right place, so
their lines would only break its output and its progress bar.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path


@contextmanager
def native_chatter_discarded() -> Generator[None]:
    """Discard what is written to file descriptor 2, but not Python's own stderr.

    It counts for the whole process, so it belongs around a program's main loop and not
    inside a library call. Where there is no file descriptor 2 it does nothing.
    """
    try:
        kept = os.dup(2)
    except OSError:
        yield
        return
    stderr = sys.stderr
    with os.fdopen(kept, "w", buffering=1, encoding="utf-8", errors="backslashreplace") as moved:
        _flush(stderr)
        with Path(os.devnull).open("wb") as nowhere:
            os.dup2(nowhere.fileno(), 2)
        if _writes_to_descriptor_2(stderr):
            sys.stderr = moved
        try:
            yield
        finally:
            _flush(moved)
            sys.stderr = stderr
            os.dup2(kept, 2)


def _writes_to_descriptor_2(stream: object) -> bool:
    fileno = getattr(stream, "fileno", None)
    try:
        return fileno is not None and fileno() == 2
    except OSError:
        return False


def _flush(stream: object) -> None:
    flush = getattr(stream, "flush", None)
    if flush is not None:
        with suppress(OSError, ValueError):
            flush()
