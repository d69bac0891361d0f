"""Sections of the report on confidence, training and robustness."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby

from edge_analysis.evaluation.answers import ConfidenceScore, risk_curve
from edge_analysis.evaluation.measure import Evaluation
from edge_analysis.evaluation.models import Training
from edge_analysis.evaluation.record import EvaluationRecord
from edge_analysis.evaluation.robustness import RobustnessCurve
from edge_analysis.figures.bars import draw_reliability
from edge_analysis.figures.drawing import Drawing
from edge_analysis.figures.lines import Line, draw_lines
from edge_analysis.page import Block, Paragraph, Table
from edge_analysis.report_folder import AddFigure, figures
from edge_analysis.text import percent, plural
from edge_infer.model.reliability import RiskPoint


def confidence_blocks(evaluation: Evaluation, add: AddFigure) -> Iterator[Block]:
    """Report calibration, and the errors left after rejection."""
    record = evaluation.record
    if record.training is not None:
        yield Paragraph(
            text="These are the confidences of the network after training. The export calibrates "
            "them with a temperature that it fits to the validation images, so that confidences "
            "and loss of its files differ."
        )
    curves = {record.model.name: risk_curve(evaluation.answers)}
    if record.rival is not None and evaluation.rival_answers is not None:
        curves[record.rival.model.name] = risk_curve(evaluation.rival_answers)
    yield from figures(add, _draw_reliability(record), draw_risk(curves, record.confidence))
    yield _risk_table(record.confidence)


def training_blocks(evaluation: Evaluation, add: AddFigure) -> Iterator[Block]:
    """Show loss, accuracy and learning rate over the epochs of a run."""
    if evaluation.record.training is not None:
        yield from figures(add, *_draw_training(evaluation.record.training))


def robustness_blocks(evaluation: Evaluation, add: AddFigure) -> Iterator[Block]:
    """Show the accuracy on perturbed images, a figure per perturbation."""
    record = evaluation.record
    n = record.robustness[0].points[0].n
    images = "all" if n == record.test.n else f"{n:,} evenly chosen images of the"
    yield Paragraph(
        text=f"Accuracy on {images} {record.test.n:,} test images under perturbations, with 95 % "
        "intervals. The 28x28 input itself is perturbed. In use, edge-mnist centres and scales "
        "each digit, stretches its contrast and detects its polarity first, so that shift, scale, "
        "contrast and inversion rarely reach the model."
    )
    by_kind = groupby(record.robustness, lambda curve: curve.disturbance)
    yield from figures(add, *(_draw_robustness(list(curves)) for _, curves in by_kind))


def draw_risk(curves: Mapping[str, Sequence[RiskPoint]], score: ConfidenceScore) -> Drawing:
    """Draw the errors left after rejection by model; ``score`` is that of the first model."""
    lines = [
        Line(
            name=name,
            x=[100 * point.coverage for point in points],
            y=[100 * point.risk for point in points],
        )
        for name, points in curves.items()
    ]
    # The horizontal axis begins at the lowest coverage with errors.
    coverages = [point.coverage for curve in curves.values() for point in curve if point.errors]
    kept = score.at_threshold
    if kept is not None:
        x, y = [100 * kept.coverage], [100 * kept.risk]
        lines.append(Line(name="its reject threshold", x=x, y=y, colour=0, marker="o", style=""))
        coverages.append(kept.coverage)
    figure = draw_lines(
        lines,
        height_in=3.2,
        xlabel="coverage: answered images (%)",
        ylabel="wrong among them (%)",
        xlim=(100 * max(min(coverages, default=1.0) - 0.01, 0.0), 100),
        ylim=(0, None),
    )
    return Drawing("risk", figure, "Risk against coverage.", _risk_caption(score))


def _draw_reliability(record: EvaluationRecord) -> Drawing:
    score, accuracy = record.confidence, record.test.accuracy
    figure = draw_reliability(
        [one.confidence for one in score.bins],
        [one.accuracy for one in score.bins],
        [one.n for one in score.bins],
    )
    top = score.bins[-1]
    gap = score.mean_confidence - accuracy
    caption = (
        f"The expected calibration error is {percent(score.calibration_error)}. The mean "
        f"confidence is {percent(score.mean_confidence)} and the accuracy {percent(accuracy)}: the "
        f"model is {'over' if gap > 0 else 'under'}confident by {abs(100 * gap):.2f} points. "
        f"{percent(top.n / record.test.n, 1)} of all answers have a confidence above "
        f"{percent(top.low, 0)}. On the dashed line, confidence equals accuracy."
    )
    return Drawing("reliability", figure, "Reliability diagram.", caption)


def _risk_caption(score: ConfidenceScore) -> str:
    whole, *rest = score.risk
    # For each number of errors, the highest coverage with so few.
    fewer = {point.errors: point for point in reversed(rest) if point.errors < whole.errors}
    parts = [f"{plural(whole.errors, 'error')} if all {whole.n:,} images are answered"] + [
        f"{plural(point.errors, 'error')} if the least confident {percent(1 - point.coverage, 1)} "
        "are rejected"
        for point in reversed(fewer.values())
    ]
    text = f"{', '.join(parts[:4])}."
    kept = score.at_threshold
    if kept is None:
        return text
    return (
        f"{text} The model's own threshold, {kept.threshold:.3f}, keeps {percent(kept.coverage)} "
        f"of the images with {plural(kept.errors, 'error')}."
    )


def _risk_table(score: ConfidenceScore) -> Table:
    # On few images several coverages keep the same number of answers.
    different = {point.kept: point for point in score.risk}.values()
    points = [(f"{percent(point.coverage, 1)} answered", point) for point in different]
    if score.at_threshold is not None:
        points.append(("own threshold", score.at_threshold))
    return Table(
        caption="Errors left if the least confident answers are rejected.",
        headings=("", "threshold", "answered", "wrong", "risk"),
        rows=tuple(
            (name, f"{one.threshold:.3f}", f"{one.kept:,}", f"{one.errors:,}", percent(one.risk))
            for name, one in points
        ),
    )


def _draw_training(training: Training) -> Iterator[Drawing]:
    epochs, best, first = training.epochs, training.best, training.epochs[0]
    lowest = min(epochs, key=lambda epoch: epoch.validation_loss)
    highest = max(epochs, key=lambda epoch: epoch.learning_rate)
    losses = {
        "training": [epoch.loss for epoch in epochs],
        "validation": [epoch.validation_loss for epoch in epochs],
    }
    yield Drawing(
        "training-loss",
        _draw_history(training, "loss (nats)", losses),
        "Training and validation loss over the epochs.",
        f"The validation loss is lowest in epoch {lowest.epoch} ({lowest.validation_loss:.4f} "
        f"nats); in the kept epoch {best.epoch} (dashed) it is {best.validation_loss:.4f}. The "
        "training loss is that of augmented images and smoothed labels, so it may be higher.",
    )
    accuracies = {
        "training": [100 * epoch.accuracy for epoch in epochs],
        "validation": [100 * epoch.validation_accuracy for epoch in epochs],
    }
    yield Drawing(
        "training-accuracy",
        _draw_history(training, "accuracy (%)", accuracies),
        "Training and validation accuracy over the epochs.",
        f"The validation accuracy is {percent(first.validation_accuracy)} after epoch "
        f"{first.epoch} and {percent(best.validation_accuracy)} in the kept epoch {best.epoch} of "
        f"{len(epochs)} (dashed). The training accuracy in that epoch, on augmented images, is "
        f"{percent(best.accuracy)}.",
    )
    rates = {"learning rate": [epoch.learning_rate for epoch in epochs]}
    yield Drawing(
        "training-rate",
        _draw_history(training, "learning rate", rates),
        "Learning rate over the epochs.",
        f"The learning rate is highest after epoch {highest.epoch} ({highest.learning_rate:.2g}) "
        f"and {epochs[-1].learning_rate:.2g} at the end.",
    )


def _draw_history(training: Training, label: str, series: Mapping[str, Sequence[float]]) -> object:
    epochs = [epoch.epoch for epoch in training.epochs]
    # A line through a single point is invisible.
    marker = "o" if len(epochs) == 1 else None
    lines = [Line(name=name, x=epochs, y=values, marker=marker) for name, values in series.items()]
    return draw_lines(
        lines, height_in=3, reference=training.best_epoch, xlabel="epoch", ylabel=label
    )


def _draw_robustness(curves: Sequence[RobustnessCurve]) -> Drawing:
    first = curves[0]
    lines = [
        Line(
            name=curve.model,
            x=[point.strength for point in curve.points],
            y=[100 * point.accuracy for point in curve.points],
            band=tuple([100 * point.accuracy_95[end] for point in curve.points] for end in (0, 1)),
            marker="s" if index else "o",
        )
        for index, curve in enumerate(curves)
    ]
    label = f"{first.disturbance}: {first.axis}"
    axes = {"xlabel": label, "ylabel": "accuracy (%)", "ylim": (0, 102)}
    return Drawing(
        f"robustness-{first.disturbance}",
        draw_lines(lines, height_in=2.8, reference=first.none, **axes),
        f"Accuracy against {label}.",
        f"{first.disturbance.capitalize()}: {'; '.join(map(_robustness_clause, curves))}.",
    )


def _robustness_clause(curve: RobustnessCurve) -> str:
    (low, high), worst = curve.tolerated, curve.worst
    if low == high:
        loss = "more than 5 points at every strength"
    elif curve.none in {low, high}:
        loss = f"at most 5 points up to {_strength(curve, high if low == curve.none else low)}"
    else:
        loss = f"at most 5 points from {_number(low)} to {_strength(curve, high)}"
    lowest = f"{percent(worst.accuracy, 1)} at {_strength(curve, worst.strength)}"
    return f"{curve.model} loses {loss}; its lowest accuracy is {lowest}"


def _strength(curve: RobustnessCurve, value: float) -> str:
    unit = curve.unit.removesuffix("s") if value == 1 else curve.unit
    # A line break never separates a number from its unit.
    return f"{_number(value)}\N{NO-BREAK SPACE}{unit}" if unit else _number(value)


def _number(value: float) -> str:
    return f"{value:g}".replace("-", "\N{MINUS SIGN}")
