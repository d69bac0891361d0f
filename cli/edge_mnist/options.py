"""Options that several verbs share, each defined once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

import typer


def refuse_beside(context: typer.Context, name: str) -> None:
    """Refuse all other options beside one that they would not change.

    Args:
        context: Of the verb.
        name: Of the parameter that stands alone.

    Raises:
        UsageError: Another option was given.
    """
    from edge_infer.errors import UsageError

    given = [
        f"--{other.replace('_', '-')}"
        for other in context.params
        if other != name and _is_given(context, other)
    ]
    if given:
        raise UsageError(f"--{name} takes no other options: leave out {', '.join(given)}")


def _is_given(context: typer.Context, name: str) -> bool:
    source = context.get_parameter_source(name)
    return source is not None and source.name == "COMMANDLINE"


ModelOption = Annotated[
    str | None,
    typer.Option(
        "--model",
        "-m",
        metavar="NAME|FILE",
        help="A shipped model (nano, edge, max, page; see `edge-mnist models`) or an .onnx file. "
        "[default: page to read pages and frames, edge for single digits]",
    ),
]
ThreadsOption = Annotated[
    int,
    typer.Option(
        "--threads",
        min=1,
        max=256,
        help="Threads of the network, which share out batches of 32 digits and more; answers "
        "stay the same. Large pictures are read on up to four cores anyway.",
    ),
]
RecursiveOption = Annotated[
    bool, typer.Option("--recursive", "-r", help="Go into the folders of a folder.")
]
ResultsOption = Annotated[
    Path | None,
    typer.Option("--output", "-o", help="Write results there, all at the end or nothing."),
]
MaxPixelsOption = Annotated[
    int, typer.Option("--max-pixels", min=1, help="Refuse larger pictures before they are decoded.")
]
# As edge_infer.io.images has it, which is too slow to import for the help.
DEFAULT_MAX_PIXELS: Final = 50_000_000
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
MinAgreementOption = Annotated[
    float | None,
    typer.Option(
        "--min-agreement",
        metavar="PERCENT",
        help="Least share of test images with the label that Keras gives, in percent; usually "
        "100 for a float file, 99.9 for int8 (where one image may always differ).",
    ),
]
MaxDropOption = Annotated[
    float | None,
    typer.Option(
        "--max-drop",
        metavar="POINTS",
        help="Most percentage points of test accuracy that may be lost; usually 0 for a float "
        "file, 0.05 for int8 (where one image may always be lost).",
    ),
]
MaxDeltaOption = Annotated[
    float | None,
    typer.Option(
        "--max-delta",
        metavar="P",
        help="Largest difference of any probability, 0-1; usually 1e-5 for a float file, not "
        "limited for int8.",
    ),
]
