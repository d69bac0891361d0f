"""RapidOCR as a reader of pages, in a process that keeps its models loaded."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from edge_bench.reading.results import Reading
from edge_bench.reading.tesseract import digit_rows
from edge_infer.errors import MissingExtraError, RunError
from edge_infer.pieces import Box, reading_order

HOW_TO_INSTALL: Final = (
    "pip install 'edge-mnist[peers]', or install rapidocr-onnxruntime for another interpreter "
    "and name it with --rapidocr-python"
)
WORKER: Final = Path(__file__).with_name("rapidocr_worker.py")
_GOODBYE_S: Final = 5


class RapidOcr:
    """A context manager; the worker ends with it."""

    name = "RapidOCR"

    def __init__(self, python: str | None = None, *, worker: Path = WORKER) -> None:
        """Start the worker and wait until its models are loaded.

        Args:
            python: The interpreter that has RapidOCR; None for this one.
            worker: The script that it runs.

        Raises:
            MissingExtraError: It is not installed there; the message says how to.
            RunError: The worker cannot be started, or speaks another language.
        """
        python = python or sys.executable
        # A text mode line is a message: both sides flush after each.
        try:
            self._process = subprocess.Popen(
                [python, str(worker)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                encoding="utf-8",
            )
        except OSError as error:
            raise MissingExtraError(
                f"cannot start {python} for RapidOCR ({error.strerror}): {HOW_TO_INSTALL}"
            ) from error
        try:
            self.how = f"{self._greeting(python)}, one thread, loaded before; its digits alone"
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        """Return the reader."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End the worker."""
        self.close()

    def read(self, path: Path) -> Reading:
        """Read a picture file.

        Raises:
            RunError: The worker fails on it, or has ended.
        """
        answer = self._ask({"file": str(path.resolve())})
        if "error" in answer:
            raise RunError(f"RapidOCR failed: {answer['error']}")
        pieces = [(str(piece["text"]), Box(*piece["box"])) for piece in answer["pieces"]]
        return Reading(
            rows=rows_of(pieces),
            elapsed_ms=float(answer["elapsed_ms"]),
            cpu_ms=float(answer["cpu_ms"]),
        )

    def close(self) -> None:
        """End the worker, also one that hangs."""
        process = self._process
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with suppress(OSError):  # What was not sent to one that has died.
                    pipe.close()
        try:
            process.wait(_GOODBYE_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def _greeting(self, python: str) -> str:
        greeting = self._hear()
        if "missing" in greeting:
            raise MissingExtraError(f"RapidOCR is not installed for {python}: {HOW_TO_INSTALL}")
        return str(greeting["version"])

    def _ask(self, question: dict[str, Any]) -> dict[str, Any]:
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(question) + "\n")
            self._process.stdin.flush()
        except OSError as error:
            raise RunError("RapidOCR's process has ended") from error
        return self._hear()

    def _hear(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        try:
            answer: dict[str, Any] = json.loads(line)
        except ValueError as error:
            said = f"said {line.strip()!r}" if line else "ended without an answer"
            raise RunError(f"RapidOCR's process {said}") from error
        return answer


def rows_of(pieces: Sequence[tuple[str, Box]]) -> tuple[str, ...]:
    """Put pieces of text into reading order; a row each, its digits alone."""
    order = reading_order([box for _, box in pieces])
    return digit_rows([pieces[index][0] for index in order])
