"""Tesseract as a reader of pages, called as the program that Debian packages."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import time
from pathlib import Path
from typing import Final

from edge_bench.reading.results import Reading
from edge_infer.errors import MissingExtraError, RunError

HOW_TO_INSTALL: Final = "apt-get install tesseract-ocr"
DIGITS: Final = "0123456789"
# 6 takes the page for one block of text; 11, which finds text wherever it stands, made four
# errors more on 227 glyphs of 40 photographs (147 against 143).
PAGE_SEGMENTATION: Final = 6
_TIMEOUT_S: Final = 600


class Tesseract:
    """The program ``tesseract`` with its English model, told to expect digits alone."""

    name = "Tesseract"

    def __init__(self, program: str = "tesseract") -> None:
        """Find the program.

        Raises:
            MissingExtraError: It is not installed; the message says how to.
        """
        path = shutil.which(program)
        if path is None:
            raise MissingExtraError(f"Tesseract is not installed: {HOW_TO_INSTALL}")
        self._path = path
        version = re.search(r"\d+(\.\d+)+", self._call("--version"))
        self.how = (
            f"{version[0] if version else 'version unknown'}, --psm {PAGE_SEGMENTATION}, whitelist "
            f"{DIGITS}; a process a page, its start included in the time"
        )

    def read(self, path: Path) -> Reading:
        """Read a picture file.

        Raises:
            RunError: The program fails.
        """
        began_s, began_cpu_s = time.perf_counter(), _children_cpu_s()
        whitelist = f"tessedit_char_whitelist={DIGITS}"
        text = self._call(
            str(path.resolve()), "-", "--psm", str(PAGE_SEGMENTATION), "-c", whitelist
        )
        return Reading(
            rows=digit_rows(text.splitlines()),
            elapsed_ms=1e3 * (time.perf_counter() - began_s),
            cpu_ms=1e3 * (_children_cpu_s() - began_cpu_s),
        )

    def _call(self, *words: str) -> str:
        one_thread = {**os.environ, "OMP_THREAD_LIMIT": "1"}
        try:
            done = subprocess.run(
                [self._path, *words],
                capture_output=True,
                encoding="utf-8",
                errors="replace",
                env=one_thread,
                timeout=_TIMEOUT_S,
                check=True,
            )
        except subprocess.CalledProcessError as error:
            said = str(error.stderr).strip().splitlines() or ["nothing"]
            raise RunError(f"Tesseract failed and said: {said[-1]}") from error
        except (OSError, subprocess.TimeoutExpired) as error:
            raise RunError(f"Tesseract failed: {error}") from error
        return done.stdout


def digit_rows(rows: list[str]) -> tuple[str, ...]:
    """Keep the digits 0-9 of each row, and the rows that have any."""
    kept = ("".join(glyph for glyph in row if glyph in DIGITS) for row in rows)
    return tuple(row for row in kept if row)


def _children_cpu_s() -> float:
    """Return the processor time of the processes that this one has waited for."""
    times = os.times()
    return times.children_user + times.children_system
