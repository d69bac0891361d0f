"""Options that several verbs share, each defined once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

import typer


def refuse_other_options(context: typer.Context, name: str) -> None:
    """Refuse all options beside one that makes them meaningless.

    Args:
        context: Context of the verb.
        name: Name of the parameter that must be given alone.

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
    typer.Option(
        "--output", "-o", help="Write the results to this file; it appears when it is complete."
    ),
]
MaxPixelsOption = Annotated[
    int, typer.Option("--max-pixels", min=1, help="Refuse larger pictures before they are decoded.")
]
# The same as in edge_infer.io.images, which is too slow to import for --help.
DEFAULT_MAX_PIXELS: Final = 50_000_000
ForceOption = Annotated[bool, typer.Option("--force", help="Replace an existing file.")]
ForceFolderOption = Annotated[
    bool, typer.Option("--force", help="Write into a folder that is not empty.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
RunArgument = Annotated[
    Path, typer.Argument(metavar="RUN", help="Folder of a finished run of `edge-mnist train`.")
]
DataOption = Annotated[
    str,
    typer.Option(
        "--data",
        help="`mnist` (found or downloaded), `digits` (UCI, from scikit-learn), `auto` (the first "
        "of them that is available), or a path: .npz file, folder of IDX files, folder of class "
        "folders.",
    ),
]
MinAgreementOption = Annotated[
    float | None,
    typer.Option(
        "--min-agreement",
        metavar="PERCENT",
        help="Minimum share of test images with the same label as in Keras, in percent. "
        "[default: 100 for a float file, 99.9 for int8, where one image may always differ]",
    ),
]
MaxDropOption = Annotated[
    float | None,
    typer.Option(
        "--max-drop",
        metavar="POINTS",
        help="Maximum loss of test accuracy in percentage points. [default: 0 for a float file, "
        "0.05 for int8, where one image may always be lost]",
    ),
]
MaxDeltaOption = Annotated[
    float | None,
    typer.Option(
        "--max-delta",
        metavar="P",
        help="Maximum difference of any probability, 0-1. [default: 1e-5 for a float file, no "
        "limit for int8]",
    ),
]
