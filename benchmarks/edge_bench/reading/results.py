"""What was measured of readers of pages, and ``reading.json``, which keeps it.

::

    {"format_version": 1, "machine": ..., "measured_at": ..., "command": ...,
     "absent": [...]              why a program that was asked for is not among the readers
     "readers": [
       {"name": ..., "how": ...,
        "summary": {...},         derived from the pages
        "pages": [{"file": ..., "truth": [...], "is_scattered": ..., "rows": [...],
                   "errors": ..., "is_exact": ..., "wrong": [...], "elapsed_ms": ...,
                   "cpu_ms": ...}]}],   and "error" where the program failed
     "singles": [{"model": ..., "sets": [{"name": ..., "correct": ..., "n": ...}]}]}
"""

from __future__ import annotations

import json
import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from edge_bench.reading.score import score_page
from edge_bench.reading.truth import TruePage
from edge_infer.io.atomic import write_text
from edge_infer.model.cards import HandwritingScore

FORMAT_VERSION: Final = 1
_NAMED: Final = 6


@dataclass(frozen=True, kw_only=True)
class Reading:
    """What a program made of one page.

    Attributes:
        rows: Glyphs in reading order.
        elapsed_ms: From the picture's file to the text.
        cpu_ms: Of that, at work: on a busy machine it waits as well.
        error: What it said instead of an answer.
    """

    rows: tuple[str, ...]
    elapsed_ms: float
    cpu_ms: float
    error: str | None = None


@dataclass(frozen=True, kw_only=True)
class PageResult:
    """A page, its truth, what was read and what of that is wrong.

    Attributes:
        file: Name of the picture.
        truth: Glyphs of each row; ``?`` for any.
        is_scattered: Whether they stand in no order.
        rows: As read.
        errors: Wrong glyphs, those of the truth at most.
        is_exact: Whether nothing is wrong.
        wrong: The differences in words.
        elapsed_ms: As of :class:`Reading`.
        cpu_ms: Likewise.
        error: Likewise.
    """

    file: str
    truth: tuple[str, ...]
    is_scattered: bool
    rows: tuple[str, ...]
    errors: int
    is_exact: bool
    wrong: tuple[str, ...]
    elapsed_ms: float
    cpu_ms: float
    error: str | None = None


@dataclass(frozen=True, kw_only=True)
class ReaderResult:
    """One program and all pages, one at least.

    Attributes:
        name: Of the program.
        how: Version and settings, and what its time contains.
        pages: In the order of the truth file.
    """

    name: str
    how: str
    pages: tuple[PageResult, ...]

    @property
    def glyphs(self) -> int:
        """In the truth of all pages."""
        return sum(len("".join(page.truth)) for page in self.pages)

    @property
    def errors(self) -> int:
        """Wrong glyphs."""
        return sum(page.errors for page in self.pages)

    @property
    def error_rate(self) -> float:
        """Wrong glyphs by glyphs of the truth, 0-1."""
        return self.errors / self.glyphs

    @property
    def exact(self) -> int:
        """Pages with nothing wrong."""
        return sum(page.is_exact for page in self.pages)

    @property
    def p50_ms(self) -> float:
        """Median time of a page."""
        return statistics.median(page.elapsed_ms for page in self.pages)

    @property
    def p90_ms(self) -> float:
        """A tenth of the pages took longer."""
        return float(np.percentile([page.elapsed_ms for page in self.pages], 90))

    @property
    def cpu_p50_ms(self) -> float:
        """Median processor time of a page."""
        return statistics.median(page.cpu_ms for page in self.pages)

    def summary(self) -> dict[str, float]:
        """Return the figures that follow from the pages."""
        names = ("pages", "exact", "glyphs", "errors", "error_rate", "p50_ms", "p90_ms")
        values = {name: getattr(self, name) for name in (*names, "cpu_p50_ms")}
        return {**values, "pages": len(self.pages)}


@dataclass(frozen=True)
class SinglesResult:
    """How a model names pictures of one digit each, as they are."""

    model: str
    sets: tuple[HandwritingScore, ...]


@dataclass(frozen=True, kw_only=True)
class ReadingResults:
    """All that one call of the script measured.

    Attributes:
        machine: CPU and cores.
        measured_at: UTC, ISO 8601.
        command: As anyone may repeat it.
        readers: Side by side on the same pages; one at least.
        singles: By model.
        absent: Why others were left out, a line each.
    """

    machine: str
    measured_at: str
    command: str
    readers: tuple[ReaderResult, ...]
    singles: tuple[SinglesResult, ...] = ()
    absent: tuple[str, ...] = ()

    def to_json_values(self, *, every_page: bool = True) -> dict[str, Any]:
        """Return the results, and what follows from them, as plain JSON values."""
        readers: list[dict[str, Any]] = []
        for reader in self.readers:
            values = {"name": reader.name, "how": reader.how, "summary": _rounded(reader.summary())}
            pages = [_rounded(asdict(page)) for page in reader.pages]
            readers.append({**values, "pages": pages} if every_page else values)
        return {"format_version": FORMAT_VERSION, **asdict(self), "readers": readers}

    def write(self, path: Path, *, every_page: bool = True) -> None:
        """Write the file in one piece."""
        values = self.to_json_values(every_page=every_page)
        write_text(path, json.dumps(values, ensure_ascii=False, indent=1) + "\n")


def judge(page: TruePage, reading: Reading) -> PageResult:
    """Score a reading; none at all leaves every glyph out."""
    score = score_page(page, "".join(reading.rows))
    return PageResult(
        file=page.file,
        truth=page.rows,
        is_scattered=page.is_scattered,
        rows=reading.rows,
        errors=score.errors,
        is_exact=score.is_exact and reading.error is None,
        wrong=tuple(str(difference) for difference in score.differences),
        elapsed_ms=reading.elapsed_ms,
        cpu_ms=reading.cpu_ms,
        error=reading.error,
    )


def missed(pages: Sequence[PageResult]) -> list[tuple[int, PageResult]]:
    """Return the pages that are not exact, each with its number from 1."""
    return [(number, page) for number, page in enumerate(pages, 1) if not page.is_exact]


def what_is_wrong(page: PageResult) -> str:
    """Name the first differences; of noise that was read there may be hundreds."""
    if page.error is not None:
        return page.error
    more = len(page.wrong) - _NAMED
    return ", ".join(page.wrong[:_NAMED]) + (f" and {more} more" if more > 0 else "")


def _rounded(values: dict[str, Any]) -> dict[str, Any]:
    """Leave out digits that no clock measures, and errors that did not happen."""
    return {
        name: round(value, 3 if name.endswith("_ms") else 6) if isinstance(value, float) else value
        for name, value in values.items()
        if name != "error" or value is not None
    }
