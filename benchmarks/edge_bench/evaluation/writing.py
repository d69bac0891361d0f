"""The files of an evaluation: page, numbers, figures."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from edge_bench.evaluation.answers import Progress
from edge_bench.evaluation.figures.canvas import Drawn
from edge_bench.evaluation.measure import Evaluation
from edge_bench.evaluation.report import build_page
from edge_bench.report_page import page_html
from edge_infer.atomic import write_text

PAGE: Final = "report.html"
NUMBERS: Final = "report.json"
FIGURES: Final = "figures"


def write_evaluation(
    evaluation: Evaluation, drawn: Sequence[Drawn], folder: Path, progress: Progress
) -> Path:
    """Write ``figures/*.png`` and ``*.svg``, ``report.json`` and, last, ``report.html``.

    Returns:
        The path of the page.

    Raises:
        OutputError: A file cannot be written.
    """
    pictures = {}
    for done, one in enumerate(drawn):
        progress("writing figures", done, len(drawn))
        one.write(folder / FIGURES)
        pictures[one.name] = one.for_page()
    write_text(folder / NUMBERS, evaluation.record.to_json())
    write_text(folder / PAGE, page_html(build_page(evaluation, pictures)))
    return folder / PAGE
