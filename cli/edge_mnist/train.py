"""`edge-mnist train`: train a network in Keras."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, Literal

import typer

from edge_mnist.options import DataOption

if TYPE_CHECKING:
    from edge_infer.model.run_folder import RunRecord
    from edge_mnist.train_view import TerminalTrainingView

EXAMPLES: Final = """
**Examples**

    edge-mnist train                      # MNIST into runs/edge

    edge-mnist train --preset edge --recipe fast    # faster, slightly less accurate

    edge-mnist train --preset edge --teacher train/teacher.onnx    # distil a larger model

    edge-mnist train --data my-glyphs/    # one sub-folder per class

    edge-mnist train --resume runs/edge   # after any interruption
"""
_EXIT_INTERRUPTED: Final = 130


def command(
    context: typer.Context,
    *,
    data: DataOption = "mnist",
    preset: Annotated[
        str, typer.Option(help="Network and its recipes; see --list-presets.")
    ] = "edge",
    recipe: Annotated[
        str, typer.Option(help="One of the recipes of the preset; see --list-presets.")
    ] = "default",
    teacher: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME|FILE",
            help="Distil this shipped model or .onnx file; may be given several times.",
        ),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Run folder. [default: runs/PRESET]")
    ] = None,
    seed: Annotated[
        int,
        typer.Option(min=0, help="Random seed; the same seed repeats a run on the same machine."),
    ] = 0,
    split: Annotated[
        Literal["stratified", "last"],
        typer.Option(
            help="Validation images: a stratified random twelfth of the training images, or the "
            "last twelfth."
        ),
    ] = "stratified",
    epochs: Annotated[
        int | None, typer.Option(min=1, help="Maximum number of epochs. [default: the preset's]")
    ] = None,
    batch_size: Annotated[
        int | None, typer.Option(min=1, help="Images per step. [default: the preset's]")
    ] = None,
    learning_rate: Annotated[
        float | None, typer.Option(help="Highest learning rate. [default: the preset's]")
    ] = None,
    patience: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Stop after this number of epochs without a lower validation loss, and keep the "
            "epoch with the best validation accuracy instead of the last. [default: the "
            "preset's]",
        ),
    ] = None,
    precision: Annotated[
        str | None,
        typer.Option(
            metavar="float32|mixed_bfloat16",
            help="Arithmetic of the training. mixed_bfloat16 is faster on CPUs with AVX-512 BF16 "
            "or AMX, and far slower on other CPUs. The saved model is float32. [default: the "
            "preset's]",
        ),
    ] = None,
    legacy_h5: Annotated[
        bool,
        typer.Option("--legacy-h5", help="Also write RUN/mnist.h5, the old format of Keras."),
    ] = False,
    tensorboard: Annotated[
        bool, typer.Option("--tensorboard", help="Write a log into RUN/tensorboard.")
    ] = False,
    resume: Annotated[
        Path | None,
        typer.Option(metavar="RUN", help="Resume a stopped run with the options of that run."),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace a run in the folder.")] = False,
    list_presets: Annotated[
        bool,
        typer.Option(
            "--list-presets", help="Print layers, parameters and MACs instead of training."
        ),
    ] = False,
) -> None:
    """Train a network in Keras and write a run folder for `export`.

    The presets are designed for the 55,000 images of MNIST. On a smaller data set, batches
    shrink and epochs increase automatically. A class needs at least 3 pictures, and a few
    dozen for a useful accuracy.
    """
    from edge_mnist.options import refuse_other_options
    from edge_mnist.startup import start_tensorflow

    if resume is not None:
        refuse_other_options(context, "resume")
    start_tensorflow("train", "train")
    from edge_mnist.train_view import show_presets
    from edge_train.config import TrainConfig, override
    from edge_train.presets import find_preset
    from edge_train.train import resume as resume_run
    from edge_train.train import train

    if list_presets:
        show_presets()
        return
    if resume is not None:
        _follow(resume, lambda view: resume_run(resume, view))
        return
    overridden = {"epochs": epochs, "batch_size": batch_size, "patience": patience}
    config = TrainConfig(
        preset=preset,
        data=data,
        out=out or Path("runs") / preset,
        seed=seed,
        split=split,
        recipe=override(
            find_preset(preset).find_recipe(recipe),
            learning_rate=learning_rate,
            precision=precision,
            **overridden,
        ),
        teachers=tuple(teacher or ()),
        legacy_h5=legacy_h5,
        tensorboard=tensorboard,
        overridden=tuple(name for name, value in overridden.items() if value is not None),
    )
    _follow(config.out, lambda view: train(config, view, force=force))


def _follow(folder: Path, work: Callable[[TerminalTrainingView], RunRecord]) -> None:
    """Train, show the progress and the result; exit with 130 when it is interrupted."""
    import signal

    from edge_mnist.terminal import ERR
    from edge_mnist.train_view import TerminalTrainingView, show_record
    from edge_train.checkpoint import CHECKPOINT_NAME
    from edge_train.train import use_deterministic_operations

    signal.signal(signal.SIGTERM, signal.default_int_handler)
    use_deterministic_operations()
    try:
        with TerminalTrainingView() as view:
            record = work(view)
    except KeyboardInterrupt:
        if (folder / CHECKPOINT_NAME).exists():
            ERR.print(f"stopped; go on with: edge-mnist train --resume {folder}", markup=False)
        else:
            ERR.print("stopped before the training began")
        raise typer.Exit(_EXIT_INTERRUPTED) from None
    show_record(folder, record)
