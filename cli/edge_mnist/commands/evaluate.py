"""`edge-mnist evaluate`: what a model gets right and wrong, as a report."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

import typer

from edge_mnist.options import ThreadsOption

EXAMPLES: Final = """
**Keys in the window of --show:** `n`, space or the right arrow goes on, `p` or the left arrow
back, `e` shows errors only, `q` or Esc closes.

**Examples**

    edge-mnist evaluate edge -o report/                    # a shipped model on MNIST

    edge-mnist evaluate runs/edge -o report/               # a run, with its training curves

    edge-mnist evaluate edge.int8.onnx --compare edge.onnx -o report/

    edge-mnist evaluate glyphs.onnx --data my-glyphs/ -o report/ --show
"""


def command(
    *,
    model: Annotated[
        str,
        typer.Argument(
            metavar="RUN|MODEL",
            help="Folder of a finished run (asks Keras), an .onnx file or a shipped model.",
            show_default=False,
        ),
    ],
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="DIR", help="Folder to write into.")
    ],
    data: Annotated[
        str | None,
        typer.Option(
            "--data",
            help="As for `train`: a word or a path. [default: what the run was trained on; mnist "
            "for a file]",
        ),
    ] = None,
    compare: Annotated[
        str | None,
        typer.Option(metavar="RUN|MODEL", help="Set another one beside it, on the same images."),
    ] = None,
    occlusion: Annotated[
        list[int] | None,
        typer.Option(
            min=0,
            metavar="INDEX",
            help="Show what it looks at in this test image; may be given several times. "
            "[default: one of each class and the surest errors]",
        ),
    ] = None,
    show: Annotated[
        bool, typer.Option("--show", help="Then step through its answers in a window.")
    ] = False,
    threads: ThreadsOption = 1,
    force: Annotated[
        bool, typer.Option("--force", help="Write into a folder that is not empty.")
    ] = False,
) -> None:
    """Measure a model on a data set and write what it gets right and wrong.

    DIR gets report.html (one file, needs no network), report.json with every number, and the
    figures as PNG and SVG. --force replaces an older report there, and touches no other file.
    """
    from edge_mnist.extras import require

    require("report", "evaluate")
    from edge_mnist.evaluation import run_evaluation

    run_evaluation(
        model,
        output,
        data=data,
        rival=compare,
        look_at=tuple(occlusion or ()),
        threads=threads,
        show=show,
        force=force,
    )
