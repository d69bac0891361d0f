"""How accurately and how fast pages of handwriting are read, beside other programs.

Usage::

    python benchmarks/reading.py FOLDER                            # FOLDER/photos.json
    python benchmarks/reading.py FOLDER --peers tesseract rapidocr --rapidocr-python PATH
    python benchmarks/reading.py FOLDER --results benchmarks/results
    python benchmarks/reading.py --speed                           # drawn pages, by size

A truth file is a JSON list with an object per page: ``file``, ``truth`` (the glyphs of each row
from top to bottom; ``?`` stands for any one glyph) and ``layout``, ``rows`` or ``scattered``. The
photographs lie in FOLDER/photos, named as the truth file, or in FOLDER. ``--out`` gets reading.md,
reading.json and misses.png, which show every page; ``--results`` gets the totals only.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np

from edge_infer.errors import DataError, EdgeMnistError, MissingExtraError
from edge_infer.host import machine_name
from edge_infer.io.atomic import write_text
from edge_infer.io.images import read_image
from edge_infer.page import PageReader
from edge_infer.page.annotate import draw_page
from edge_infer.page.items import ReadPage
from edge_infer.text import duration, markdown_table
from edge_synth import draw_sized_page
from reading_programs import (
    PEERS,
    EdgeMnist,
    Program,
    edit_distance,
    load_truth,
    read_page,
)

OUT: Final = Path("runs/reading")
SIZES_PX: Final = (300, 600, 1200, 2400, 4000)
DIGITS: Final = (1, 5, 20, 50, 100)
_TILES_ACROSS: Final = 4

# Name of a program to a record for each page.
Pages = Mapping[str, Sequence[Mapping[str, Any]]]


def main(words: Sequence[str] | None = None) -> int:
    """Measure what the arguments name, print the tables and write them."""
    arguments = _arguments(sys.argv[1:] if words is None else words)
    if arguments.speed:
        reader = PageReader.load(arguments.model)
        report = speed_report(reader, SIZES_PX, DIGITS, rounds=arguments.rounds)
        write_text(arguments.out / "reading_speed.md", report)
        print(report)
        return 0
    results = measure_pages(arguments)
    totals = report_lines(results)
    reports = {arguments.out: (results, [*totals, *_page_table(results["pages"])])}
    if arguments.results:
        values = {key: value for key, value in results.items() if key != "pages"}
        reports[arguments.results] = values, totals
    for folder, (values, lines) in reports.items():
        text = json.dumps(values, ensure_ascii=False, indent=1)
        write_text(folder / "reading.json", text + "\n")
        write_text(folder / "reading.md", "\n".join(lines))
    print("\n".join(totals))
    return 0


def measure_pages(arguments: argparse.Namespace) -> dict[str, Any]:
    """Read every page with every program before the next page, so that all see the same load."""
    truth_path: Path = arguments.truth or arguments.folder / "photos.json"
    truth = load_truth(truth_path)
    photos = [_find(page.file, truth_path, arguments.folder) for page in truth]
    absent: list[str] = []
    with ExitStack() as stack:
        own = EdgeMnist(arguments.model)
        programs: list[Program] = [own]
        for name in arguments.peers:
            try:
                peer = PEERS[name](arguments.rapidocr_python)
            except MissingExtraError as error:
                absent.append(error.message)
            else:
                programs.append(stack.enter_context(closing(peer)))
        pages: dict[str, list[dict[str, Any]]] = {program.name: [] for program in programs}
        for page, photo in zip(truth, photos, strict=True):
            for program in programs:
                pages[program.name].append(read_page(program, page, photo))
            errors = ", ".join(f"{name} {found[-1]['errors']}" for name, found in pages.items())
            print(f"reading: {page.file}: errors {errors}", file=sys.stderr, flush=True)
    _write_misses(arguments.out / "misses.png", own.reader, photos, pages[own.name])
    return {
        "format_version": 1,
        "machine": machine_name(),
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": arguments.command,
        "readers": [
            {"name": each.name, "how": each.how, "summary": summarise(pages[each.name])}
            for each in programs
        ],
        "absent": absent,
        "pages": pages,
    }


def summarise(pages: Sequence[Mapping[str, Any]]) -> dict[str, float]:
    """Return the totals of one program; ``error_rate`` is errors by glyphs of the truth."""
    glyphs, errors = (sum(page[key] for page in pages) for key in ("glyphs", "errors"))
    times_ms = [page["elapsed_ms"] for page in pages]
    return {
        "pages": len(pages),
        "exact": sum(page["is_exact"] for page in pages),
        "glyphs": glyphs,
        "errors": errors,
        "error_rate": round(errors / glyphs, 6),
        "p50_ms": round(statistics.median(times_ms), 3),
        "p90_ms": round(float(np.percentile(times_ms, 90)), 3),
        "cpu_p50_ms": round(statistics.median(page["cpu_ms"] for page in pages), 3),
    }


def _find(file: str, truth: Path, folder: Path) -> Path:
    places = (folder / truth.stem / file, folder / file, truth.with_suffix("") / file)
    found = next((place for place in places if place.is_file()), None)
    if found is None:
        raise DataError(f"there is no photograph {places[0]} or {places[1]}", code="not_found")
    return found


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
        page = same[0]
        scattered = ", scattered" if page["layout"] == "scattered" else ""
        read = (one["error"] or " / ".join(one["rows"]) or "-" for one in same)
        truth = " / ".join(page["truth"]) + scattered
        cells = (f"{number} {page['file']}", truth, *read, str(page["errors"]))
        rows.append(tuple(cell.replace("|", "\\|") for cell in cells))
    headings = ("page", "truth", *pages, f"errors of {next(iter(pages))}")
    return ["## Every page", "", *markdown_table(headings, rows)]


def _write_misses(
    path: Path, reader: PageReader, photos: Sequence[Path], pages: Sequence[Mapping[str, Any]]
) -> None:
    """Draw all pages that were read and are not exact; remove the picture where there is none."""
    from matplotlib.figure import Figure

    missed = [
        (number, photo, page)
        for number, (photo, page) in enumerate(zip(photos, pages, strict=True), 1)
        if not page["is_exact"] and page["error"] is None
    ]
    path.unlink(missing_ok=True)
    if not missed:
        return
    rows = -(-len(missed) // _TILES_ACROSS)
    figure = Figure(figsize=(5 * _TILES_ACROSS, 4.2 * rows), layout="constrained")
    grid = figure.subplots(rows, _TILES_ACROSS, squeeze=False).ravel()
    for axes in grid:
        axes.set_axis_off()
    for axes, (number, photo, page) in zip(grid, missed, strict=False):
        image = read_image(photo)
        drawn = draw_page(ReadPage(reader.read(image), image, 0.0), with_rejected=True)
        axes.imshow(drawn[..., ::-1])
        truth, read = " / ".join(page["truth"]), " / ".join(page["rows"])
        caption = (f"{number} {page['file']}", f"truth {truth}", f"read  {read}")
        title = "\n".join(line[:50] for line in caption)
        axes.set_title(title, loc="left", family="monospace", fontsize=9)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=100)


def speed_report(
    reader: PageReader, sizes_px: Sequence[int], digits: Sequence[int], *, rounds: int
) -> str:
    """Time drawn pages in turns; return a table of milliseconds by size and digits."""
    pages = {(size, count): draw_sized_page(size, count) for size in sizes_px for count in digits}
    errors = sum(
        edit_distance("".join(page.rows), "".join(reader.read(page.image).text.split()))
        for page in pages.values()
    )
    times_ms: dict[tuple[int, int], list[float]] = {key: [] for key in pages}
    for _ in range(rounds):
        for key, page in pages.items():
            began_s = time.process_time()
            reader.read(page.image)
            times_ms[key].append(1e3 * (time.process_time() - began_s))
    rows = [
        (f"{size:,}", *(f"{statistics.median(times_ms[size, count]):.1f}" for count in digits))
        for size in sizes_px
    ]
    return "\n".join(
        (
            "# Time to read a page by its size and digits\n",
            f"{machine_name()}. Median processor time of `PageReader.read` in milliseconds, one "
            f"core, {rounds} turns. Wrong glyphs on all pages: {errors}.\n",
            *markdown_table(
                ("longer side in pixels", *(f"digits: {count}" for count in digits)), rows
            ),
        )
    )


def _arguments(words: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, nargs="?", help="photographs and their truth")
    parser.add_argument("--truth", type=Path, help="truth file (FOLDER/photos.json)")
    parser.add_argument("--model", help="shipped model or file that reads pages")
    parser.add_argument("--peers", nargs="+", choices=tuple(PEERS), default=[])
    parser.add_argument(
        "--rapidocr-python", default=sys.executable, help="interpreter that has RapidOCR"
    )
    parser.add_argument("--out", type=Path, default=OUT, help=f"({OUT})")
    parser.add_argument("--results", type=Path, help="folder that gets the totals too")
    parser.add_argument("--speed", action="store_true", help="time drawn pages instead")
    parser.add_argument("--rounds", type=int, default=15, help="turns of --speed (15)")
    arguments = parser.parse_args(words)
    if arguments.speed == (arguments.folder is not None) or arguments.rounds < 1:
        parser.error("give a folder of pages, or --speed with one round or more")
    # Without the places of files, which change no result.
    arguments.command = " ".join(
        ["python benchmarks/reading.py", *(Path(word).name for word in words)]
    )
    return arguments


def _use_one_core() -> None:
    """Keep this process and its children to one core, where the system allows it."""
    cv2.setNumThreads(1)
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})


if __name__ == "__main__":
    _use_one_core()
    try:
        sys.exit(main())
    except EdgeMnistError as error:
        sys.exit(f"error: {error.message}")
    except KeyboardInterrupt:
        sys.exit(130)
