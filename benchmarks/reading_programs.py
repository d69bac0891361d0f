"""Programs that read a page, a class each, and the errors that they make on a known page.

The programs to compare with are in ``PEERS`` by name.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from edge_infer.boxes import Box, reading_order
from edge_infer.errors import DataError, EdgeMnistError, MissingExtraError, RunError
from edge_infer.io.images import read_image
from edge_infer.io.json_records import read_record
from edge_infer.page import PageReader

ANY_GLYPH: Final = "?"
DIGITS: Final = "0123456789"
_WORKER: Final = Path(__file__).with_name("rapidocr_worker.py")
_TIMEOUT_S: Final = 600


class Program(ABC):
    """A program that reads pages.

    Attributes:
        name: Name for people.
        how: Version and settings, and what its time includes.
    """

    name: str
    how: str

    @abstractmethod
    def read(self, path: Path) -> list[str]:
        """Return the glyphs of each row of a picture file; raise EdgeMnistError on failure."""

    def cpu_s(self) -> float:
        """Return the processor time that the program has used so far, in seconds."""
        return time.process_time()

    def close(self) -> None:  # noqa: B027 - most programs have no processes
        """End the processes of the program."""


class EdgeMnist(Program):
    """The reader of this project; ``model`` None stands for the shipped model for pages."""

    name = "edge-mnist"

    def __init__(self, model: str | None = None) -> None:
        self.reader = PageReader.load(model)
        label = self.reader.classifier.metadata.preset if model is None else Path(model).name
        self.how = f"model {label}; time from the picture's file, decoding included"

    def read(self, path: Path) -> list[str]:
        """Read a picture file."""
        return [line.text for line in self.reader.read(read_image(path)).lines]


class Tesseract(Program):
    """The program ``tesseract`` with its English model, limited to digits."""

    name = "Tesseract"
    # One block of text: four errors fewer on 227 glyphs than 11, text at any place.
    options = ("--psm", "6", "-c", f"tessedit_char_whitelist={DIGITS}")

    def __init__(self) -> None:
        version = re.search(r"\d+(\.\d+)+", self._call("--version"))
        self.how = (
            f"{version[0] if version else 'version unknown'}, {' '.join(self.options)}; a process "
            "for each page, its start included in the time"
        )

    def read(self, path: Path) -> list[str]:
        """Read a picture file."""
        return digit_rows(self._call(str(path.resolve()), "-", *self.options).splitlines())

    def cpu_s(self) -> float:
        """Return the processor time of all child processes that have ended."""
        times = os.times()
        return times.children_user + times.children_system

    def _call(self, *words: str) -> str:
        try:
            return subprocess.run(
                ["tesseract", *words],
                capture_output=True,
                encoding="utf-8",
                errors="replace",
                env={**os.environ, "OMP_THREAD_LIMIT": "1"},
                timeout=_TIMEOUT_S,
                check=True,
            ).stdout
        except FileNotFoundError as error:
            message = "Tesseract is not installed: apt-get install tesseract-ocr"
            raise MissingExtraError(message) from error
        except (OSError, subprocess.SubprocessError) as error:
            lines = str(getattr(error, "stderr", None) or error).strip().splitlines()
            raise RunError(f"Tesseract failed: {lines[-1]}") from error


class RapidOcr(Program):
    """RapidOCR in a process of its own, ``rapidocr_worker.py``, which keeps the models loaded."""

    name = "RapidOCR"

    def __init__(self, python: str = sys.executable) -> None:
        try:
            self._process = subprocess.Popen(
                [python, str(_WORKER)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                encoding="utf-8",
            )
        except OSError as error:
            raise MissingExtraError(f"RapidOCR: cannot start {python}: {error.strerror}") from error
        try:
            version = self._receive()["version"]
        except RunError as error:
            self.close()
            raise MissingExtraError(
                f"{error.message}; pip install 'edge-mnist[peers]', or name another interpreter "
                "that has rapidocr-onnxruntime with --rapidocr-python"
            ) from error
        self._cpu_s = 0.0
        self.how = f"{version}, one thread, models loaded before; its digits alone"

    def read(self, path: Path) -> list[str]:
        """Read a picture file."""
        assert self._process.stdin is not None
        with suppress(OSError):  # No answer will come from a process that has ended.
            self._process.stdin.write(f"{path.resolve()}\n")
            self._process.stdin.flush()
        answer = self._receive()
        self._cpu_s = float(answer["cpu_s"])
        texts = [str(piece["text"]) for piece in answer["pieces"]]
        order = reading_order([Box(*piece["box"]) for piece in answer["pieces"]])
        return digit_rows([texts[index] for index in order])

    def cpu_s(self) -> float:
        """Return the processor time of the process after its last page."""
        return self._cpu_s

    def close(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.communicate()

    def _receive(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        answer: dict[str, Any] = json.loads(line or '{"error": "its process has ended"}')
        if "error" in answer:
            raise RunError(f"RapidOCR: {answer['error']}")
        return answer


def digit_rows(rows: list[str]) -> list[str]:
    """Keep the digits 0-9 of each row, and the rows that have any."""
    kept = ("".join(glyph for glyph in row if glyph in DIGITS) for row in rows)
    return [row for row in kept if row]


# Each is started with the interpreter of ``--rapidocr-python``.
PEERS: Final[Mapping[str, Callable[[str], Program]]] = {
    "tesseract": lambda _: Tesseract(),
    "rapidocr": RapidOcr,
}


def edit_distance(truth: str, text: str) -> int:
    """Count substitutions, omissions and insertions (V. Levenshtein, 1966)."""
    costs = list(range(len(text) + 1))
    for row, wanted in enumerate(truth, 1):
        before, costs = costs, [row]
        for column, found in enumerate(text):
            substitution = before[column] + (wanted not in {found, ANY_GLYPH})
            costs.append(min(substitution, before[column + 1] + 1, costs[-1] + 1))
    return costs[-1]


def multiset_distance(truth: str, text: str) -> int:
    """Count the glyphs without a partner in the other text; a substitution counts once."""
    wanted, found = Counter(truth), Counter(text)
    any_glyphs = wanted.pop(ANY_GLYPH, 0)
    missing, extra = (wanted - found).total(), (found - wanted).total()
    return max(missing + max(0, any_glyphs - extra), extra - any_glyphs)


# Layout to the errors between truth and reading, all rows joined: a row cut in two costs
# nothing. Scattered glyphs have no order.
DISTANCES: Final[Mapping[str, Callable[[str, str], int]]] = {
    "rows": edit_distance,
    "scattered": multiset_distance,
}


@dataclass(frozen=True, kw_only=True)
class TruePage:
    """One page of a truth file: its rows from top to bottom; ``layout`` is a key of DISTANCES."""

    file: str
    truth: tuple[str, ...]
    layout: str


def load_truth(path: Path) -> tuple[TruePage, ...]:
    """Load a truth file.

    Raises:
        DataError: The file is missing, malformed or holds no glyph.
    """
    try:
        entries = json.loads(path.read_text(encoding="utf-8"))
        pages = tuple(
            read_record(TruePage, entry, f"{path}[{index}]", error=DataError)
            for index, entry in enumerate(entries)
        )
    except (OSError, ValueError, TypeError) as error:
        raise DataError(f"cannot read the truth {path}: {error}; name it with --truth") from error
    if unknown := {page.layout for page in pages} - set(DISTANCES):
        raise DataError(f"{path}: layout must be rows or scattered, found {', '.join(unknown)}")
    if not any("".join(page.truth) for page in pages):
        raise DataError(f"{path} holds no glyph: there is nothing to score", code="empty")
    return pages


def read_page(program: Program, page: TruePage, photo: Path) -> dict[str, Any]:
    """Read a page with a program; return the truth, the reading, its errors and its times.

    ``errors`` is at most the number of glyphs of the truth: noise that is read on one page must
    not outweigh all others.
    """
    rows, message = [], None
    began_s, began_cpu_s = time.perf_counter(), program.cpu_s()
    try:
        rows = program.read(photo)
    except EdgeMnistError as error:
        message = error.message
    elapsed_s, cpu_s = time.perf_counter() - began_s, program.cpu_s() - began_cpu_s
    truth = "".join(page.truth)
    errors = DISTANCES[page.layout](truth, "".join(rows))
    return {
        **asdict(page),
        "rows": rows,
        "glyphs": len(truth),
        "errors": min(errors, len(truth)),
        "is_exact": errors == 0 and message is None,
        "elapsed_ms": round(1e3 * elapsed_s, 3),
        "cpu_ms": round(1e3 * cpu_s, 3),
        "error": message,
    }
