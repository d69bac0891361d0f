"""How accurately and how fast pages of handwriting are read, beside other programs.

Usage::

    python benchmarks/reading.py FOLDER                            # FOLDER/photos.json
    python benchmarks/reading.py FOLDER --peers tesseract,rapidocr --rapidocr-python PATH
    python benchmarks/reading.py FOLDER --results benchmarks/results
    python benchmarks/reading.py --speed                           # drawn pages, by size

``reading_score.py`` describes the truth file. The photographs lie in FOLDER/photos, named as
the truth file, or in FOLDER. ``--out`` gets reading.md, reading.json and misses.png, which
show every page; ``--results`` gets the totals only.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack, closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_infer.errors import DataError, EdgeMnistError, MissingExtraError
from edge_infer.host import machine_name
from edge_infer.io.atomic import write_text
from edge_infer.io.images import read_image
from edge_infer.page import PageReader
from edge_infer.page.annotate import draw_page
from edge_infer.page.items import ReadPage
from edge_infer.text import markdown_table
from edge_synth import draw_sized_page
from reading_programs import PEERS, EdgeMnist, Program
from reading_report import (
    PageResult,
    draw_tile,
    report_lines,
    summarise,
    write_results,
    write_sheet,
)
from reading_score import TruePage, edit_distance, load_truth

OUT: Final = Path("runs/reading")
SIZES_PX: Final = (300, 600, 1200, 2400, 4000)
DIGITS: Final = (1, 5, 20, 50, 100)


def main(words: Sequence[str] | None = None) -> int:
    """Measure what the arguments name, print the tables and write them."""
    arguments = _arguments(words)
    if arguments.speed:
        reader = PageReader.load(arguments.model)
        report = speed_report(reader, SIZES_PX, DIGITS, rounds=arguments.rounds)
        write_text(arguments.out / "reading_speed.md", report)
        print(report)
    else:
        _measure_pages(arguments)
    return 0


def _measure_pages(arguments: argparse.Namespace) -> None:
    truth_path: Path = arguments.truth or arguments.folder / "photos.json"
    truth = load_truth(truth_path)
    photos = [_find(page.file, truth_path, arguments.folder) for page in truth]
    with ExitStack() as stack:
        own = EdgeMnist(arguments.model)
        peers, absent = _start_peers(arguments, stack)
        pages = read_pages([own, *peers], truth, photos)
    results = {
        "format_version": 1,
        "machine": machine_name(),
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": _command(arguments),
        "readers": [
            {"name": each.name, "how": each.how, "summary": summarise(pages[each.name])}
            for each in (own, *peers)
        ],
        "absent": absent,
    }
    if arguments.results:
        write_results(arguments.results, results)
    write_results(arguments.out, results, pages)
    write_sheet(arguments.out / "misses.png", _miss_tiles(own.reader, photos, pages[own.name]))
    print("\n".join(report_lines(results)))


def read_pages(
    programs: Sequence[Program], truth: Sequence[TruePage], photos: Sequence[Path]
) -> dict[str, list[PageResult]]:
    """Read every page with every program before the next page, so that all see the same load.

    Returns:
        Name of the program to its results, in the order of ``truth``.
    """
    results: dict[str, list[PageResult]] = {program.name: [] for program in programs}
    for number, (page, photo) in enumerate(zip(truth, photos, strict=True), 1):
        for program in programs:
            results[program.name].append(_read(program, page, photo))
        errors = ", ".join(f"{name} {pages[-1].errors}" for name, pages in results.items())
        _log(f"page {number} of {len(truth)}, {page.file}: errors {errors}")
    return results


def _read(program: Program, page: TruePage, photo: Path) -> PageResult:
    rows: tuple[str, ...] = ()
    message = None
    began_s, began_cpu_s = time.perf_counter(), program.cpu_s()
    try:
        rows = program.read(photo)
    except EdgeMnistError as error:
        message = error.message
    elapsed_s, cpu_s = time.perf_counter() - began_s, program.cpu_s() - began_cpu_s
    errors = page.errors("".join(rows))
    return PageResult(
        page=page,
        rows=rows,
        errors=min(errors, len(page.glyphs)),
        is_exact=errors == 0 and message is None,
        elapsed_ms=round(1e3 * elapsed_s, 3),
        cpu_ms=round(1e3 * cpu_s, 3),
        error=message,
    )


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
    lines = [
        "# Time to read a page by its size and digits",
        "",
        f"{machine_name()}. Median processor time of `PageReader.read` in milliseconds, one core, "
        f"{rounds} turns. Wrong glyphs on all pages: {errors}.",
        "",
        *markdown_table(("longer side in pixels", *(f"digits: {count}" for count in digits)), rows),
    ]
    return "\n".join(lines)


def _start_peers(
    arguments: argparse.Namespace, stack: ExitStack
) -> tuple[list[Program], list[str]]:
    """Start the other programs; return them, and the messages of those that are missing."""
    found: list[Program] = []
    absent: list[str] = []
    for name in arguments.peers:
        try:
            found.append(stack.enter_context(closing(PEERS[name](arguments.rapidocr_python))))
        except MissingExtraError as error:
            _log(f"left out: {error.message}")
            absent.append(error.message)
    return found, absent


def _find(file: str, truth: Path, folder: Path) -> Path:
    places = (folder / truth.stem / file, folder / file, truth.with_suffix("") / file)
    found = next((place for place in places if place.is_file()), None)
    if found is None:
        raise DataError(f"there is no photograph {places[0]} or {places[1]}", code="not_found")
    return found


def _miss_tiles(
    reader: PageReader, photos: Sequence[Path], pages: Sequence[PageResult]
) -> list[NDArray[np.uint8]]:
    """Draw a tile for each page that is not exact, with the boxes that were read."""
    tiles: list[NDArray[np.uint8]] = []
    for number, (photo, result) in enumerate(zip(photos, pages, strict=True), 1):
        if not result.is_exact and result.error is None:
            image = read_image(photo)
            drawn = draw_page(ReadPage(reader.read(image), image, 0.0), with_rejected=True)
            tiles.append(draw_tile(drawn, number, result))
    return tiles


def _command(arguments: argparse.Namespace) -> str:
    """Return the command without the places of files, which change no result."""
    options = {
        "--truth": arguments.truth and arguments.truth.name,
        "--model": arguments.model and Path(arguments.model).name,
        "--peers": ",".join(arguments.peers),
    }
    words = [f" {option} {value}" for option, value in options.items() if value]
    return "python benchmarks/reading.py FOLDER" + "".join(words)


def _log(line: str) -> None:
    print(f"reading: {line}", file=sys.stderr, flush=True)


def _arguments(words: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, nargs="?", help="photographs and their truth")
    parser.add_argument("--truth", type=Path, help="truth file (FOLDER/photos.json)")
    parser.add_argument("--model", help="shipped model or file that reads pages")
    parser.add_argument("--peers", default="", help=f"of {','.join(PEERS)}")
    parser.add_argument("--rapidocr-python", help="interpreter that has RapidOCR (this one)")
    parser.add_argument("--out", type=Path, default=OUT, help=f"({OUT})")
    parser.add_argument("--results", type=Path, help="folder that gets the totals too")
    parser.add_argument("--speed", action="store_true", help="time drawn pages instead")
    parser.add_argument("--rounds", type=int, default=15, help="turns of --speed (15)")
    arguments = parser.parse_args(words)
    arguments.peers = [name for name in arguments.peers.split(",") if name]
    if arguments.speed == (arguments.folder is not None) or arguments.rounds < 1:
        parser.error("give a folder of pages, or --speed with one round or more")
    if unknown := set(arguments.peers) - set(PEERS):
        parser.error(f"--peers: {', '.join(sorted(unknown))} is none of {', '.join(PEERS)}")
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
