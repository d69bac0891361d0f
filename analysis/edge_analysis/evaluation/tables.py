"""Tables and key figures of the page."""

from __future__ import annotations

from typing import Final

from edge_analysis.evaluation.record import EvaluationRecord, Rival
from edge_analysis.evaluation.scores import PartScore
from edge_analysis.report_page import NOTHING, KeyFigure, KeyFigures, Table
from edge_analysis.text import duration, percent, percent_range, short_time

# Longer tables show their caption until they are opened.
_LONG: Final = 30


def key_figures(record: EvaluationRecord) -> KeyFigures:
    """Give the numbers to take away."""
    test, times = record.test, record.inference
    wrong = test.n - test.correct
    figures = [
        KeyFigure(
            value=percent(test.accuracy),
            label="test accuracy",
            note=f"95 % interval {percent_range(test.accuracy_95)}",
        ),
        KeyFigure(value=f"{wrong:,}", label="wrong answers", note=f"of {test.n:,} test images"),
        KeyFigure(
            value=f"{test.loss:.4f}",
            label="test loss (nats)",
            note="95 % interval {:.4f} to {:.4f}".format(*test.loss_95),
        ),
        KeyFigure(
            value=percent(record.confidence.calibration_error),
            label="calibration error",
            note="expected, 15 bins",
        ),
        KeyFigure(
            value=short_time(times.single_ms),
            label="inference, one image",
            note=f"{short_time(times.batched_ms)} an image in batches of {times.batch}",
        ),
        KeyFigure(
            value=f"{record.model.size_bytes / 1000:,.1f} kB",
            label=record.model.kind,
            note=f"{record.model.parameters:,} parameters",
        ),
    ]
    if record.training is not None:
        best = f"epoch {record.training.best_epoch} of {len(record.training.epochs)} kept"
        took = duration(record.training.time_s)
        figures.append(KeyFigure(value=took, label="training time", note=best))
    return KeyFigures(figures=tuple(figures))


def parts_table(record: EvaluationRecord) -> Table:
    """Give accuracy and loss on each part."""
    rows = [_part_row(part, part.name) for part in record.parts]
    if record.disputed is not None:
        rows.append(_part_row(record.disputed.without, "test without disputed"))
    return Table(
        caption="Accuracy and loss with 95 % intervals: Wilson's of the accuracy, the normal "
        "approximation of the mean loss.",
        headings=("part", "images", "right", "accuracy", "95 % interval", "loss", "95 % interval"),
        rows=tuple(rows),
    )


def classes_table(record: EvaluationRecord) -> Table:
    """Give precision, recall, F1 and support of each class, and their averages."""
    rows = [
        (
            one.name,
            f"{one.support:,}",
            f"{one.support - one.correct:,}",
            percent(one.precision) if one.answered else NOTHING,
            percent(one.recall) if one.support else NOTHING,
            percent_range(one.recall_95) if one.support else NOTHING,
            percent(one.f1) if one.support + one.answered else NOTHING,
        )
        for one in record.classes
    ]
    test = record.test
    for mean in record.averages:
        numbers = f"{test.n:,}", f"{test.n - test.correct:,}", percent(mean.precision)
        rest = percent(mean.recall), NOTHING, percent(mean.f1)
        rows.append((f"{mean.name} average", *numbers, *rest))
    return Table(
        caption=f"Classification report of {test.n:,} test images. Recall is the success rate: the "
        "share of a class that is recognised; precision the share of right ones among its answers.",
        headings=("class", "support", "missed", "precision", "recall", "95 % interval", "F1"),
        rows=tuple(rows),
        folded=len(rows) > _LONG,
    )


def confusions_table(record: EvaluationRecord) -> Table:
    """Give the most frequent mistakes."""
    return Table(
        caption="The most frequent confusions.",
        headings=("true class", "answer", "times", "of the class"),
        rows=tuple(
            (one.label, one.answer, f"{one.count:,}", percent(one.share))
            for one in record.top_confusions
        ),
        text_columns=2,
    )


def risk_table(record: EvaluationRecord) -> Table:
    """Give the errors left when the least sure answers are rejected."""
    # Of few images, the least sure half percent is none.
    different = {point.kept: point for point in record.confidence.risk}.values()
    points = [(f"{percent(point.coverage, 1)} answered", point) for point in different]
    if record.confidence.at_threshold is not None:
        points.append(("own threshold", record.confidence.at_threshold))
    return Table(
        caption="Errors left when the least sure answers are rejected.",
        headings=("", "threshold", "answered", "wrong", "risk"),
        rows=tuple(
            (name, f"{one.threshold:.3f}", f"{one.kept:,}", f"{one.errors:,}", percent(one.risk))
            for name, one in points
        ),
    )


def rival_table(record: EvaluationRecord, rival: Rival) -> Table:
    """Set two models side by side."""
    columns = [(record.model, record.test, record.inference)]
    columns.append((rival.model, rival.test, rival.inference))
    cells = [
        (
            model.kind,
            f"{model.size_bytes / 1000:,.1f} kB",
            f"{model.parameters:,}",
            percent(test.accuracy),
            percent_range(test.accuracy_95),
            f"{test.n - test.correct:,}",
            f"{test.loss:.4f}",
            short_time(times.single_ms),
        )
        for model, test, times in columns
    ]
    names = ("kind", "size", "parameters", "test accuracy", "95 % interval", "wrong", "loss (nats)")
    rows = zip((*names, "inference, one image"), *cells, strict=True)
    return Table(
        caption="Both models on the same test images.",
        headings=("", record.model.name, rival.model.name),
        rows=tuple(rows),
    )


def _part_row(part: PartScore, name: str) -> tuple[str, ...]:
    return (
        name,
        f"{part.n:,}",
        f"{part.correct:,}",
        percent(part.accuracy),
        percent_range(part.accuracy_95),
        f"{part.loss:.4f}",
        "{:.4f} to {:.4f}".format(*part.loss_95),
    )
