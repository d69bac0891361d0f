"""What ``reading.py`` writes: reading.md, reading.json and the sheet of misses."""

from __future__ import annotations

import json
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_infer.io.atomic import atomic_path, write_text
from edge_infer.text import duration, markdown_table
from reading_score import TruePage

# A tile of the sheet: width and height of the page, height of its caption.
_TILE_PX: Final = (480, 330, 80)
_TILES_ACROSS: Final = 4


@dataclass(frozen=True, kw_only=True)
class PageResult:
    """The reading of one page by one program.

    Attributes:
        page: The truth.
        rows: Glyphs of each row as read.
        errors: Wrong glyphs, at most those of the truth: noise that is read on one page must
            not outweigh all others.
        is_exact: Whether nothing is wrong.
        elapsed_ms: Wall time from the picture's file to the text.
        cpu_ms: Processor time of the same.
        error: Message of a program that failed.
    """

    page: TruePage
    rows: tuple[str, ...]
    errors: int
    is_exact: bool
    elapsed_ms: float
    cpu_ms: float
    error: str | None = None


# Name of the program to its results, in the order of the truth file.
Pages = Mapping[str, Sequence[PageResult]]


def summarise(pages: Sequence[PageResult]) -> dict[str, float]:
    """Return the totals of one program; ``error_rate`` is errors by glyphs of the truth."""
    glyphs = sum(len(one.page.glyphs) for one in pages)
    errors = sum(one.errors for one in pages)
    times_ms = [one.elapsed_ms for one in pages]
    return {
        "pages": len(pages),
        "exact": sum(one.is_exact for one in pages),
        "glyphs": glyphs,
        "errors": errors,
        "error_rate": round(errors / glyphs, 6),
        "p50_ms": round(statistics.median(times_ms), 3),
        "p90_ms": round(float(np.percentile(times_ms, 90)), 3),
        "cpu_p50_ms": round(statistics.median(one.cpu_ms for one in pages), 3),
    }


def write_results(folder: Path, results: Mapping[str, Any], pages: Pages | None = None) -> None:
    """Write reading.json and reading.md, with every page where ``pages`` are given."""
    every_page = {name: [asdict(one) for one in found] for name, found in (pages or {}).items()}
    values = {**results, "pages": every_page} if pages else results
    write_text(folder / "reading.json", json.dumps(values, ensure_ascii=False, indent=1) + "\n")
    lines = [*report_lines(results), *(_page_table(pages) if pages else ())]
    write_text(folder / "reading.md", "\n".join(lines))


def report_lines(results: Mapping[str, Any]) -> list[str]:
    """Write the totals of all programs as lines of Markdown."""
    rows: list[tuple[str, ...]] = []
    for program in results["readers"]:
        one = program["summary"]
        errors = (f"{100 * one['error_rate']:.2f} %", f"{one['errors']}/{one['glyphs']}")
        exact = f"{one['exact']}/{one['pages']} ({100 * one['exact'] / one['pages']:.0f} %)"
        times = (duration(one[key] / 1e3) for key in ("p50_ms", "p90_ms", "cpu_p50_ms"))
        rows.append((program["name"], *errors, exact, *times))
    headings = ("program", "character error rate", "errors", "pages exact")
    times = ("time a page, median", "90 %", "processor time, median")
    return [
        "# Reading pages of handwriting",
        "",
        f"Made by `{results['command']}` on {results['machine']}, {results['measured_at'][:10]}. "
        "Errors are the edit distance of the joined rows, or between multisets where glyphs are "
        "scattered; at most the length of the truth. All programs read each page in turn on one "
        "core.",
        "",
        *markdown_table((*headings, *times), rows),
        *(f"- {program['name']}: {program['how']}." for program in results["readers"]),
        *(f"- Left out: {line}." for line in results["absent"]),
        "",
    ]


def _page_table(pages: Pages) -> list[str]:
    rows: list[tuple[str, ...]] = []
    for number, same in enumerate(zip(*pages.values(), strict=True), 1):
        page = same[0].page
        truth = " / ".join(page.truth) + (", scattered" if page.layout == "scattered" else "")
        read = (one.error or " / ".join(one.rows) or "-" for one in same)
        cells = (f"{number} {page.file}", truth, *read, str(same[0].errors))
        rows.append(tuple(cell.replace("|", "\\|") for cell in cells))
    headings = ("page", "truth", *pages, f"errors of {next(iter(pages))}")
    return ["## Every page", "", *markdown_table(headings, rows)]


def draw_tile(drawn: NDArray[np.uint8], number: int, result: PageResult) -> NDArray[np.uint8]:
    """Draw an annotated page, fitted to a tile, above its number, truth and reading.

    Args:
        drawn: uint8 (h, w, 3) BGR.
        number: Number of the page, from 1.
        result: What was read.

    Returns:
        uint8 (410, 490, 3) BGR.
    """
    width, height, caption_px = _TILE_PX
    scale = min(width / drawn.shape[1], height / drawn.shape[0])
    small = cv2.resize(drawn, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    tile = np.full((height + caption_px, width + 10, 3), 255, np.uint8)
    tile[: small.shape[0], : small.shape[1]] = small
    truth, read = " / ".join(result.page.truth), " / ".join(result.rows)
    caption = (f"{number} {result.page.file}", f"truth {truth}", f"read  {read}")
    for line, text in enumerate(caption, 1):
        place, font = (8, height + 22 * line), cv2.FONT_HERSHEY_DUPLEX
        cv2.putText(tile, text[:50], place, font, 0.5, (0, 0, 0), 1, cv2.LINE_AA)
    return tile


def write_sheet(path: Path, tiles: Sequence[NDArray[np.uint8]]) -> None:
    """Write tiles of one size in rows; without tiles remove the sheet."""
    path.unlink(missing_ok=True)
    if not tiles:
        return
    filled = [*tiles, *[np.full_like(tiles[0], 255)] * (-len(tiles) % _TILES_ACROSS)]
    rows = [filled[at : at + _TILES_ACROSS] for at in range(0, len(filled), _TILES_ACROSS)]
    with atomic_path(path) as temporary:
        cv2.imwrite(str(temporary), np.vstack([np.hstack(row) for row in rows]))
