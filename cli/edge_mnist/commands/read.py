"""`edge-mnist read`: the numbers written on whole pages."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final, Literal

import typer

from edge_mnist.options import (
    DEFAULT_MAX_PIXELS,
    MaxPixelsOption,
    ModelOption,
    RecursiveOption,
    ResultsOption,
    ThreadsOption,
)

EXAMPLES: Final = r"""
**Examples**

    edge-mnist read photo.jpg

    edge-mnist read scans/ --annotate seen/            # look at what was read

    edge-mnist read 'meters/*.jpg' --expect '\d{5}' --output meters.csv

    edge-mnist read scans/ --recursive --format jsonl | jq -r .text

    curl -s https://example.org/page.png | edge-mnist read -
"""


def command(
    sources: Annotated[
        list[str],
        typer.Argument(
            metavar="SOURCE...",
            help="Pictures of pages: files, folders, globs, or `-` for standard input.",
            show_default=False,
        ),
    ],
    *,
    recursive: RecursiveOption = False,
    model: ModelOption = None,
    format_name: Annotated[
        Literal["text", "jsonl", "csv"] | None,
        typer.Option(
            "--format",
            "-f",
            help="`text` is the numbers alone, `jsonl` an object a picture with all boxes, `csv` "
            "a row a line. [default: by the suffix of --output (.jsonl, .csv), else text]",
        ),
    ] = None,
    output: ResultsOption = None,
    annotate: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", help="Write each picture there with boxes and labels: NAME.read.jpg."
        ),
    ] = None,
    crops: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Write each digit there as a picture: NAME.line01.digit03.7.png is a 7.",
        ),
    ] = None,
    expect: Annotated[
        str | None,
        typer.Option(
            metavar="REGEX",
            help=r"What whole lines look like, such as `\d{5}`: those that can be read so, are.",
        ),
    ] = None,
    rotate: Annotated[
        Literal["auto", "0", "90", "180", "270"],
        typer.Option(help="Degrees to turn the picture by, clockwise, before reading."),
    ] = "auto",
    with_rejected: Annotated[
        bool, typer.Option("--all", help="Give also what was seen but taken for no digit.")
    ] = False,
    threads: ThreadsOption = 1,
    max_pixels: MaxPixelsOption = DEFAULT_MAX_PIXELS,
) -> None:
    """Read the handwritten numbers on each page, line by line.

    Photographs, scans and screenshots, dark on light or light on dark. Exits with 1 when a
    source could not be read; the others are written all the same. A page without digits
    is no error.
    """
    from edge_mnist.quick_start import start_and_end_quickly

    start_and_end_quickly()
    from edge_mnist.reading import ReadConfig, read

    failed = read(
        ReadConfig(
            sources=tuple(sources),
            recursive=recursive,
            model=model,
            format_name=format_name,
            output=output,
            annotate=annotate,
            crops=crops,
            expect=expect,
            rotate=rotate,
            with_rejected=with_rejected,
            threads=threads,
            max_pixels=max_pixels,
        )
    )
    if failed:
        raise typer.Exit(1)
