"""The training loop: from one checkpoint to the next, epoch by epoch."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any, Protocol

import keras
import numpy as np
import tensorflow as tf

from edge_infer.errors import OutputError, RunError
from edge_train.checkpoint import Arrays, Checkpoint, EpochRow
from edge_train.data import LabelledImages
from edge_train.evaluate import evaluate
from edge_train.feed import EpochImages, EpochMaker


class TrainingView(Protocol):
    """Receives the progress of a training; the command line shows it as a live line."""

    def notify(self, message: str) -> None:
        """Show a message."""

    def progress(self, name: str, done: int, total: int) -> None:
        """Show the progress of a download or of reading pictures; total is 0 if unknown."""

    def epoch_started(self, epoch: int, epochs: int, steps: int) -> None:
        """Begin epoch ``epoch`` of ``epochs``, which has ``steps`` steps."""

    def step_done(self, step: int, loss: float, accuracy: float) -> None:
        """Show the running means after ``step`` steps of the epoch."""

    def epoch_done(self, row: EpochRow, *, best: bool) -> None:
        """End an epoch; ``best`` says whether its weights are the ones to keep so far."""


def fit(
    model: Any,
    start: Checkpoint,
    maker: EpochMaker,
    validation: LabelledImages,
    view: TrainingView,
    *,
    after_epoch: Callable[[Checkpoint], None],
) -> Checkpoint:
    """Train until early stopping or the last epoch of the recipe; return the last state.

    Args:
        model: Compiled; its variables are replaced by those of the checkpoint.
        start: The state to begin with.
        maker: Makes the training images and targets of each epoch.
        validation: The validation images.
        view: Receives every step and epoch.
        after_epoch: Called with the state after each epoch, to save it.

    Raises:
        RunError: The training diverged, or the checkpoint belongs to another network.
    """
    recipe, state = start.config.recipe, start
    assign_variables(model, state.model)
    assign_variables(model.optimizer, state.optimizer)
    if state.is_last:
        return state
    with closing(maker.feed(state.epoch + 1)) as epochs:
        while not state.is_last:
            view.epoch_started(state.epoch + 1, recipe.epochs, maker.steps_per_epoch)
            row = _train_epoch(model, state, epochs, validation, view)
            state = state.after_epoch(row, read_variables(model), read_variables(model.optimizer))
            after_epoch(state)
            view.epoch_done(row, best=state.best_epoch == row.epoch)
    if state.epoch < recipe.epochs:
        view.notify(f"stopped early: no lower validation loss in {recipe.patience} epochs")
    return state


def read_variables(owner: Any) -> Arrays:
    """Copy all variables of a model or an optimizer, in their order."""
    return tuple(np.array(keras.ops.convert_to_numpy(variable)) for variable in owner.variables)


def assign_variables(owner: Any, arrays: Arrays) -> None:
    """Set all variables of a model or an optimizer.

    Raises:
        RunError: The arrays have other shapes than the variables.
    """
    expected = [tuple(variable.shape) for variable in owner.variables]
    if expected != [array.shape for array in arrays]:
        raise RunError(
            "the checkpoint belongs to another network than its preset builds now: train anew"
        )
    for variable, array in zip(owner.variables, arrays, strict=True):
        variable.assign(array)


def make_batches(epoch: EpochImages, batch_size: int) -> Any:
    """Return the images and targets of an epoch as a ``tf.data.Dataset`` of batches, in order.

    Autotuning is off: Keras waits for its thread at the end of each epoch, and that thread
    sleeps up to a minute.
    """
    dataset = tf.data.Dataset.from_tensor_slices((epoch.images, epoch.targets))
    options = tf.data.Options()
    options.autotune.enabled = False
    return dataset.batch(batch_size).with_options(options)


@contextmanager
def tensorboard_log(folder: Path | None) -> Generator[Callable[[EpochRow], None]]:
    """Open a TensorBoard log in a folder, or none, and yield the function that adds an epoch.

    Raises:
        OutputError: The folder cannot be written.
    """
    if folder is None:
        yield lambda row: None
        return
    with _log_errors():
        writer = tf.summary.create_file_writer(str(folder))

    def append(row: EpochRow) -> None:
        figures = asdict(row)
        epoch = figures.pop("epoch")
        with _log_errors(), writer.as_default():
            for name, value in figures.items():
                tf.summary.scalar(name, value, step=epoch)
            writer.flush()

    with closing(writer):
        yield append


@contextmanager
def _log_errors() -> Generator[None]:
    try:
        yield
    except tf.errors.OpError as error:
        raise OutputError(f"cannot write the TensorBoard log: {error.message}") from error


def _train_epoch(
    model: Any,
    state: Checkpoint,
    epochs: Iterator[EpochImages],
    validation: LabelledImages,
    view: TrainingView,
) -> EpochRow:
    """Train the epoch after ``state`` and validate."""

    def end_step(batch: int, logs: dict[str, float]) -> None:
        view.step_done(batch + 1, logs["loss"], logs["accuracy"])

    started_s = time.perf_counter()
    images, recipe, epoch = next(epochs), state.config.recipe, state.epoch + 1
    callback = keras.callbacks.LambdaCallback(on_train_batch_end=end_step)
    batches = make_batches(images, recipe.batch_size)
    history = model.fit(batches, shuffle=False, verbose=0, callbacks=[callback]).history
    loss = float(history["loss"][-1])
    finite = all(np.isfinite(array).all() for array in read_variables(model))
    if not (math.isfinite(loss) and finite):
        raise RunError(
            f"the training diverged in epoch {epoch} (loss {loss}): train anew with a lower "
            f"--learning-rate than {recipe.learning_rate:g}"
        )
    result = evaluate(model, validation.images, validation.labels)
    return EpochRow(
        epoch=epoch,
        loss=loss,
        accuracy=float(history["accuracy"][-1]),
        validation_loss=result.loss,
        validation_accuracy=result.accuracy,
        learning_rate=float(model.optimizer.learning_rate),
        time_s=time.perf_counter() - started_s,
        augmentation_s=images.cpu_s,
    )
