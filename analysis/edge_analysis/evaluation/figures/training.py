"""How a run was trained: loss, accuracy and learning rate over the epochs."""

from __future__ import annotations

from typing import Any

from edge_analysis.evaluation.figures.canvas import canvas, faint, series
from edge_analysis.evaluation.training import Training
from edge_analysis.report_page.drawn import Drawn
from edge_analysis.text import percent


def draw_training(training: Training) -> tuple[Drawn, ...]:
    """Draw loss, accuracy and learning rate, the chosen epoch marked."""
    return (_draw_loss(training), _draw_accuracy(training), _draw_rate(training))


def _draw_loss(training: Training) -> Drawn:
    with canvas(3) as figure:
        axes = _axes(figure, training, "loss (nats)")
        _plot(axes, training, [epoch.loss for epoch in training.epochs], 0, "training")
        _plot(axes, training, [e.validation_loss for e in training.epochs], 1, "validation")
        axes.legend()
    lowest = min(training.epochs, key=lambda epoch: epoch.validation_loss)
    return Drawn(
        "training-loss",
        figure,
        "Training and validation loss over the epochs.",
        f"The validation loss is lowest in epoch {lowest.epoch}, {lowest.validation_loss:.4f} "
        f"nats, and {training.best.validation_loss:.4f} in the chosen epoch "
        f"{training.best_epoch} (dashed). The training loss is of distorted images and softer "
        "labels, so it may lie above.",
    )


def _draw_accuracy(training: Training) -> Drawn:
    best, first = training.best, training.epochs[0]
    with canvas(3) as figure:
        axes = _axes(figure, training, "accuracy (%)")
        values = [100 * epoch.accuracy for epoch in training.epochs]
        _plot(axes, training, values, 0, "training")
        values = [100 * epoch.validation_accuracy for epoch in training.epochs]
        _plot(axes, training, values, 1, "validation")
        axes.legend()
    return Drawn(
        "training-accuracy",
        figure,
        "Training and validation accuracy over the epochs.",
        f"Validation accuracy rises from {percent(first.validation_accuracy)} after epoch "
        f"{first.epoch} to {percent(best.validation_accuracy)} in the chosen epoch {best.epoch} of "
        f"{len(training.epochs)} (dashed), where {percent(best.accuracy)} of the distorted "
        "training images are right.",
    )


def _draw_rate(training: Training) -> Drawn:
    rates = [epoch.learning_rate for epoch in training.epochs]
    highest = max(training.epochs, key=lambda epoch: epoch.learning_rate)
    with canvas(2.6) as figure:
        axes = _axes(figure, training, "learning rate")
        _plot(axes, training, rates, 2, "learning rate")
    return Drawn(
        "training-rate",
        figure,
        "Learning rate over the epochs.",
        f"The learning rate is highest after epoch {highest.epoch}, {highest.learning_rate:.2g}, "
        f"and {rates[-1]:.2g} at the end.",
    )


def _axes(figure: Any, training: Training, label: str) -> Any:
    axes = figure.add_subplot()
    axes.axvline(training.best_epoch, color=faint(), linestyle="--", linewidth=1)
    axes.set(xlabel="epoch", ylabel=label)
    axes.xaxis.get_major_locator().set_params(integer=True)
    return axes


def _plot(axes: Any, training: Training, values: list[float], index: int, name: str) -> None:
    epochs = [epoch.epoch for epoch in training.epochs]
    dashes = "-" if index != 1 else "--"
    # A single epoch is no line.
    marker = "o" if len(epochs) == 1 else None
    axes.plot(epochs, values, color=series(index), linestyle=dashes, marker=marker, label=name)
