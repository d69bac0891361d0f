"""The report of an evaluation: ``report.html``, ``report.json`` and figures."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Final

from edge_analysis.evaluation.answers import Comparison
from edge_analysis.evaluation.curves_section import (
    confidence_blocks,
    robustness_blocks,
    training_blocks,
)
from edge_analysis.evaluation.measure import Evaluation
from edge_analysis.evaluation.pictures_section import (
    draw_disagreements,
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
from edge_analysis.page import Block, Page, Paragraph, Table
from edge_analysis.report_folder import (
    AddFigure,
    Progress,
    ReportFolder,
    figures,
    write_sections,
)
from edge_analysis.text import p_value, percent, percent_range, plural
from edge_infer.text import duration

# A difference with a lower p-value is called significant.
_SIGNIFICANT: Final = 0.05


def write_evaluation(evaluation: Evaluation, folder: Path, progress: Progress) -> Path:
    """Write figures, ``report.json`` and, last, ``report.html`` into a folder; return its path.

    The folder is created if it is missing. Files of an older report are replaced or removed.

    Raises:
        OutputError: A file cannot be written.
    """
    target = ReportFolder(folder)
    return target.finish(asdict(evaluation.record), build_page(evaluation, target.add, progress))


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


def _comparison_blocks(evaluation: Evaluation, add: AddFigure) -> Iterator[Block]:
    record, rival = evaluation.record, evaluation.record.rival
    if rival is None:
        return
    yield Paragraph(text=_verdict(rival.comparison))
    columns = [
        (
            model.kind,
            f"{model.size_bytes / 1000:,.1f} kB",
            f"{model.parameters:,}",
            percent(test.accuracy),
            percent_range(test.accuracy_95),
            f"{test.n - test.correct:,}",
            f"{test.loss:.4f}",
            duration(times.single_ms / 1000),
        )
        for model, test, times in (
            (record.model, record.test, record.inference),
            (rival.model, rival.test, rival.inference),
        )
    ]
    names = ("kind", "size", "parameters", "test accuracy", "95 % interval", "wrong", "loss (nats)")
    yield Table(
        caption="Both models on the same test images.",
        headings=("", record.model.name, rival.model.name),
        rows=tuple(zip((*names, "inference, one image"), *columns, strict=True)),
    )
    if rival.comparison.disagreements:
        drawings = draw_disagreements(evaluation.data.test, rival.comparison)
        yield from figures(add, *drawings)
    else:
        yield Paragraph(text="Both models give the same answer to every image.")


def _verdict(comparison: Comparison) -> str:
    first, second = comparison.models
    same = (
        f"{first} and {second} give the same answer to {percent(comparison.agreement)} of "
        f"{comparison.n:,} test images."
    )
    n = comparison.only_first + comparison.only_second
    if not n:
        return f"{same} Both are correct on the same {comparison.both_right:,}: no test is needed."
    verdict = "significant" if comparison.p_value < _SIGNIFICANT else "not significant"
    return (
        f"{same} Only {first} is correct on {comparison.only_first:,}, only {second} on "
        f"{comparison.only_second:,}, neither on {comparison.both_wrong:,}. McNemar's exact test "
        f"on the {n:,} images that only one classifies correctly gives "
        f"{p_value(comparison.p_value)}: the difference is {verdict}."
    )


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
    "Comparison": _comparison_blocks,
    "Method": _method_blocks,
}
