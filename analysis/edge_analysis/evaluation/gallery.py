"""Galleries of the page: every wrong answer under its true class, and the disputed images."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Final

import cv2

from edge_analysis.evaluation.comparison import Comparison
from edge_analysis.evaluation.measure import Evaluation
from edge_analysis.evaluation.scores import ErrorRow
from edge_analysis.report_page import Block, Figure, Figures, Paragraph
from edge_analysis.text import amount, percent

# Some hundred pictures make a page of a megabyte.
MAX_SHOWN: Final = 400
_MAX_GROUPS: Final = 12


def error_gallery(evaluation: Evaluation) -> tuple[Block, ...]:
    """Show wrong answers under their true classes, in each the surest first."""
    disputed = evaluation.record.disputed.indices if evaluation.record.disputed else ()
    order = {name: place for place, name in enumerate(evaluation.names)}
    errors = sorted(evaluation.record.errors[:MAX_SHOWN], key=lambda error: order[error.label])
    groups = [
        (_missed(evaluation, name), [_error_figure(evaluation, one, disputed) for one in of_class])
        for name, of_class in groupby(errors, lambda error: error.label)
    ]
    if len(groups) > _MAX_GROUPS:
        # A heading for every picture or two would bury them.
        counts = ", ".join(count for count, _ in groups)
        groups = [(counts, [figure for _, figures in groups for figure in figures])]
    return tuple(
        block
        for count, figures in groups
        for block in (
            Paragraph(text=f"Missed of {count}."),
            Figures(figures=tuple(figures), small=True),
        )
    )


def disputed_gallery(evaluation: Evaluation) -> tuple[Block, ...]:
    """Show the disputed images with their labels and what the model answers."""
    disputed = evaluation.record.disputed
    if disputed is None:
        return ()
    names, answers = evaluation.names, evaluation.answers
    figures: list[Figure] = []
    for index in disputed.indices:
        label, answered = names[answers.labels[index]], names[answers.predicted[index]]
        sure = percent(float(answers.confidences[index]), 0)
        words = f"#{index}: label {label},", f"answer {answered} ({sure})"
        figures.append(_figure(evaluation, index, *words))
    without, wrong = disputed.without, len(disputed.wrong)
    text = (
        f"Reviewers disagreed with the labels of {len(figures)} test images, by index. The model "
        f"answers {wrong} of them otherwise than the label says. "
        f"Without them accuracy is {percent(without.accuracy)} ({without.correct:,} of "
        f"{without.n:,}), with them {percent(evaluation.record.test.accuracy)}."
    )
    return (Paragraph(text=text), Figures(figures=tuple(figures), small=True))


def disagreement_gallery(evaluation: Evaluation, comparison: Comparison) -> tuple[Block, ...]:
    """Show images that two models answer differently, those that one gets right first."""
    different = comparison.disagreements
    if not different:
        return (Paragraph(text="They answer every image alike."),)
    figures: list[Figure] = []
    for one in different[:MAX_SHOWN]:
        answers = (
            f"{model}: {answered} ({percent(confidence, 0)})"
            for model, answered, confidence in zip(
                comparison.models, one.answers, one.confidences, strict=True
            )
        )
        words = f"#{one.index}, label {one.label}.", ", ".join(answers)
        figures.append(_figure(evaluation, one.index, *words))
    left_out = f", the first {MAX_SHOWN} here" * (len(different) > MAX_SHOWN)
    text = (
        f"{amount(len(different), 'image')} with different answers{left_out}: index, true class, "
        "and both answers; first those that only one gets right."
    )
    return (Paragraph(text=text), Figures(figures=tuple(figures), small=True))


def _missed(evaluation: Evaluation, name: str) -> str:
    one = next(each for each in evaluation.record.classes if each.name == name)
    return f"{name}: {one.support - one.correct:,} of {one.support:,}"


def _error_figure(evaluation: Evaluation, error: ErrorRow, disputed: Sequence[int]) -> Figure:
    answered = f"{error.answer}, not {error.label} ({percent(error.confidence, 0)})"
    mark = ", disputed" * (error.index in disputed)
    return _figure(evaluation, error.index, answered, f"#{error.index}{mark}")


def _figure(evaluation: Evaluation, index: int, *words: str) -> Figure:
    label = evaluation.names[evaluation.answers.labels[index]]
    png = cv2.imencode(".png", evaluation.data.test.images[index])[1].tobytes()
    # A percent sign never begins a line.
    caption = " ".join(words).replace(" %", "\N{NO-BREAK SPACE}%")
    return Figure(picture=png, alt=f"test image {index}, a {label}", caption=caption)
