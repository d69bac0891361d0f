"""RapidOCR as a reader of pages, in a process that keeps its models loaded."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from edge_bench.json_process import JsonProcess
from edge_bench.reading.results import Reading
from edge_bench.reading.tesseract import digit_rows
from edge_infer.boxes import Box, reading_order

HOW_TO_INSTALL: Final = (
    "pip install 'edge-mnist[peers]', or install rapidocr-onnxruntime for another interpreter "
    "and name it with --rapidocr-python"
)
WORKER: Final = Path(__file__).with_name("rapidocr_worker.py")


class RapidOcr(JsonProcess):
    """A reader, and a context manager; the worker ends with it."""

    def __init__(self, python: str | None = None, *, worker: Path = WORKER) -> None:
        """Start the worker and wait until its models are loaded.

        Args:
            python: The interpreter that has RapidOCR; None for this one.
            worker: The script that it runs.

        Raises:
            MissingExtraError: It is not installed there; the message says how to.
            RunError: The worker speaks another language.
        """
        words = [python or sys.executable, str(worker)]
        super().__init__("RapidOCR", words, how_to_install=HOW_TO_INSTALL)
        self.how = f"{self.version}, one thread, loaded before; its digits alone"

    def read(self, path: Path) -> Reading:
        """Read a picture file.

        Raises:
            RunError: The worker fails on it, or has ended.
        """
        answer = self.ask({"file": str(path.resolve())}, about=path.name)
        pieces = [(str(piece["text"]), Box(*piece["box"])) for piece in answer["pieces"]]
        return Reading(
            rows=rows_of(pieces),
            elapsed_ms=float(answer["elapsed_ms"]),
            cpu_ms=float(answer["cpu_ms"]),
        )


def rows_of(pieces: Sequence[tuple[str, Box]]) -> tuple[str, ...]:
    """Put pieces of text into reading order; a row each, its digits alone."""
    order = reading_order([box for _, box in pieces])
    return digit_rows([pieces[index][0] for index in order])
