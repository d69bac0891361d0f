"""Discard what C libraries print on stderr.

libpng, libjpeg and OpenCV write warnings about a bad file to file descriptor 2. The program
reports the same errors itself, and these lines would break its progress bar.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path


@contextmanager
def discard_native_stderr() -> Generator[None]:
    """Discard what is written to file descriptor 2, except through Python's ``sys.stderr``.

    This affects the whole process, so it belongs around the main loop of a program and not into
    a library. Without a file descriptor 2 it does nothing.
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
