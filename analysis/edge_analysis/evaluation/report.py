"""The report of an evaluation: ``report.html``, ``report.json`` and figures."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Final

from edge_analysis.evaluation.comparison_section import comparison_blocks
from edge_analysis.evaluation.curves_section import (
    confidence_blocks,
    robustness_blocks,
    training_blocks,
)
from edge_analysis.evaluation.measure import Evaluation
from edge_analysis.evaluation.pictures_section import (
    error_blocks,
    label_error_blocks,
    occlusion_blocks,
    sample_blocks,
)
from edge_analysis.evaluation.scores_section import (
    accuracy_blocks,
    class_blocks,
    confusion_blocks,
)
from edge_analysis.page import Block, Page, Paragraph
from edge_analysis.report_folder import (
    AddFigure,
    Progress,
    ReportFolder,
    write_sections,
)
from edge_analysis.text import percent, percent_range, plural


def write_evaluation(evaluation: Evaluation, folder: Path, progress: Progress) -> Path:
    """Write ``figures/*.png`` and ``*.svg``, ``report.json`` and, last, ``report.html``.

    Files of an older report are replaced or removed.

    Args:
        evaluation: The evaluation.
        folder: Folder of the report, created if it is missing.
        progress: Called before each section.

    Returns:
        The path of the page.

    Raises:
        OutputError: A file cannot be written.
    """
    target = ReportFolder(folder)
    page = build_page(evaluation, target.add, progress)
    return target.finish(asdict(evaluation.record), page)


def build_page(evaluation: Evaluation, add: AddFigure, progress: Progress) -> Page:
    """Draw the figures and build the page; ``add`` converts a drawing to a figure of it."""
    record = evaluation.record
    test = record.test
    return Page(
        title=f"{record.model.name}: evaluation on {record.data.name}",
        lead=f"{record.model.kind} of the network {record.model.preset}, "
        f"{record.model.parameters:,} parameters: {test.correct:,} of {test.n:,} test images "
        f"correct, {percent(test.accuracy)} (95 % interval {percent_range(test.accuracy_95)}).",
        sections=write_sections(evaluation, _SECTIONS, add, progress),
    )


def _method_blocks(evaluation: Evaluation, _: AddFigure) -> Iterator[Block]:
    record = evaluation.record
    model, data = record.model, record.data
    texts = [
        f"Model: {model.kind}, network {model.preset}, seed {model.seed}, "
        f"{plural(model.epochs, 'epoch')} on {model.data} (SHA-256 {model.data_sha256[:12]}…).",
        f"Data: {data.name} (SHA-256 {data.sha256[:12]}…), {len(data.class_names)} classes.",
        f"Inference time: median wall time of up to 200 calls on {record.machine}, an indication; "
        "edge-mnist bench measures precisely.",
    ]
    if record.training:
        texts.append(f"Training time: wall time of the epochs on {record.training.machine}.")
    texts += [
        f"Tools: {', '.join(record.versions)}.",
        "All numbers are in report.json; the figures are in the folder figures as PNG and SVG.",
    ]
    yield from (Paragraph(text=text) for text in texts)


_SECTIONS: Final = {
    "Accuracy": accuracy_blocks,
    "Classes": class_blocks,
    "Confusions": confusion_blocks,
    "Samples": sample_blocks,
    "Errors": error_blocks,
    "Suspected label errors": label_error_blocks,
    "Confidence": confidence_blocks,
    "Training": training_blocks,
    "Occlusion": occlusion_blocks,
    "Robustness": robustness_blocks,
    "Comparison": comparison_blocks,
    "Method": _method_blocks,
}
