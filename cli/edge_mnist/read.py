"""`edge-mnist read`: read the handwritten numbers on whole pages."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, Literal

import typer
from rich.text import Text

from edge_mnist.options import (
    DEFAULT_MAX_PIXELS,
    MaxPixelsOption,
    ModelOption,
    RecursiveOption,
    ResultsOption,
    ThreadsOption,
)
from edge_mnist.startup import start_quickly
from edge_mnist.terminal import ERR, OUT

if TYPE_CHECKING:
    from edge_infer.io.documents import PageText
    from edge_infer.io.picture_folder import PictureFolder
    from edge_infer.page.items import PageResult

EXAMPLES: Final = r"""
    edge-mnist read photo.jpg
    edge-mnist read scans/ --annotate seen/            # draw boxes and labels
    edge-mnist read 'meters/*.jpg' --expect '\d{5}' --output meters.csv
    edge-mnist read scans/ --recursive --format jsonl | jq -r .text
    curl -s https://example.org/page.png | edge-mnist read -
"""
_STYLES: Final = {"heading": "bold", "sure": "", "doubtful": "yellow", "rejected": "dim"}
_READ: Final = "read"
_EMPTY: Final = "without digits"


def command(
    sources: Annotated[
        list[str],
        typer.Argument(
            metavar="SOURCE...",
            help="Pictures of pages: files, folders, globs, or `-` for standard input.",
        ),
    ],
    *,
    recursive: RecursiveOption = False,
    model: ModelOption = None,
    format_name: Annotated[
        Literal["text", "jsonl", "csv"] | None,
        typer.Option(
            *("--format", "-f"),
            help="`text` writes the numbers only, `jsonl` one object per picture with all boxes, "
            "`csv` one row per line of digits. [default: by the suffix of --output (.jsonl, "
            ".csv), otherwise text]",
        ),
    ] = None,
    output: ResultsOption = None,
    annotate: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", help="Folder for each picture with boxes and labels: NAME.read.jpg."
        ),
    ] = None,
    crops: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", help="Folder for a picture of each digit, as NAME.line01.digit03.7.png."
        ),
    ] = None,
    expect: Annotated[
        str | None,
        typer.Option(
            metavar="REGEX",
            help=r"Expected form of a whole line, such as `\d{5}`; used where a line allows it.",
        ),
    ] = None,
    rotate: Annotated[
        Literal["auto", "0", "90", "180", "270"],
        typer.Option(help="Rotate the picture clockwise by this angle in degrees before reading."),
    ] = "auto",
    with_rejected: Annotated[
        bool, typer.Option("--all", help="Also write the components that are rejected as digits.")
    ] = False,
    threads: ThreadsOption = 1,
    max_pixels: MaxPixelsOption = DEFAULT_MAX_PIXELS,
) -> None:
    """Read the handwritten numbers on each page, line by line.

    A page is a photograph, scan or screenshot, dark on light or light on dark. The exit code
    is 1 when a source cannot be read; the results of the other sources are written all the
    same. A page without digits is not an error.
    """
    start_quickly()
    from itertools import chain, islice

    from edge_infer.io.documents import PageText, make_page_format
    from edge_infer.io.sources import open_sources
    from edge_infer.page.items import read_items
    from edge_infer.page.reader import PageReader
    from edge_mnist.results import format_by_suffix, write_results

    pattern = _pattern(expect)
    annotated, cropped = (
        _folder(option, folder, sources, recursive=recursive)
        for option, folder in (("--annotate", annotate), ("--crops", crops))
    )
    reader = PageReader.load(model, threads=threads)
    doubtful_below = reader.classifier.metadata.reject_threshold
    items = open_sources(sources, recursive=recursive, max_pixels=max_pixels, archives=False)
    first = list(islice(items, 2))
    several = len(first) > 1
    result_format = make_page_format(
        format_name or format_by_suffix(output) or "text",
        with_rejected=with_rejected,
        with_headings=several,
        doubtful_below=doubtful_below,
    )
    # Other formats have no colours, and contain the notes themselves.
    text = result_format if isinstance(result_format, PageText) else None

    def kind_of(result: PageResult) -> str:
        _write_pictures(result, annotated, cropped, doubtful_below, with_rejected)
        return _note_kind(result, silent=text is None, several=several)

    write_results(
        read_items(reader, chain(first, items), expect=pattern, rotate=rotate),
        result_format,
        output,
        doing="reading",
        kinds=(_READ, _EMPTY),
        kind_of=kind_of,
        show=None if text is None else partial(show_page, text),
    )


def show_page(text: PageText, result: PageResult) -> None:
    """Print the text of a page in colours."""
    parts = text.parts(result)
    if parts:
        OUT.print(Text.assemble(*((part, _STYLES[look]) for part, look in parts)))


def _note_kind(result: PageResult, *, silent: bool, several: bool) -> str:
    """Return the kind of a result; unless silent, print why there is no text of a page."""
    from edge_infer.io.batch import Failure
    from edge_infer.io.formats import printable

    if isinstance(result.outcome, Failure):
        if not silent:
            ERR.print(f"error: {printable(result.outcome.message)}", style="red", markup=False)
        return "failed"
    if result.outcome.page.lines:
        return _READ
    if not silent and not several:
        # Of several pages, the heading without lines shows the same.
        ERR.print(f"no digits on {printable(result.source)}", style="dim", markup=False)
    return _EMPTY


def _pattern(expect: str | None) -> re.Pattern[str] | None:
    from edge_infer.errors import UsageError

    try:
        return None if expect is None else re.compile(expect)
    except re.error as error:
        raise UsageError(f"--expect {expect!r} is not a regular expression: {error}") from error


def _folder(
    option: str, folder: Path | None, sources: Sequence[str], *, recursive: bool
) -> PictureFolder | None:
    from edge_infer.errors import UsageError
    from edge_infer.io.picture_folder import PictureFolder
    from edge_infer.io.sources import reads_from

    if folder is None:
        return None
    source = reads_from(sources, folder, recursive=recursive)
    if source is not None:
        raise UsageError(
            f"{option} {folder}: the source {source} reads pictures from this folder, so written "
            "pictures could replace sources or be read themselves; give another folder"
        )
    return PictureFolder(folder)


def _write_pictures(
    result: PageResult,
    annotate: PictureFolder | None,
    crops: PictureFolder | None,
    doubtful_below: float,
    with_rejected: bool,
) -> None:
    from edge_infer.io.batch import Failure
    from edge_infer.page.annotate import cut_digits, draw_page

    read = result.outcome
    if isinstance(read, Failure):
        return
    if annotate is not None:
        name = annotate.page_name(result.source)
        drawn = draw_page(read, doubtful_below=doubtful_below, with_rejected=with_rejected)
        annotate.write_jpeg(f"{name}.read", drawn)
    if crops is not None:
        name = crops.page_name(result.source)
        for part, digit in cut_digits(read, with_rejected=with_rejected):
            crops.write_png(f"{name}.{part}", digit)
