"""The files of an evaluation: page, numbers, figures."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from edge_analysis.evaluation.answers import Progress
from edge_analysis.evaluation.measure import Evaluation
from edge_analysis.evaluation.report import build_page
from edge_analysis.report_page.drawn import Drawn
from edge_analysis.report_page.report_folder import ReportFolder


def write_evaluation(
    evaluation: Evaluation, drawn: Sequence[Drawn], folder: Path, progress: Progress
) -> Path:
    """Write ``figures/*.png`` and ``*.svg``, ``report.json`` and, last, ``report.html``.

    What an older report wrote there is replaced or removed.

    Returns:
        The path of the page.

    Raises:
        OutputError: A file cannot be written.
    """
    target = ReportFolder(folder)
    pictures = {}
    for done, one in enumerate(drawn):
        progress("writing figures", done, len(drawn))
        pictures[one.name] = target.add(one)
    return target.finish(evaluation.record.json_values(), build_page(evaluation, pictures))
