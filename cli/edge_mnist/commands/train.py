"""`edge-mnist train`: a Keras run from a data set."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Final, Literal

import typer

from edge_mnist.options import DataOption

EXAMPLES: Final = """
**Examples**

    edge-mnist train                      # MNIST into runs/edge

    edge-mnist train --preset edge --recipe fast    # minutes less, a little accuracy less

    edge-mnist train --preset edge --teacher max    # learn from the best shipped model too

    edge-mnist train --data my-glyphs/    # a sub-folder a class

    edge-mnist train --resume runs/edge   # after any stop
"""


def command(
    context: typer.Context,
    *,
    data: DataOption = "mnist",
    preset: Annotated[str, typer.Option(help="Network and recipe; see --list-presets.")] = "edge",
    recipe: Annotated[
        str, typer.Option(help="Of the preset's recipes; see --list-presets.")
    ] = "default",
    teacher: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME|FILE",
            help="Learn from this shipped model or .onnx file too; may be given several times.",
        ),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Run folder. [default: runs/PRESET]")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Makes a run repeatable on one machine.")] = 0,
    split: Annotated[
        Literal["stratified", "last"],
        typer.Option(
            help="Validation images: a random twelfth with each class's share, or the last twelfth."
        ),
    ] = "stratified",
    epochs: Annotated[
        int | None, typer.Option(min=1, help="At most. [default: the preset's]")
    ] = None,
    batch_size: Annotated[
        int | None, typer.Option(min=1, help="Images a step. [default: the preset's]")
    ] = None,
    learning_rate: Annotated[
        float | None, typer.Option(help="The highest. [default: the preset's]")
    ] = None,
    patience: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Stop after so many epochs without a lower validation loss, and keep the epoch "
            "of the best validation accuracy, not the last. [default: the preset's]",
        ),
    ] = None,
    precision: Annotated[
        str | None,
        typer.Option(
            metavar="float32|mixed_bfloat16",
            help="Arithmetic of the training; mixed_bfloat16 is quicker on CPUs with AVX-512 "
            "BF16 or AMX and far slower on others. What is saved is float32. "
            "[default: the preset's]",
        ),
    ] = None,
    legacy_h5: Annotated[
        bool, typer.Option("--legacy-h5", help="Write RUN/mnist.h5 too, Keras' old format.")
    ] = False,
    tensorboard: Annotated[
        bool, typer.Option("--tensorboard", help="Write a log into RUN/tensorboard.")
    ] = False,
    resume: Annotated[
        Path | None,
        typer.Option(metavar="RUN", help="Go on with a stopped run, under its own options."),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace a run in the folder.")] = False,
    list_presets: Annotated[
        bool,
        typer.Option("--list-presets", help="Print layers, parameters and MACs; train nothing."),
    ] = False,
) -> None:
    """Train a network in Keras and leave a run folder that `export` takes.

    The presets are made for MNIST's 55,000 images; on a smaller set batches shrink and
    epochs grow by themselves. A class needs 3 pictures at least, and some dozens to be
    learnt.
    """
    from edge_mnist.extras import import_tensorflow, require
    from edge_mnist.options import refuse_beside

    if resume is not None:
        refuse_beside(context, "resume")
    require("train", "train")
    import_tensorflow(verbose=bool(os.environ.get("EDGE_MNIST_VERBOSE")))
    from edge_mnist import training

    if list_presets:
        training.print_presets()
    elif resume is not None:
        training.resume_run(resume)
    else:
        training.start_run(
            training.make_config(
                preset=preset,
                recipe_name=recipe,
                teachers=tuple(teacher or ()),
                data=data,
                out=out,
                seed=seed,
                split=split,
                tensorboard=tensorboard,
                epochs=epochs,
                batch_size=batch_size,
                learning_rate=learning_rate,
                patience=patience,
                precision=precision,
                legacy_h5=legacy_h5,
            ),
            force=force,
        )
