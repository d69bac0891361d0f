"""The training itself: epoch after epoch from a checkpoint to the next."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Protocol

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from edge_infer.errors import RunError
from edge_train.checkpoint import Arrays, Checkpoint
from edge_train.config import Recipe
from edge_train.evaluate import evaluate
from edge_train.feed import EpochFeed, EpochImages
from edge_train.history import EpochRow, epochs_without_gain
from edge_train.teacher import Teacher

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
    """What a network learns from and is chosen on.

    Attributes:
        images: uint8 (n, 28, 28), ready for the model.
        labels: int64 (n,).
        validation_images: uint8 (m, 28, 28).
        validation_labels: int64 (m,).
        teacher: Asked about each training image beside its label, or None.
    """

    images: NDArray[np.uint8]
    labels: NDArray[np.int64]
    validation_images: NDArray[np.uint8]
    validation_labels: NDArray[np.int64]
    teacher: Teacher | None = None


def compile_model(model: Any, recipe: Recipe, train_images: int) -> None:
    """Give a fresh model its optimizer and loss.

    Args:
        model: Ends in ``logits`` and ``probabilities``.
        recipe: How to train.
        train_images: Number of training images; the schedule counts in steps.
    """
    model.compile(
        optimizer=_optimizer(recipe, _steps(recipe, train_images)),
        loss=keras.losses.CategoricalCrossentropy(),
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
        classes=model.output.shape[-1],
        recipe=recipe,
        teacher=data.teacher,
        seed=start.config.seed,
        first_epoch=state.epoch + 1,
    )
    with feed:
        while not _is_over(state):
            if recipe.ema_momentum is not None:
                _assign(model.variables, state.model)
            row, trained = _train_epoch(
                model, recipe, state.epoch + 1, feed=feed, data=data, view=view
            )
            optimizer, measured = variables(model.optimizer), variables(model)
            state = state.after_epoch(row, trained, optimizer, measured)
            after_epoch(state)
            view.epoch_done(row, best=state.best_epoch == row.epoch)
    if state.epoch < recipe.epochs:
        view.notify(f"stopped early: no lower validation loss in {recipe.patience} epochs")
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


def _steps(recipe: Recipe, train_images: int) -> int:
    images = train_images + recipe.others_an_epoch(train_images)
    return -(-images // recipe.batch_size)


def _train_epoch(
    model: Any,
    recipe: Recipe,
    epoch: int,
    *,
    feed: EpochFeed,
    data: TrainingSet,
    view: TrainingView,
) -> tuple[EpochRow, Arrays]:
    """Train an epoch and measure; return what came of it and the variables to go on with.

    They are the model's own unless it was left with averaged weights to be measured.
    """
    started_s = time.perf_counter()
    view.epoch_started(epoch, recipe.epochs, _steps(recipe, len(data.images)))
    images = feed.next_epoch()
    steps = _StepCallback(view)
    loss, accuracy = _fit_images(model, recipe, images, steps)
    if not (math.isfinite(loss) and all(np.isfinite(array).all() for array in steps.trained)):
        raise RunError(
            f"the training diverged in epoch {epoch} (loss {loss}): train anew with a lower "
            f"--learning-rate than {recipe.learning_rate:g}"
        )
    validation = evaluate(model, data.validation_images, data.validation_labels)
    row = EpochRow(
        epoch=epoch,
        loss=loss,
        accuracy=accuracy,
        validation_loss=validation.loss,
        validation_accuracy=validation.accuracy,
        learning_rate=float(model.optimizer.learning_rate),
        time_s=time.perf_counter() - started_s,
        augmentation_s=images.cpu_s,
    )
    return row, steps.trained


def _fit_images(
    model: Any, recipe: Recipe, epoch: EpochImages, steps: _StepCallback
) -> tuple[float, float]:
    batches = make_batches(epoch, recipe.batch_size)
    history = model.fit(batches, shuffle=False, verbose=0, callbacks=[steps]).history
    return float(history["loss"][-1]), float(history["accuracy"][-1])


def make_batches(epoch: EpochImages, batch_size: int) -> Any:
    """Return the epoch as a ``tf.data.Dataset`` of batches, in order.

    Arrays handed to ``fit`` become one that tunes itself, in a thread whose sleeps double
    from 10 ms on and which ``fit`` waits for at the end: an epoch of 65 s took 84.
    """
    dataset = tf.data.Dataset.from_tensor_slices((epoch.images, epoch.targets))
    options = tf.data.Options()
    options.autotune.enabled = False
    return dataset.batch(batch_size).with_options(options)


class _StepCallback(keras.callbacks.Callback):  # type: ignore[misc]  # Keras has no types
    """Passes Keras' running means on to the view, and keeps what the last step left.

    At the end of ``fit``, after ``on_epoch_end``, Keras puts the averaged weights, where
    there are such, in place of the trained ones.
    """

    def __init__(self, view: TrainingView) -> None:
        super().__init__()
        self._view = view
        self.trained: Arrays = ()

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        means = logs or {}
        self._view.step_done(batch + 1, means.get("loss", 0.0), means.get("accuracy", 0.0))

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        self.trained = variables(self.model)


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
    averaging: dict[str, Any] = {}
    if recipe.ema_momentum is not None:
        averaging = {"use_ema": True, "ema_momentum": recipe.ema_momentum}
    if recipe.optimizer == "adam":
        return keras.optimizers.Adam(rate, **averaging)
    if recipe.optimizer == "adadelta":
        return keras.optimizers.Adadelta(rate, **averaging)
    optimizer = keras.optimizers.AdamW(rate, weight_decay=recipe.weight_decay, **averaging)
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
