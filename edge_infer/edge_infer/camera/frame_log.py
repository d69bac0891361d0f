"""One JSON object a frame, for the program that reads along."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, TextIO

from edge_infer.camera.live import FrameResult, SeenDigit
from edge_infer.errors import OutputError

STANDARD_OUTPUT: Final = "-"


class FrameLog:
    """Writes results as JSON Lines, each line at once."""

    def __init__(self, stream: TextIO, name: str) -> None:
        """Write to an open stream; ``name`` is for errors."""
        self._stream = stream
        self._name = name

    def write(self, result: FrameResult) -> bool:
        """Write one result.

        Returns:
            False when nobody reads any more, as after `| head`.

        Raises:
            OutputError: It cannot be written.
        """
        try:
            self._stream.write(json.dumps(frame_document(result), ensure_ascii=False) + "\n")
            self._stream.flush()
        except BrokenPipeError:
            _forget_output(self._stream)
            return False
        except OSError as error:
            raise OutputError(f"cannot write {self._name}: {error.strerror}") from error
        return True


@contextmanager
def frame_log(target: str, *, overwrite: bool) -> Generator[FrameLog]:
    """Open a log in a file, or on standard output for ``"-"``.

    The file grows a line at a time and is readable meanwhile, so it is written in place.

    Raises:
        OutputError: It exists and may not be replaced, or cannot be written.
    """
    if target == STANDARD_OUTPUT:
        yield FrameLog(sys.stdout, "standard output")
        return
    path = Path(target)
    # A pipe or a terminal exists and is written to all the same.
    if path.is_file() and not overwrite:
        raise OutputError(f"{path} exists already; give --force to replace it", code="exists")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        stream = path.open("w", encoding="utf-8")
    except OSError as error:
        raise OutputError(f"cannot write {path}: {error.strerror}", code="unwritable") from error
    with stream:
        yield FrameLog(stream, str(path))


def frame_document(result: FrameResult) -> dict[str, Any]:
    """Return what a line says: frame, time_s, latency_ms and the digits in reading order."""
    return {
        "frame": result.frame.index,
        "time_s": round(result.frame.time_s, 3),
        "latency_ms": round(result.latency_ms, 3),
        "digits": [_digit_document(digit) for digit in result.digits],
    }


def _digit_document(digit: SeenDigit) -> dict[str, Any]:
    box = digit.box
    return {
        "label": digit.label,
        "confidence": round(digit.confidence, 4),
        "box": [box.x, box.y, box.width, box.height],
        "rejected": digit.rejected,
    }


def _forget_output(stream: TextIO) -> None:
    """Point a broken pipe at nothing: flushing it again at exit must not fail."""
    with Path(os.devnull).open("wb") as nowhere:
        os.dup2(nowhere.fileno(), stream.fileno())
