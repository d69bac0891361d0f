"""The programs that ``reading.py`` compares: a class each; the peers by name in ``PEERS``."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final, Protocol

from edge_bench.json_process import JsonProcess
from edge_infer.boxes import Box, reading_order
from edge_infer.errors import MissingExtraError, RunError
from edge_infer.io.images import read_image
from edge_infer.page import PageReader

DIGITS: Final = "0123456789"
_WORKER: Final = Path(__file__).with_name("rapidocr_worker.py")
_TIMEOUT_S: Final = 600


class Program(Protocol):
    """A program that reads pages.

    Attributes:
        name: Name for people.
        how: Version and settings, and what its time includes.
    """

    name: str
    how: str

    def read(self, path: Path) -> tuple[str, ...]:
        """Return the glyphs of each row of a picture file; raise EdgeMnistError on failure."""
        ...

    def cpu_s(self) -> float:
        """Return the processor time that the program has used so far, in seconds."""
        ...

    def close(self) -> None:
        """End the processes of the program."""
        ...


class EdgeMnist:
    """The reader of this project; ``model`` None stands for the shipped model for pages."""

    name = "edge-mnist"

    def __init__(self, model: str | None = None) -> None:
        self.reader = PageReader.load(model)
        label = self.reader.classifier.metadata.preset if model is None else Path(model).name
        self.how = f"model {label}; time from the picture's file, decoding included"

    def read(self, path: Path) -> tuple[str, ...]:
        """Read a picture file."""
        return tuple(line.text for line in self.reader.read(read_image(path)).lines)

    def cpu_s(self) -> float:
        """Return the processor time of this process."""
        return time.process_time()

    def close(self) -> None:
        """Do nothing."""


class Tesseract:
    """The program ``tesseract`` with its English model, limited to digits."""

    name = "Tesseract"
    # One block of text: four errors fewer on 227 glyphs than 11, text at any place.
    options = ("--psm", "6", "-c", f"tessedit_char_whitelist={DIGITS}")

    def __init__(self, program: str = "tesseract") -> None:
        path = shutil.which(program)
        if path is None:
            raise MissingExtraError("Tesseract is not installed: apt-get install tesseract-ocr")
        self._path = path
        version = re.search(r"\d+(\.\d+)+", self._call("--version"))
        self.how = (
            f"{version[0] if version else 'version unknown'}, {' '.join(self.options)}; a process "
            "for each page, its start included in the time"
        )

    def read(self, path: Path) -> tuple[str, ...]:
        """Read a picture file."""
        return digit_rows(self._call(str(path.resolve()), "-", *self.options).splitlines())

    def cpu_s(self) -> float:
        """Return the processor time of all child processes that have ended."""
        times = os.times()
        return times.children_user + times.children_system

    def close(self) -> None:
        """Do nothing."""

    def _call(self, *words: str) -> str:
        try:
            return subprocess.run(
                [self._path, *words],
                capture_output=True,
                encoding="utf-8",
                errors="replace",
                env={**os.environ, "OMP_THREAD_LIMIT": "1"},
                timeout=_TIMEOUT_S,
                check=True,
            ).stdout
        except (OSError, subprocess.SubprocessError) as error:
            lines = str(getattr(error, "stderr", None) or error).strip().splitlines()
            raise RunError(f"Tesseract failed: {lines[-1]}") from error


class RapidOcr:
    """RapidOCR in a process of its own, which keeps the models loaded."""

    name = "RapidOCR"

    def __init__(self, python: str | None = None) -> None:
        self._process = JsonProcess(
            self.name,
            [python or sys.executable, str(_WORKER)],
            how_to_install="pip install 'edge-mnist[peers]', or install rapidocr-onnxruntime for "
            "another interpreter and name that with --rapidocr-python",
        )
        self._cpu_s = 0.0
        self.how = f"{self._process.version}, one thread, models loaded before; its digits alone"

    def read(self, path: Path) -> tuple[str, ...]:
        """Read a picture file."""
        answer = self._process.request({"file": str(path.resolve())}, about=path.name)
        self._cpu_s = float(answer["cpu_s"])
        texts = [str(piece["text"]) for piece in answer["pieces"]]
        order = reading_order([Box(*piece["box"]) for piece in answer["pieces"]])
        return digit_rows([texts[index] for index in order])

    def cpu_s(self) -> float:
        """Return the processor time of the process after its last page."""
        return self._cpu_s

    def close(self) -> None:
        """End the process."""
        self._process.close()


def digit_rows(rows: list[str]) -> tuple[str, ...]:
    """Keep the digits 0-9 of each row, and the rows that have any."""
    kept = ("".join(glyph for glyph in row if glyph in DIGITS) for row in rows)
    return tuple(row for row in kept if row)


# Each is started with the interpreter of ``--rapidocr-python``.
PEERS: Final[Mapping[str, Callable[[str | None], Program]]] = {
    "tesseract": lambda _: Tesseract(),
    "rapidocr": RapidOcr,
}
