"""The training itself: epoch after epoch from a checkpoint to the next."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Protocol

import keras
import numpy as np
from numpy.typing import NDArray

from edge_infer.errors import RunError
from edge_train.checkpoint import Arrays, Checkpoint
from edge_train.config import Recipe
from edge_train.evaluate import evaluate
from edge_train.feed import EpochFeed, EpochImages
from edge_train.history import EpochRow, epochs_without_gain

_NO_DECAY: Final = ["bias", "gamma", "beta"]


class TrainingView(Protocol):
    """What watches a training; the command line shows it as a live line."""

    def notify(self, message: str) -> None:
        """Say something once."""
        ...

    def progress(self, name: str, done: int, total: int) -> None:
        """Report how far a download or the reading of pictures is; 0: total unknown."""
        ...

    def epoch_started(self, epoch: int, epochs: int, steps: int) -> None:
        """Begin epoch ``epoch`` of ``epochs``, in ``steps`` steps."""
        ...

    def step_done(self, step: int, loss: float, accuracy: float) -> None:
        """Report the running means after ``step`` steps of the epoch."""
        ...

    def epoch_done(self, row: EpochRow, *, best: bool) -> None:
        """End an epoch; ``best`` says whether its weights are the best so far."""
        ...


@dataclass(frozen=True)
class TrainingSet:
    """Images ready for the model: uint8 (n, 28, 28) with int64 (n,) labels, in two parts."""

    images: NDArray[np.uint8]
    labels: NDArray[np.int64]
    validation_images: NDArray[np.uint8]
    validation_labels: NDArray[np.int64]


def compile_model(model: Any, recipe: Recipe, train_images: int) -> None:
    """Give a fresh model its optimizer and loss.

    Args:
        model: Ends in ``logits`` and ``probabilities``.
        recipe: How to train.
        train_images: Number of images in an epoch; the schedule counts in steps.
    """
    model.compile(
        optimizer=_optimizer(recipe, -(-train_images // recipe.batch_size)),
        loss=keras.losses.CategoricalCrossentropy(label_smoothing=recipe.label_smoothing),
        metrics=[keras.metrics.CategoricalAccuracy(name="accuracy")],
    )
    model.optimizer.build(model.trainable_variables)


def fit(
    model: Any,
    start: Checkpoint,
    data: TrainingSet,
    view: TrainingView,
    after_epoch: Callable[[Checkpoint], None],
) -> Checkpoint:
    """Train to the recipe's last epoch, or until early stopping.

    Args:
        model: Compiled; its variables are overwritten by the checkpoint's.
        start: Where to begin.
        data: Training and validation images.
        view: Told of every step and epoch.
        after_epoch: Called with the state after each epoch, to keep it.

    Returns:
        The state after the last epoch.
    """
    recipe, state = start.config.recipe, start
    _assign(model.variables, state.model)
    _assign(model.optimizer.variables, state.optimizer)
    if _is_over(state):
        return state
    feed = EpochFeed(
        data.images,
        data.labels,
        augmentation=recipe.augmentation,
        seed=start.config.seed,
        first_epoch=state.epoch + 1,
        epochs=recipe.epochs,
    )
    with feed:
        while not _is_over(state):
            row = _train_epoch(model, recipe, state.epoch + 1, feed=feed, data=data, view=view)
            state = state.after_epoch(row, variables(model), variables(model.optimizer))
            after_epoch(state)
            view.epoch_done(row, best=state.best_epoch == row.epoch)
    if state.epoch < recipe.epochs:
        view.notify(f"stopped early: no gain on validation in {recipe.patience} epochs")
    return state


def variables(owner: Any) -> Arrays:
    """Copy all variables of a model or an optimizer, in their order."""
    return tuple(np.array(keras.ops.convert_to_numpy(variable)) for variable in owner.variables)


def restore_best(model: Any, state: Checkpoint) -> None:
    """Give the model the weights of its best epoch."""
    _assign(model.variables, state.best_model)


def _is_over(state: Checkpoint) -> bool:
    patience = state.config.recipe.patience
    tired = patience is not None and epochs_without_gain(state.history) >= patience
    return tired or state.epoch >= state.config.recipe.epochs


def _train_epoch(
    model: Any,
    recipe: Recipe,
    epoch: int,
    *,
    feed: EpochFeed,
    data: TrainingSet,
    view: TrainingView,
) -> EpochRow:
    started_s = time.perf_counter()
    view.epoch_started(epoch, recipe.epochs, -(-len(data.images) // recipe.batch_size))
    images = feed.next_epoch()
    loss, accuracy = _fit_images(model, recipe, images, view)
    if not math.isfinite(loss):
        raise RunError(
            f"the training diverged in epoch {epoch} (loss {loss}): train anew with a lower "
            f"--learning-rate than {recipe.learning_rate:g}"
        )
    validation = evaluate(model, data.validation_images, data.validation_labels)
    return EpochRow(
        epoch=epoch,
        loss=loss,
        accuracy=accuracy,
        validation_loss=validation.loss,
        validation_accuracy=validation.accuracy,
        learning_rate=float(model.optimizer.learning_rate),
        time_s=time.perf_counter() - started_s,
        augmentation_s=images.cpu_s,
    )


def _fit_images(
    model: Any, recipe: Recipe, epoch: EpochImages, view: TrainingView
) -> tuple[float, float]:
    classes = model.output.shape[-1]
    history = model.fit(
        epoch.images,
        keras.utils.to_categorical(epoch.labels, classes),
        batch_size=recipe.batch_size,
        epochs=1,
        shuffle=False,
        verbose=0,
        callbacks=[_StepCallback(view)],
    ).history
    return float(history["loss"][-1]), float(history["accuracy"][-1])


class _StepCallback(keras.callbacks.Callback):  # type: ignore[misc]  # Keras has no types
    """Passes Keras' running means on to the view."""

    def __init__(self, view: TrainingView) -> None:
        super().__init__()
        self._view = view

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        means = logs or {}
        self._view.step_done(batch + 1, means.get("loss", 0.0), means.get("accuracy", 0.0))


def _optimizer(recipe: Recipe, steps_per_epoch: int) -> Any:
    rate: Any = recipe.learning_rate
    if recipe.warmup_epochs is not None:
        warmup_steps = round(recipe.warmup_epochs * steps_per_epoch)
        rate = keras.optimizers.schedules.CosineDecay(
            0.0,
            decay_steps=max(1, recipe.epochs * steps_per_epoch - warmup_steps),
            warmup_target=recipe.learning_rate,
            warmup_steps=warmup_steps,
        )
    if recipe.optimizer == "adam":
        return keras.optimizers.Adam(rate)
    optimizer = keras.optimizers.AdamW(rate, weight_decay=recipe.weight_decay)
    optimizer.exclude_from_weight_decay(var_names=_NO_DECAY)
    return optimizer


def _assign(variables_: Any, arrays: Arrays) -> None:
    expected, found = [tuple(v.shape) for v in variables_], [array.shape for array in arrays]
    if expected != found:
        raise RunError(
            "the checkpoint is of another network than its preset builds today: train anew"
        )
    for variable, array in zip(variables_, arrays, strict=True):
        variable.assign(array)
