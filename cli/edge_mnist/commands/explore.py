"""`edge-mnist explore`: what is in a data set."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final

import typer

from edge_mnist.options import DataOption

EXAMPLES: Final = """
**Examples**

    edge-mnist explore                         # MNIST: exploration/report.html

    edge-mnist explore --data my-glyphs/ -o glyphs/

    edge-mnist explore --image 17              # test-17.png, here

    edge-mnist explore --image 4711 --split train
"""


class SplitName(StrEnum):
    """Names of the splits, as the report has them."""

    train = "train"
    validation = "validation"
    test = "test"


def command(
    *,
    data: DataOption = "mnist",
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="DIR",
            help="Folder to write into.",
            show_default="exploration; with --image the current folder",
        ),
    ] = None,
    image: Annotated[
        int | None,
        typer.Option(
            "--image",
            min=0,
            metavar="NUMBER",
            help="Draw this picture alone, with the value of every pixel written in it.",
        ),
    ] = None,
    split: Annotated[
        SplitName,
        typer.Option(help="Where --image is; validation pictures have their numbers of training."),
    ] = SplitName.test,
    force: Annotated[
        bool, typer.Option("--force", help="Write the report into a folder that is not empty.")
    ] = False,
) -> None:
    """Show what is in a data set, on one page made to be read: DIR/report.html.

    Samples, labels, mean and variance, grey levels, ink, size and slant, the typical and the
    unusual, duplicates within and across the splits, and what is easy to confuse. Every
    number stands in report.json too, every figure in figures/ as PNG and SVG. --force replaces
    an older report there, and touches no other file.
    """
    from edge_mnist.extras import require

    if force and image is not None:
        raise typer.BadParameter(
            "is for a report: a picture of --image replaces its own files", param_hint="--force"
        )
    require("report", "explore")
    from edge_mnist import exploration

    if image is None:
        exploration.explore_data(data, output or Path("exploration"), force=force)
    else:
        exploration.draw_picture(data, output or Path(), image, split.value)
