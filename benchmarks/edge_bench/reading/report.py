"""The report of what was measured on a folder of pages, as Markdown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from edge_bench.family.markdown import NOTHING, percent, table
from edge_bench.reading.results import (
    PageResult,
    ReaderResult,
    ReadingResults,
    SinglesResult,
    missed,
    what_is_wrong,
)

_HEADINGS: Final = (
    *("program", "character error rate", "errors", "pages exact"),
    *("time a page, median", "90 %", "processor time, median"),
)


def write_report(results: ReadingResults, *, every_page: bool = True) -> str:
    """Write the report: the table of programs, single digits, and the misses and every page.

    Args:
        results: Of one call.
        every_page: Whether to tell of single pages, which may be someone's.
    """
    own = results.readers[0]
    lines = [
        "# Reading pages of handwriting",
        "",
        f"Made by `{results.command}` on {results.machine}, {results.measured_at[:10]}.",
        "",
        *summary_lines(results),
        *(_misses(own) if every_page else ()),
        *_singles(results.singles),
        *(_pages(results.readers) if every_page else ()),
    ]
    return "\n".join(lines)


def summary_lines(results: ReadingResults) -> list[str]:
    """Write the table of programs, what is behind each, and what is missing."""
    own = results.readers[0]
    return [
        f"{len(own.pages)} pages, {own.glyphs} glyphs. Errors are the edit distance of the rows "
        "one after the other, that of multisets where glyphs are scattered, at most the length "
        "of the truth; `?` in the truth is any one glyph. All programs read each page in turn "
        "on one core.",
        "",
        *table(
            _HEADINGS,
            [_summary_row(reader) for reader in results.readers],
        ),
        *(f"- {reader.name}: {reader.how}." for reader in results.readers),
        *(f"- Left out: {line}." for line in results.absent),
        "",
    ]


def singles_lines(singles: Sequence[SinglesResult]) -> list[str]:
    """Write the table of single digits, a row a model; nothing without models."""
    if not singles:
        return []
    names = [score.name for score in singles[0].sets]
    rows = [
        (each.model, *(f"{percent(s.correct / s.n)} ({s.correct:,}/{s.n:,})" for s in each.sets))
        for each in singles
    ]
    return table(("model", *names), rows)


def _summary_row(reader: ReaderResult) -> tuple[str, ...]:
    return (
        reader.name,
        percent(reader.error_rate),
        f"{reader.errors}/{reader.glyphs}",
        f"{reader.exact}/{len(reader.pages)} ({percent(reader.exact / len(reader.pages), 0)})",
        *(_milliseconds(value) for value in (reader.p50_ms, reader.p90_ms, reader.cpu_p50_ms)),
    )


def _misses(own: ReaderResult) -> list[str]:
    pages = missed(own.pages)
    if not pages:
        return [f"## Misses of {own.name}", "", "None.", ""]
    rows = [
        (_cell(f"{number} {page.file}"), _truth(page), _text(page), _cell(what_is_wrong(page)))
        for number, page in pages
    ]
    return [f"## Misses of {own.name}", "", *table(("page", "truth", "read", "wrong"), rows)]


def _singles(singles: Sequence[SinglesResult]) -> list[str]:
    if not singles:
        return []
    told = "Pictures as they are, right through `Classifier.classify`."
    return ["## Single digits", "", told, "", *singles_lines(singles)]


def _pages(readers: Sequence[ReaderResult]) -> list[str]:
    """Write what every program made of every page."""
    rows = [
        (
            _cell(f"{number} {pages[0].file}"),
            _truth(pages[0]),
            *(_text(page) for page in pages),
            _milliseconds(pages[0].elapsed_ms),
        )
        for number, pages in enumerate(zip(*(reader.pages for reader in readers), strict=True), 1)
    ]
    headings = ("page", "truth", *(reader.name for reader in readers), "time")
    return ["## Every page", "", *table(headings, rows)]


def _truth(page: PageResult) -> str:
    return _cell(" / ".join(page.truth)) + (", scattered" if page.is_scattered else "")


def _text(page: PageResult) -> str:
    if page.error is not None:
        return _cell(page.error)
    return _cell(" / ".join(page.rows)) or NOTHING


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _milliseconds(value_ms: float) -> str:
    return f"{value_ms:,.0f} ms" if value_ms >= 100 else f"{value_ms:.1f} ms"
