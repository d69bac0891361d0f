"""The files of an evaluation: page, numbers, figures."""

from __future__ import annotations

from pathlib import Path

from edge_analysis.evaluation.answers import Progress
from edge_analysis.evaluation.drawings import draw_figures
from edge_analysis.evaluation.measure import Evaluation
from edge_analysis.evaluation.report import build_page
from edge_analysis.report_page.report_folder import ReportFolder


def write_evaluation(evaluation: Evaluation, folder: Path, progress: Progress) -> Path:
    """Write ``figures/*.png`` and ``*.svg``, ``report.json`` and, last, ``report.html``.

    Files of an older report are replaced or removed.

    Returns:
        The path of the page.

    Raises:
        OutputError: A file cannot be written.
    """
    target = ReportFolder(folder)
    drawn = draw_figures(evaluation, progress)
    pictures = {}
    for done, one in enumerate(drawn):
        progress("writing figures", done, len(drawn))
        pictures[one.name] = target.add(one)
    return target.finish(evaluation.record.json_values(), build_page(evaluation, pictures))
