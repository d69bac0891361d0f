"""Options that several verbs share, each defined once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

ModelOption = Annotated[
    str | None,
    typer.Option(
        "--model", "-m", help="Model file (.onnx) or a shipped model's name.", metavar="FILE"
    ),
]
ThreadsOption = Annotated[
    int, typer.Option("--threads", min=1, help="Threads for inference inside one operator.")
]
ForceOption = Annotated[bool, typer.Option("--force", help="Replace an existing file.")]
RunArgument = Annotated[
    Path, typer.Argument(metavar="RUN", help="Folder of a finished run of `edge-mnist train`.")
]
DataOption = Annotated[
    str,
    typer.Option(
        "--data",
        help="`mnist` (found or downloaded), `digits` (UCI, in scikit-learn), `auto` (the first "
        "that is to be had), or a path: .npz, a folder of IDX files, a folder of class folders.",
    ),
]
