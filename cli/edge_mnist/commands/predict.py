"""`edge-mnist predict`: digits in picture files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final, Literal

import typer

from edge_mnist.options import ModelOption, ThreadsOption

EXAMPLES: Final = """
**Examples**

    edge-mnist predict digit.png

    edge-mnist predict scans/ --recursive --format jsonl > digits.jsonl

    edge-mnist predict 'meters/*.jpg' --output digits.csv

    curl -s https://example.org/7.png | edge-mnist predict -

    edge-mnist predict mnist.npz --model digits.onnx --format csv
"""


def command(
    sources: Annotated[
        list[str],
        typer.Argument(
            metavar="SOURCE...",
            help="Pictures of one digit each: files, folders, globs, `-` for standard input, or "
            "an .npz with a uint8 (n, 28, 28) array of ready images (bright on black, as MNIST).",
            show_default=False,
        ),
    ],
    *,
    recursive: Annotated[
        bool, typer.Option("--recursive", "-r", help="Go into the folders of a folder.")
    ] = False,
    model: ModelOption = None,
    format_name: Annotated[
        Literal["table", "jsonl", "csv"] | None,
        typer.Option(
            "--format", "-f", help="[default: by the suffix of --output (.jsonl, .csv), else table]"
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Write results there, all at the end or nothing."),
    ] = None,
    threads: ThreadsOption = 1,
    max_pixels: Annotated[
        int, typer.Option(min=1, help="Refuse larger pictures before they are decoded.")
    ] = 50_000_000,
) -> None:
    """Recognise the digit in each picture.

    Any size, dark on light or light on dark. Exits with 1 when a source could not be
    read; the others are written all the same.
    """
    from edge_mnist.prediction import predict

    failed = predict(
        sources,
        recursive=recursive,
        model=model,
        format_name=format_name,
        output=output,
        threads=threads,
        max_pixels=max_pixels,
    )
    if failed:
        raise typer.Exit(1)
