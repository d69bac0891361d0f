"""`edge-mnist predict`: recognise the digit in each picture."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final, Literal

import typer

from edge_mnist.options import (
    DEFAULT_MAX_PIXELS,
    MaxPixelsOption,
    ModelOption,
    RecursiveOption,
    ResultsOption,
    ThreadsOption,
)
from edge_mnist.startup import start_quickly
from edge_mnist.terminal import OUT

if TYPE_CHECKING:
    from edge_infer.io.batch import Result

EXAMPLES: Final = """
    edge-mnist predict digit.png
    edge-mnist predict scans/ --recursive --format jsonl > digits.jsonl
    edge-mnist predict 'meters/*.jpg' --output digits.csv
    curl -s https://example.org/7.png | edge-mnist predict -
    edge-mnist predict mnist.npz --model digits.onnx --format csv
"""
_RECOGNISED: Final = "recognised"
_DOUBTFUL: Final = "in doubt or without ink"
_STYLES: Final = {_RECOGNISED: "none", _DOUBTFUL: "yellow", "failed": "red"}


def command(
    sources: Annotated[
        list[str],
        typer.Argument(
            metavar="SOURCE...",
            help="Pictures of one digit each: files, folders, globs, `-` for standard input, or "
            "an .npz file of prepared images: uint8 (n, 28, 28), bright on black as in MNIST.",
        ),
    ],
    *,
    recursive: RecursiveOption = False,
    model: ModelOption = None,
    format_name: Annotated[
        Literal["table", "jsonl", "csv"] | None,
        typer.Option(
            *("--format", "-f"),
            help="[default: by the suffix of --output (.jsonl, .csv), otherwise table]",
        ),
    ] = None,
    output: ResultsOption = None,
    threads: ThreadsOption = 1,
    max_pixels: MaxPixelsOption = DEFAULT_MAX_PIXELS,
) -> None:
    """Recognise the digit in each picture.

    Pictures may have any size, and be dark on light or light on dark. The exit code is 1 when
    a source cannot be read; the results of the other sources are written all the same.
    """
    start_quickly()
    import cv2

    from edge_infer.glyph.classifier import Classifier
    from edge_infer.io.batch import predict_items
    from edge_infer.io.formats import make_format
    from edge_infer.io.sources import open_sources
    from edge_mnist.results import format_by_suffix, write_results

    classifier = Classifier.load(model, threads=threads)
    format_name = format_name or format_by_suffix(output) or "table"
    result_format = make_format(format_name, classifier.metadata.class_names)
    # Pictures are distributed over threads; one picture is too small to be shared.
    cv2.setNumThreads(1)

    def show(result: Result) -> None:
        OUT.print(result_format.line(result), style=_STYLES[_kind(result)], markup=False)

    write_results(
        predict_items(
            classifier, open_sources(sources, recursive=recursive, max_pixels=max_pixels)
        ),
        result_format,
        output,
        doing="recognising",
        kinds=_STYLES,
        kind_of=_kind,
        show=show if format_name == "table" else None,
        with_rate=True,
    )


def _kind(result: Result) -> str:
    from edge_infer.io.batch import Failure

    if isinstance(result.outcome, Failure):
        return "failed"
    return _DOUBTFUL if result.outcome.rejected else _RECOGNISED
