"""`edge-mnist predict`: digits in picture files."""

from __future__ import annotations

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
    recursive: RecursiveOption = False,
    model: ModelOption = None,
    format_name: Annotated[
        Literal["table", "jsonl", "csv"] | None,
        typer.Option(
            "--format", "-f", help="[default: by the suffix of --output (.jsonl, .csv), else table]"
        ),
    ] = None,
    output: ResultsOption = None,
    threads: ThreadsOption = 1,
    max_pixels: MaxPixelsOption = DEFAULT_MAX_PIXELS,
) -> None:
    """Recognise the digit in each picture.

    Any size, dark on light or light on dark. Exits with 1 when a source could not be
    read; the others are written all the same.
    """
    from edge_mnist.quick_start import start_and_end_quickly

    start_and_end_quickly()
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
