"""The training loop: from one checkpoint to the next, epoch by epoch."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Any, Protocol

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from edge_infer.errors import RunError
from edge_train.checkpoint import Arrays, Checkpoint
from edge_train.config import Recipe
from edge_train.evaluate import evaluate
from edge_train.feed import EpochImages, EpochMaker
from edge_train.history import EpochRow, epochs_without_gain
from edge_train.teacher import Teacher


class TrainingView(Protocol):
    """Receives the progress of a training; the command line shows it as a live line."""

    def notify(self, message: str) -> None:
        """Show a message."""
        ...

    def progress(self, name: str, done: int, total: int) -> None:
        """Show the progress of a download or of reading pictures; total is 0 if unknown."""
        ...

    def epoch_started(self, epoch: int, epochs: int, steps: int) -> None:
        """Begin epoch ``epoch`` of ``epochs``, which has ``steps`` steps."""
        ...

    def step_done(self, step: int, loss: float, accuracy: float) -> None:
        """Show the running means after ``step`` steps of the epoch."""
        ...

    def epoch_done(self, row: EpochRow, *, best: bool) -> None:
        """End an epoch; ``best`` says whether its weights are the ones to keep so far."""
        ...


@dataclass(frozen=True)
class TrainingSet:
    """Training and validation images.

    Attributes:
        images: uint8 (n, 28, 28), ready for the model.
        labels: int64 (n,).
        validation_images: uint8 (m, 28, 28).
        validation_labels: int64 (m,).
        teacher: Model that gives the targets of the training images, or None.
    """

    images: NDArray[np.uint8]
    labels: NDArray[np.int64]
    validation_images: NDArray[np.uint8]
    validation_labels: NDArray[np.int64]
    teacher: Teacher | None = None

    def steps_per_epoch(self, recipe: Recipe) -> int:
        """Return the number of steps of one epoch, with the recipe's negatives."""
        images = len(self.images) + recipe.negatives_per_epoch(len(self.images))
        return math.ceil(images / recipe.batch_size)


def fit(
    model: Any,
    start: Checkpoint,
    data: TrainingSet,
    view: TrainingView,
    after_epoch: Callable[[Checkpoint], None],
) -> Checkpoint:
    """Train to the last epoch of the recipe, or until early stopping.

    Args:
        model: Compiled; its variables are replaced by those of the checkpoint.
        start: The state to begin with.
        data: Training and validation images.
        view: Receives every step and epoch.
        after_epoch: Called with the state after each epoch, to save it.

    Returns:
        The state after the last epoch.

    Raises:
        RunError: The training diverged, or the checkpoint belongs to another network.
    """
    recipe, state = start.config.recipe, start
    assign_variables(model, state.model)
    assign_variables(model.optimizer, state.optimizer)
    if _is_over(state):
        return state
    maker = EpochMaker(
        data.images,
        data.labels,
        classes=model.output.shape[-1],
        recipe=recipe,
        teacher=data.teacher,
        seed=start.config.seed,
    )
    with closing(maker.feed(state.epoch + 1)) as epochs:
        while not _is_over(state):
            view.epoch_started(state.epoch + 1, recipe.epochs, data.steps_per_epoch(recipe))
            row = _train_epoch(model, recipe, state.epoch + 1, epochs=epochs, data=data, view=view)
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


def _is_over(state: Checkpoint) -> bool:
    patience = state.config.recipe.patience
    patience_exhausted = patience is not None and epochs_without_gain(state.history) >= patience
    return patience_exhausted or state.epoch >= state.config.recipe.epochs


def _train_epoch(
    model: Any,
    recipe: Recipe,
    epoch: int,
    *,
    epochs: Iterator[EpochImages],
    data: TrainingSet,
    view: TrainingView,
) -> EpochRow:
    """Train one epoch and validate."""
    started_s = time.perf_counter()
    images = next(epochs)
    batches = make_batches(images, recipe.batch_size)
    history = model.fit(batches, shuffle=False, verbose=0, callbacks=[_Steps(view)]).history
    loss = float(history["loss"][-1])
    finite = all(np.isfinite(array).all() for array in read_variables(model))
    if not (math.isfinite(loss) and finite):
        raise RunError(
            f"the training diverged in epoch {epoch} (loss {loss}): train anew with a lower "
            f"--learning-rate than {recipe.learning_rate:g}"
        )
    validation = evaluate(model, data.validation_images, data.validation_labels)
    return EpochRow(
        epoch=epoch,
        loss=loss,
        accuracy=float(history["accuracy"][-1]),
        validation_loss=validation.loss,
        validation_accuracy=validation.accuracy,
        learning_rate=float(model.optimizer.learning_rate),
        time_s=time.perf_counter() - started_s,
        augmentation_s=images.cpu_s,
    )


class _Steps(keras.callbacks.Callback):  # type: ignore[misc]  # Keras has no types
    """Passes the running means of Keras to the view."""

    def __init__(self, view: TrainingView) -> None:
        super().__init__()
        self._view = view

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        means = logs or {}
        self._view.step_done(batch + 1, means.get("loss", 0.0), means.get("accuracy", 0.0))
