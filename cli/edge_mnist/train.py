"""`edge-mnist train`: train a network in Keras."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, Literal

import typer
from rich.text import Text

from edge_infer.text import duration
from edge_mnist.options import DataOption, SeedOption
from edge_mnist.startup import start_tensorflow
from edge_mnist.terminal import ERR, OUT, ProgressView, make_table, percent, show, stack

if TYPE_CHECKING:
    from edge_infer.model.run_folder import RunRecord
    from edge_train.checkpoint import EpochRow
    from edge_train.config import Recipe

EXAMPLES: Final = """
    edge-mnist train                      # MNIST into runs/edge
    edge-mnist train --preset edge --recipe fast    # faster, slightly less accurate
    edge-mnist train --preset edge --teacher train/teacher.onnx    # distil a larger model
    edge-mnist train --data my-glyphs/    # one sub-folder per class
    edge-mnist train --resume runs/edge   # after any interruption
"""
_PRESETS_DEFAULT: Final = "[default: the preset's]"
_EXIT_INTERRUPTED: Final = 130
_REFRESH_S: Final = 0.2
_DIGIT_CLASSES: Final = 10


def command(
    context: typer.Context,
    *,
    data: DataOption = "mnist",
    preset: Annotated[
        str, typer.Option(help="Network and its recipes; see --list-presets.")
    ] = "edge",
    recipe: Annotated[
        str, typer.Option(help="Recipe of the preset; see --list-presets.")
    ] = "default",
    teacher: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME|FILE", help="Distil this shipped model or .onnx file; repeatable."
        ),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Run folder. [default: runs/PRESET]")
    ] = None,
    seed: SeedOption = 0,
    split: Annotated[
        Literal["stratified", "last"],
        typer.Option(help="Validation images: a stratified random twelfth, or the last twelfth."),
    ] = "stratified",
    epochs: Annotated[
        int | None, typer.Option(min=1, help=f"Maximum number of epochs. {_PRESETS_DEFAULT}")
    ] = None,
    batch_size: Annotated[
        int | None, typer.Option(min=1, help=f"Images per step. {_PRESETS_DEFAULT}")
    ] = None,
    learning_rate: Annotated[
        float | None, typer.Option(help=f"Highest learning rate. {_PRESETS_DEFAULT}")
    ] = None,
    patience: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Stop after this number of epochs without a lower validation loss, and keep the "
            f"epoch of the best validation accuracy, not the last. {_PRESETS_DEFAULT}",
        ),
    ] = None,
    precision: Annotated[
        str | None,
        typer.Option(
            metavar="float32|mixed_bfloat16",
            help="Arithmetic of the training. mixed_bfloat16 is faster on CPUs with AVX-512 BF16 "
            f"or AMX, and far slower on others. The saved model is float32. {_PRESETS_DEFAULT}",
        ),
    ] = None,
    legacy_h5: Annotated[
        bool, typer.Option("--legacy-h5", help="Also write RUN/mnist.h5, Keras' old format.")
    ] = False,
    tensorboard: Annotated[
        bool, typer.Option("--tensorboard", help="Write a log into RUN/tensorboard.")
    ] = False,
    resume: Annotated[
        Path | None, typer.Option(metavar="RUN", help="Resume a stopped run with its options.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace a run in the folder.")] = False,
    list_presets: Annotated[
        bool, typer.Option("--list-presets", help="Print layers, parameters and MACs only.")
    ] = False,
) -> None:
    """Train a network in Keras and write a run folder for `export`.

    The presets are designed for the 55,000 images of MNIST. On a smaller data set, batches
    shrink and epochs increase automatically. A class needs at least 3 pictures, and a few
    dozen for a useful accuracy.
    """
    if resume is not None:
        _refuse_other_options(context, "resume")
    start_tensorflow("train", "train")
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


def _refuse_other_options(context: typer.Context, name: str) -> None:
    from edge_infer.errors import UsageError

    sources = {other: context.get_parameter_source(other) for other in context.params}
    given = [
        f"--{other.replace('_', '-')}"
        for other, source in sources.items()
        if other != name and source is not None and source.name == "COMMANDLINE"
    ]
    if given:
        raise UsageError(f"--{name} takes no other options: leave out {', '.join(given)}")


def _follow(folder: Path, work: Callable[[TerminalTrainingView], RunRecord]) -> None:
    """Train, show the progress and the result; exit with 130 when it is interrupted."""
    import signal

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


class TerminalTrainingView(ProgressView):
    """A ``edge_train.fit.TrainingView`` on stderr: a progress bar, and a line per epoch."""

    def __init__(self) -> None:
        super().__init__()
        self._finished, self._epochs, self._steps = 0, 0, 0
        self._times_s: list[float] = []
        self._shown_at_s = 0.0

    def epoch_started(self, epoch: int, epochs: int, steps: int) -> None:
        """Restart the progress bar."""
        self._finished, self._epochs, self._steps = epoch - 1, epochs, steps
        self.progress(f"epoch {epoch}/{epochs}", 0, steps)

    def step_done(self, step: int, loss: float, accuracy: float) -> None:
        """Move the progress bar, a few times a second."""
        now_s = time.monotonic()
        if now_s - self._shown_at_s >= _REFRESH_S:
            self._shown_at_s = now_s
            note = f"loss {loss:.4f}  accuracy {percent(accuracy)}{self._time_left()}"
            name = f"epoch {self._finished + 1}/{self._epochs}"
            self.progress(name, step, self._steps, note=note)

    def epoch_done(self, row: EpochRow, *, best: bool) -> None:
        """Print the line of the epoch."""
        self._times_s.append(row.time_s)
        self._finished = row.epoch
        ERR.print(
            f"epoch {row.epoch:>3}/{self._epochs}  loss {row.loss:.4f}  "
            f"accuracy {100 * row.accuracy:6.2f} %  "
            f"validation {100 * row.validation_accuracy:6.2f} %  "
            f"{row.time_s:5.1f} s{self._time_left()}" + ("  [green]best[/]" if best else "")
        )

    def _time_left(self) -> str:
        epochs_left = self._epochs - self._finished
        if not self._times_s or not epochs_left:
            return ""
        left_s = epochs_left * sum(self._times_s) / len(self._times_s)
        return f"  about {duration(left_s)} left"


def show_record(folder: Path, record: RunRecord) -> None:
    """Print accuracies and times of a finished run, and the next command."""
    OUT.print(
        f"[bold]{record.preset}[/] on {record.data}, {record.parameters:,} parameters, "
        f"seed {record.seed}\n"
        f"  test accuracy        {percent(record.test_accuracy)}\n"
        f"  validation accuracy  {percent(record.validation_accuracy)} "
        f"(best epoch {record.best_epoch} of {record.epochs})\n"
        f"  training time        {duration(record.training_time_s)} "
        f"({percent(record.augmentation_share, 1)} of it augmentation, in parallel)\n"
        f"  inference time       {record.inference_time_ms:.3f} ms per image in Keras, in batches\n"
        f"  run folder           {folder}"
    )
    OUT.print(f"next: edge-mnist export {folder} --quantize", markup=False)


def show_presets() -> None:
    """Print layers, parameters and multiply-accumulates per image of each preset."""
    from edge_train.presets import PRESETS, build_final, layer_costs

    for name, preset in PRESETS.items():
        costs = layer_costs(build_final(name, preset.recipe, _DIGIT_CLASSES))
        headings = ("layer", "output", "parameters", "MACs")
        rows = [
            (one.kind, "x".join(map(str, one.shape)), f"{one.parameters:,}", f"{one.macs:,}")
            for one in costs
        ]
        table = make_table(headings, rows, text=headings[:2])
        parameters, macs = sum(c.parameters for c in costs), sum(c.macs for c in costs)
        title = Text.assemble((name, "bold"), f": {preset.summary}")
        recipes = [_recipe_line(*item) for item in preset.recipes.items()]
        show(stack(title, f"{parameters:,} parameters, {macs:,} MACs", *recipes, table, ""))


def _recipe_line(name: str, recipe: Recipe) -> str:
    return (
        f"recipe {name}: {recipe.optimizer}, {recipe.epochs} epochs in batches of "
        f"{recipe.batch_size}, learning rate {recipe.learning_rate:g}, "
        + (f"patience {recipe.patience}" if recipe.patience else "no early stop")
        + (", blur folded" if recipe.fold_blur else "")
    )
