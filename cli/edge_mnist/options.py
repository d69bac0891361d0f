"""Options that several verbs share, each defined once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

import typer


def epilog(examples: str) -> str:
    """Return the end of a help text: examples, one per line."""
    return "\n**Examples**" + examples.replace("\n", "\n\n")


ModelOption = Annotated[
    str | None,
    typer.Option(
        *("--model", "-m"),
        metavar="NAME|FILE",
        help="A shipped model (nano, edge, page; see `edge-mnist models`) or an .onnx file. "
        "[default: page for pages and frames, edge for single digits]",
    ),
]
ThreadsOption = Annotated[
    int,
    typer.Option(
        "--threads",
        min=1,
        max=256,
        help="Threads that share a batch of 32 or more digits; the results are the same. Large "
        "pictures are read on up to four cores in any case.",
    ),
]
RecursiveOption = Annotated[
    bool, typer.Option("--recursive", "-r", help="Include the sub-folders of a folder.")
]
ResultsOption = Annotated[
    Path | None,
    typer.Option("--output", "-o", help="File for the results; it appears when it is complete."),
]
MaxPixelsOption = Annotated[
    int, typer.Option("--max-pixels", min=1, help="Refuse larger pictures before they are decoded.")
]
# The same as in edge_infer.io.images, which is too slow to import for --help.
DEFAULT_MAX_PIXELS: Final = 50_000_000
FolderOption = Annotated[
    Path, typer.Option("--output", "-o", metavar="DIR", help="Folder to write into.")
]
ForceOption = Annotated[bool, typer.Option("--force", help="Replace existing files.")]
ForceFolderOption = Annotated[
    bool, typer.Option("--force", help="Write into a folder that is not empty.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
RunArgument = Annotated[
    Path, typer.Argument(metavar="RUN", help="Folder of a finished run of `edge-mnist train`.")
]
SeedOption = Annotated[
    int, typer.Option(min=0, help="Random seed; the same seed repeats the result on one machine.")
]
DataOption = Annotated[
    str,
    typer.Option(
        "--data",
        help="`mnist` (found or downloaded), `digits` (UCI, from scikit-learn), `auto` (the first "
        "available of them), or a path: .npz file, folder of IDX files or of class folders.",
    ),
]
MinAgreementOption = Annotated[
    float | None,
    typer.Option(
        metavar="PERCENT",
        help="Minimum share of test images with the same label as in Keras. [default: 100 for a "
        "float file, 99.9 for int8, where one image may always differ]",
    ),
]
MaxDropOption = Annotated[
    float | None,
    typer.Option(
        metavar="POINTS",
        help="Maximum loss of test accuracy in percentage points. [default: 0 for a float file, "
        "0.05 for int8, where one image may always be lost]",
    ),
]
MaxDeltaOption = Annotated[
    float | None,
    typer.Option(
        metavar="P",
        help="Maximum difference of any probability, 0-1. [default: 1e-5 for a float file, no "
        "limit for int8]",
    ),
]
