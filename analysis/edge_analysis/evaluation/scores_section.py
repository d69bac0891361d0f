"""Sections of the report on accuracy, classes and confusions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

import numpy as np

from edge_analysis.evaluation.measure import Evaluation
from edge_analysis.evaluation.scores import ClassScore, Matrix, PartScore, top_confusions
from edge_analysis.figures.bars import draw_intervals, draw_paired_bars
from edge_analysis.figures.drawing import Drawing
from edge_analysis.figures.heat_map import (
    MAX_NUMBERED_CLASSES,
    count_scale,
    draw_heat_map,
    share_scale,
)
from edge_analysis.page import NO_VALUE, Block, KeyFigures, Notes, Table, key_figures
from edge_analysis.report_folder import AddFigure, figures
from edge_analysis.text import listed, percent, percent_range, plural
from edge_infer.text import duration

# Figures show at most this many classes; longer tables are folded.
_MAX_CLASSES: Final = 30
_CLOSE_UP_CLASSES: Final = 12


def accuracy_blocks(evaluation: Evaluation, _: AddFigure) -> Iterator[Block]:
    """Report key figures, and accuracy and loss of each part."""
    record = evaluation.record
    yield _key_figures(evaluation)
    if not record.data.trained_on:
        text = (
            f"The model was trained on {record.model.data}, not on this data set. The names of "
            "the parts are those of this data set: the model was trained on none of them."
        )
        yield Notes(title="The training data differ", items=(text,))
    parts = [*record.parts, *([record.disputed.without] if record.disputed else [])]
    interval = "95 % interval"
    yield Table(
        caption="Accuracy and loss with 95 % intervals (accuracy: Wilson; loss: normal "
        "approximation of the mean).",
        headings=("part", "images", "correct", "accuracy", interval, "loss", interval),
        rows=tuple(
            (
                *(part.name, f"{part.n:,}", f"{part.correct:,}"),
                *(percent(part.accuracy), percent_range(part.accuracy_95)),
                *(f"{part.loss:.4f}", "{:.4f} to {:.4f}".format(*part.loss_95)),
            )
            for part in parts
        ),
    )


def class_blocks(evaluation: Evaluation, add: AddFigure) -> Iterator[Block]:
    """Report the scores of each class."""
    record = evaluation.record
    classes, test = record.classes, record.test
    yield from figures(add, draw_recalls(classes, test), draw_mistakes(classes))
    rows = [
        (
            one.name,
            f"{one.support:,}",
            f"{one.missed:,}",
            percent(one.precision) if one.answered else NO_VALUE,
            percent(one.recall) if one.support else NO_VALUE,
            percent_range(one.recall_95) if one.support else NO_VALUE,
            percent(one.f1) if one.support + one.answered else NO_VALUE,
        )
        for one in classes
    ]
    for mean in record.averages:
        counts = f"{test.n:,}", f"{test.n - test.correct:,}"
        means = percent(mean.precision), percent(mean.recall), NO_VALUE, percent(mean.f1)
        rows.append((f"{mean.name} average", *counts, *means))
    yield Table(
        caption=f"Classification report of {test.n:,} test images. Recall is the share of a class "
        "that is recognised; precision is the share of correct ones among its answers.",
        headings=("class", "support", "missed", "precision", "recall", "95 % interval", "F1"),
        rows=tuple(rows),
        folded=len(rows) > _MAX_CLASSES,
    )


def confusion_blocks(evaluation: Evaluation, add: AddFigure) -> Iterator[Block]:
    """Report the confusion matrix and the most frequent confusions."""
    record = evaluation.record
    drawings = draw_confusion(np.array(record.confusion), evaluation.names)
    yield from figures(add, *drawings[:2])
    yield from figures(add, *drawings[2:])
    if record.top_confusions:
        yield Table(
            caption="The most frequent confusions.",
            headings=("true class", "answer", "images", "share of the class"),
            rows=tuple(
                (one.label, one.answer, f"{one.count:,}", percent(one.share))
                for one in record.top_confusions
            ),
            text_columns=2,
        )


def draw_recalls(classes: Sequence[ClassScore], whole: PartScore) -> Drawing:
    """Draw the recall of each class; of more than 30 classes those with the lowest recall."""
    present = [one for one in classes if one.support]
    by_recall = sorted(present, key=lambda one: one.recall)
    shown = [one for one in present if one in by_recall[:_MAX_CLASSES]]
    figure = draw_intervals(
        [100 * one.recall for one in shown],
        [(100 * one.recall_95[0], 100 * one.recall_95[1]) for one in shown],
        [one.name for one in shown],
        reference=100 * whole.accuracy,
        label="recall (%), 95 % interval; dashed: accuracy",
    )
    worst = by_recall[0]
    best = [one.name for one in present if one.recall == by_recall[-1].recall]
    outside = [
        one.name for one in present if not one.recall_95[0] <= whole.accuracy <= one.recall_95[1]
    ] or ["no class"]
    return Drawing(
        "success",
        figure,
        "Recall of each class.",
        f"{_of(len(shown), len(present))}Highest recall: {listed(best)}, "
        f"{percent(by_recall[-1].recall)}; lowest: {worst.name}, {percent(worst.recall)} "
        f"({worst.missed:,} of {worst.support:,} missed). The accuracy of all classes, "
        f"{percent(whole.accuracy)}, is outside the intervals of {listed(outside)}.",
    )


def draw_mistakes(classes: Sequence[ClassScore]) -> Drawing | None:
    """Draw the missed images and the false answers of each class; None for no mistakes.

    Of more than 30 classes those with the most mistakes are drawn.
    """
    mistakes = sum(one.missed for one in classes)
    if not mistakes:
        return None
    shown = sorted(classes, key=lambda one: -one.missed - one.false_answers)[:_MAX_CLASSES]
    shown.sort(key=classes.index)
    series = {
        "missed": [one.missed for one in shown],
        "false answers": [one.false_answers for one in shown],
    }
    missed = max(classes, key=lambda one: one.missed)
    false = max(classes, key=lambda one: one.false_answers)
    never = [one.name for one in classes if one.support and not one.missed]
    return Drawing(
        "mistakes",
        draw_paired_bars(series, [one.name for one in shown], label="images"),
        "Missed images and false answers of each class.",
        f"{_of(len(shown), len(classes))}{plural(mistakes, 'mistake')}, each counted at "
        f"its true class and at its answer. Most missed: {missed.name}, {missed.missed:,} of "
        f"{missed.support:,}. Most false answers: {false.name}, {false.false_answers:,}. Never "
        f"missed: {listed(never or ['no class'])}.",
    )


def draw_confusion(matrix: Matrix, names: Sequence[str]) -> tuple[Drawing, ...]:
    """Draw a confusion matrix, int64 (classes, classes), as counts and as shares of its rows.

    For many classes two further figures show the 12 with most confusions.
    """
    mistakes = matrix - np.diag(matrix.diagonal())
    caption = (
        f"{mistakes.sum():,} of {matrix.sum():,} answers are off the diagonal, in "
        f"{plural(int(np.count_nonzero(mistakes)), 'cell')}. The colour scale is logarithmic: "
        "single mistakes are visible."
    )
    for top in top_confusions(matrix, names, 1):
        caption += f" Most frequent: {top.label} answered as {top.answer} ({top.count:,})."
    totals = matrix.sum(axis=1)
    drawings = _draw_both(matrix, names, "confusion", caption, totals)
    if len(names) <= MAX_NUMBERED_CLASSES:
        return drawings
    involved = mistakes.sum(axis=0) + mistakes.sum(axis=1)
    worst = np.sort(np.argsort(-involved, kind="stable")[:_CLOSE_UP_CLASSES])
    block = np.ix_(worst, worst)
    caption = (
        f"The {len(worst)} of {len(names)} classes with the most confusions: "
        f"{mistakes[block].sum():,} of all {mistakes.sum():,} mistakes are among them."
    )
    worst_names = [str(names[at]) for at in worst.tolist()]
    close_up = _draw_both(matrix[block], worst_names, "confusion-closeup", caption, totals[worst])
    return drawings + close_up


def _draw_both(
    matrix: Matrix, names: Sequence[str], name: str, caption: str, totals: Any
) -> tuple[Drawing, Drawing]:
    """Draw counts and shares; ``totals`` are the answers per true class, int64 (classes,)."""
    shares = 100 * matrix / np.maximum(totals, 1)[:, np.newaxis]
    recalls = np.where(totals > 0, shares.diagonal(), np.inf)
    worst = int(recalls.argmin())
    labels = {"x_label": "answer", "y_label": "true class"}
    return (
        Drawing(
            f"{name}-counts",
            draw_heat_map(matrix, names, count_scale(matrix), **labels),
            "Confusion matrix in counts: rows are true classes, columns are answers.",
            caption,
        ),
        Drawing(
            f"{name}-shares",
            draw_heat_map(shares, names, share_scale("% of the true class"), **labels),
            "Confusion matrix in percent of each true class.",
            f"Shares of all answers to a true class; empty cells are 0. Class {names[worst]} has "
            f"the lowest recall here: {percent(float(recalls[worst]) / 100, 1)} of "
            f"{plural(int(totals[worst]), 'image')}.",
        ),
    )


def _of(shown: int, classes: int) -> str:
    """Return a sentence if only some of the classes are shown."""
    return f"{shown} of {classes} classes. " if shown < classes else ""


def _key_figures(evaluation: Evaluation) -> KeyFigures:
    record = evaluation.record
    test, times, model, training = record.test, record.inference, record.model, record.training
    batches = f"{duration(times.batched_ms / 1000)} per image in batches of {times.batch}"
    accuracy_note = f"95 % interval {percent_range(test.accuracy_95)}"
    loss_note = "95 % interval {:.4f} to {:.4f}".format(*test.loss_95)
    error = percent(record.confidence.calibration_error)
    rows = [
        ("test accuracy", percent(test.accuracy), accuracy_note),
        ("wrong answers", f"{test.n - test.correct:,}", f"of {test.n:,} test images"),
        ("test loss (nats)", f"{test.loss:.4f}", loss_note),
        ("calibration error", error, f"expected, {len(record.confidence.bins)} bins"),
        ("inference, one image", duration(times.single_ms / 1000), batches),
        (model.kind, f"{model.size_bytes / 1000:,.1f} kB", f"{model.parameters:,} parameters"),
    ]
    if training is not None:
        kept = f"epoch {training.best_epoch} of {len(training.epochs)} kept"
        rows.append(("training time", duration(training.time_s), kept))
    return key_figures(*rows)
