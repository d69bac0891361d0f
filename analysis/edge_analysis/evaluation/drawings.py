"""All figures of an evaluation, in the order of the page."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np

from edge_analysis.evaluation.answers import Progress
from edge_analysis.evaluation.confidence import risk_curve
from edge_analysis.evaluation.figures.classes import draw_mistakes, draw_success
from edge_analysis.evaluation.figures.confidence import draw_reliability, draw_risk
from edge_analysis.evaluation.figures.confusion import draw_confusion
from edge_analysis.evaluation.figures.occlusion import choose_looked_at, draw_occlusion
from edge_analysis.evaluation.figures.pictures import (
    draw_disagreements,
    draw_errors,
    draw_one_error_each,
    draw_samples,
)
from edge_analysis.evaluation.figures.robustness import draw_robustness
from edge_analysis.evaluation.figures.training import draw_training
from edge_analysis.evaluation.measure import Evaluation
from edge_analysis.report_page.drawn import Drawn


def draw_figures(evaluation: Evaluation, progress: Progress) -> tuple[Drawn, ...]:
    """Draw what there is to draw; errors and disagreements only where there are some."""
    drawn: list[Drawn] = []
    steps = _steps(evaluation)
    for done, step in enumerate(steps):
        progress("drawing figures", done, len(steps))
        drawn += [one for one in step() if one is not None]
    return tuple(drawn)


def _steps(evaluation: Evaluation) -> list[Callable[[], Iterable[Drawn | None]]]:
    record, answers, names = evaluation.record, evaluation.answers, evaluation.names
    test = evaluation.data.test
    chosen = choose_looked_at(answers, evaluation.look_at)
    return [
        lambda: [draw_success(record.classes, record.test), draw_mistakes(record.classes)],
        lambda: draw_confusion(np.array(record.confusion), names),
        lambda: [draw_one_error_each(test, record.errors, names), draw_errors(test, record.errors)],
        lambda: [draw_reliability(record.confidence, record.test.accuracy), _risk(evaluation)],
        lambda: draw_training(record.training) if record.training else (),
        lambda: [draw_occlusion(evaluation.predict, test, chosen, names)],
        lambda: [draw_samples(test, answers, names)],
        lambda: draw_robustness(record.robustness),
        lambda: [draw_disagreements(test, record.rival.comparison)] if record.rival else (),
    ]


def _risk(evaluation: Evaluation) -> Drawn:
    record = evaluation.record
    curves = {record.model.name: risk_curve(evaluation.answers)}
    if record.rival is not None and evaluation.rival_answers is not None:
        curves[record.rival.model.name] = risk_curve(evaluation.rival_answers)
    return draw_risk(curves, record.confidence)
