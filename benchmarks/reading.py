"""How well and how fast pages of handwriting are read, beside Tesseract and RapidOCR.

Usage::

    python benchmarks/reading.py FOLDER                            # FOLDER/photos.json
    python benchmarks/reading.py FOLDER --truth FILE --model max
    python benchmarks/reading.py FOLDER --peers tesseract,rapidocr
    python benchmarks/reading.py FOLDER --results benchmarks/results
    python benchmarks/reading.py --speed                           # drawn pages, by size

The truth file is told of in ``edge_bench.reading.truth``; the pictures lie in FOLDER, or
there in the folder named as the truth file. Where FOLDER holds ``singles.csv`` or
``optdigits32.npz`` as well, single digits are classified too.

``--out`` gets the report, its figures as JSON, and a picture of every miss. The pictures
show what is in FOLDER, and whose that is: ``--results`` keeps report and figures alone.
"""

from __future__ import annotations

import argparse
import json
import shlex
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from edge_bench.family.handwriting import OPTDIGITS, SINGLES, load_handwriting, score_handwriting
from edge_bench.family.latency import machine_name
from edge_bench.reading.one_core import on_one_core
from edge_bench.reading.pictures import write_misses
from edge_bench.reading.rapidocr import RapidOcr
from edge_bench.reading.readers import OwnReader, Reader, read_pages
from edge_bench.reading.report import singles_lines, summary_lines, write_report
from edge_bench.reading.results import ReadingResults, SinglesResult
from edge_bench.reading.speed import (
    DIGITS,
    ROUNDS,
    SIZES_PX,
    speed_report,
    time_pages,
    to_json_values,
)
from edge_bench.reading.speed_pages import make_page
from edge_bench.reading.tesseract import Tesseract
from edge_bench.reading.truth import find_pictures, load_truth
from edge_infer.errors import EdgeMnistError, MissingExtraError
from edge_infer.glyph.classifier import Classifier
from edge_infer.io.atomic import write_text
from edge_infer.model.shipped import shipped_models
from edge_infer.page import PageReader

OUT: Final = Path("runs/reading")
TRUTH: Final = "photos.json"
PEERS: Final = ("tesseract", "rapidocr")
_TESTS: Final = Path(__file__).parents[1] / "tests"
_EXIT_INTERRUPTED: Final = 130


def main(words: Sequence[str] | None = None) -> int:
    """Measure what is asked for, print the tables and write them."""
    arguments = _arguments(words)
    with on_one_core():
        if arguments.speed:
            _measure_speed(arguments)
        else:
            _measure_pages(arguments)
    return 0


def _measure_pages(arguments: argparse.Namespace) -> None:
    truth: Path = arguments.truth or arguments.folder / TRUTH
    pages = load_truth(truth)
    pictures = find_pictures(pages, arguments.folder, truth)
    own = OwnReader(arguments.model)
    with ExitStack() as stack:
        peers, absent = _peers(arguments, stack)
        readers = read_pages(pages, pictures, [own, *peers], _notify)
    results = ReadingResults(
        machine=machine_name(),
        measured_at=datetime.now(UTC).isoformat(timespec="seconds"),
        command=_command(arguments),
        readers=readers,
        singles=_singles(arguments),
        absent=absent,
    )
    for folder, every_page in ((arguments.out, True), (arguments.results, False)):
        if folder is not None:
            results.write(folder / "reading.json", every_page=every_page)
            report = write_report(results, every_page=every_page)
            write_text(folder / "reading.md", report)
    misses = write_misses(arguments.out, own, pictures, readers[0].pages)
    print("\n".join([*summary_lines(results), *singles_lines(results.singles)]))
    _notify(f"{arguments.out / 'reading.md'}, and pictures of {misses} misses beside it")


