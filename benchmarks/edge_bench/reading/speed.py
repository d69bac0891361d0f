"""How long a page takes, by its size and by the digits on it."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any, Final

from edge_bench.family.markdown import NOTHING, table
from edge_bench.reading.score import compare_rows
from edge_bench.reading.speed_pages import SpeedPage
from edge_infer.page import PageReader

SIZES_PX: Final = (300, 600, 1200, 2400, 4000)
DIGITS: Final = (1, 5, 20, 50, 100)
ROUNDS: Final = 15


@dataclass(frozen=True, kw_only=True)
class SpeedRow:
    """One page, read many times.

    Attributes:
        size_px: Its longer side.
        megapixels: Of the picture.
        digits: On it.
        errors: Wrong glyphs: where there are many, it is another page that was timed.
        p50_ms: Median time of ``PageReader.read``.
        cpu_p50_ms: Median processor time: on a busy machine the other one waits as well.
    """

    size_px: int
    megapixels: float
    digits: int
    errors: int
    p50_ms: float
    cpu_p50_ms: float


def time_pages(
    reader: PageReader, pages: Sequence[SpeedPage], *, rounds: int = ROUNDS
) -> tuple[SpeedRow, ...]:
    """Read all pages in turns, after one turn that does not count.

    Args:
        reader: Of one thread.
        pages: Any number.
        rounds: How often each is read, at least once.
    """
    times: list[list[tuple[float, float]]] = [[] for _ in pages]
    texts = ["".join(reader.read(page.image).text.split()) for page in pages]
    for _ in range(rounds):
        for page, taken in zip(pages, times, strict=True):
            taken.append(_time(reader, page))
    return tuple(
        SpeedRow(
            size_px=page.size_px,
            megapixels=round(page.megapixels, 3),
            digits=page.digits,
            errors=len(compare_rows(page.text, text)),
            p50_ms=round(statistics.median(elapsed for elapsed, _ in taken), 3),
            cpu_p50_ms=round(statistics.median(cpu for _, cpu in taken), 3),
        )
        for page, text, taken in zip(pages, texts, times, strict=True)
    )


def speed_report(rows: Sequence[SpeedRow], machine: str) -> str:
    """Write the tables as Markdown: median times, and what each step up costs."""
    lines = [
        "# How long a page takes",
        "",
        f"{machine}; one process on one core, all pages in turns. Milliseconds of "
        "`PageReader.read` by the longer side of the picture and by the digits on it: median "
        "time, and median processor time in parentheses.",
        "",
        *_grid(rows, lambda row: f"{row.p50_ms:.1f} ({row.cpu_p50_ms:.1f})"),
        "Further processor milliseconds for a further megapixel, from the size before: equal "
        "where time grows in proportion.",
        "",
        *_grid(rows, lambda row: _slope(row, _before(row, rows, "size_px"), "megapixels")),
        "Further processor milliseconds for a further digit, from the number before.",
        "",
        *_grid(rows, lambda row: _slope(row, _before(row, rows, "digits"), "digits")),
        "Wrong glyphs on these pages, which are drawn.",
        "",
        *_grid(rows, lambda row: str(row.errors)),
    ]
    return "\n".join(lines)


def to_json_values(rows: Iterable[SpeedRow], machine: str) -> dict[str, Any]:
    """Return the rows as plain JSON values."""
    return {"format_version": 1, "machine": machine, "pages": [asdict(row) for row in rows]}


def _time(reader: PageReader, page: SpeedPage) -> tuple[float, float]:
    began_s, began_cpu_s = time.perf_counter(), time.process_time()
    reader.read(page.image)
    return 1e3 * (time.perf_counter() - began_s), 1e3 * (time.process_time() - began_cpu_s)


def _grid(rows: Sequence[SpeedRow], cell: Callable[[SpeedRow], str]) -> list[str]:
    """Lay cells out: sizes down, numbers of digits across."""
    counts = sorted({row.digits for row in rows})
    places = {(row.size_px, row.digits): cell(row) for row in rows}
    return table(
        ("pixels", *(f"{count} digits" if count > 1 else "1 digit" for count in counts)),
        [
            (f"{size:,}", *(places.get((size, count), NOTHING) for count in counts))
            for size in sorted({row.size_px for row in rows})
        ],
    )


def _before(row: SpeedRow, rows: Sequence[SpeedRow], axis: str) -> SpeedRow | None:
    """Return the row one step below on an axis, equal on the other."""
    other = "digits" if axis == "size_px" else "size_px"
    alike = [each for each in rows if getattr(each, other) == getattr(row, other)]
    alike.sort(key=lambda each: getattr(each, axis))
    return next((low for low, high in pairwise(alike) if high is row), None)


def _slope(row: SpeedRow, before: SpeedRow | None, axis: str) -> str:
    if before is None:
        return NOTHING
    step = getattr(row, axis) - getattr(before, axis)
    return f"{(row.cpu_p50_ms - before.cpu_p50_ms) / step:.2f}"