def _measure_speed(arguments: argparse.Namespace) -> None:
    # The generator of pages belongs to the tests, which are not installed.
    sys.path.append(str(_TESTS))
    reader = PageReader.load(arguments.model)
    _notify("drawing pages")
    pages = [make_page(size_px, digits) for size_px in SIZES_PX for digits in DIGITS]
    _notify(f"reading {len(pages)} pages in turns")
    rows = time_pages(reader, pages, rounds=arguments.rounds)
    report = speed_report(rows, machine_name())
    document = json.dumps(to_json_values(rows, machine_name()), indent=1)
    for folder in filter(None, (arguments.out, arguments.results)):
        write_text(folder / "reading_speed.json", document + "\n")
        write_text(folder / "reading_speed.md", report)
    print(report)


def _peers(arguments: argparse.Namespace, stack: ExitStack) -> tuple[list[Reader], tuple[str, ...]]:
    """Start the other programs; return them, and why those that are missing are."""
    found: list[Reader] = []
    absent: list[str] = []
    for name in arguments.peers:
        try:
            if name == "tesseract":
                found.append(Tesseract())
            else:
                found.append(stack.enter_context(RapidOcr(arguments.rapidocr_python)))
        except MissingExtraError as error:
            _notify(f"left out: {error.message}")
            absent.append(error.message)
    return found, tuple(absent)


def _singles(arguments: argparse.Namespace) -> tuple[SinglesResult, ...]:
    files = (f"{SINGLES}.csv", f"{OPTDIGITS}32.npz")
    if not any((arguments.folder / file).is_file() for file in files):
        return ()
    sets = load_handwriting(arguments.folder)
    return tuple(
        SinglesResult(Path(model).name, score_handwriting(Classifier.load(model), sets))
        for model in arguments.singles
    )


def _command(arguments: argparse.Namespace) -> str:
    """Write the call as anyone may repeat it; where files lie changes no result."""
    words = ["python", "benchmarks/reading.py", "FOLDER"]
    if arguments.truth:
        words += ["--truth", arguments.truth.name]
    if arguments.model:
        words += ["--model", Path(arguments.model).name]
    if arguments.singles != shipped_models():
        words += ["--singles", ",".join(Path(model).name for model in arguments.singles)]
    if arguments.peers:
        words += ["--peers", ",".join(arguments.peers)]
    return shlex.join(words)


def _notify(line: str) -> None:
    print(f"reading: {line}", file=sys.stderr, flush=True)


def _arguments(words: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, nargs="?", help="pictures and what stands on them")
    parser.add_argument("--truth", type=Path, help=f"(FOLDER/{TRUTH})")
    parser.add_argument("--model", help="shipped model or file that reads pages")
    parser.add_argument(
        "--singles", type=_words, default=shipped_models(), help="models for single digits"
    )
    parser.add_argument("--peers", type=_peer_names, default=(), help=f"of {','.join(PEERS)}")
    parser.add_argument("--rapidocr-python", help="interpreter that has RapidOCR (this one)")
    parser.add_argument("--out", type=Path, default=OUT, help=f"({OUT})")
    parser.add_argument(
        "--results", type=Path, help="folder that gets the figures too, of no single page"
    )
    parser.add_argument("--speed", action="store_true", help="time drawn pages by size and digits")
    parser.add_argument("--rounds", type=_positive, default=ROUNDS, help=f"of --speed ({ROUNDS})")
    arguments = parser.parse_args(words)
    if arguments.speed == (arguments.folder is not None):
        parser.error("give a folder of pages, or --speed")
    return arguments


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"must be a whole number from 1, found {text!r}")
    return int(text)


def _words(text: str) -> tuple[str, ...]:
    return tuple(word for word in text.split(",") if word)


def _peer_names(text: str) -> tuple[str, ...]:
    for name in _words(text):
        if name not in PEERS:
            raise argparse.ArgumentTypeError(f"{name!r} is none of {', '.join(PEERS)}")
    return _words(text)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except EdgeMnistError as error:
        sys.exit(f"error: {error.message}")
    except KeyboardInterrupt:
        sys.exit(_EXIT_INTERRUPTED)
