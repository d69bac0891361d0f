"""Section of the report on the model that the evaluated model is compared with."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from edge_analysis.evaluation.comparison import Comparison
from edge_analysis.evaluation.measure import Evaluation
from edge_analysis.evaluation.pictures_section import draw_disagreements
from edge_analysis.page import Block, Paragraph, Table
from edge_analysis.report_folder import AddFigure, figures
from edge_analysis.text import p_value, percent, percent_range
from edge_infer.text import duration

# A difference with a lower p-value is called significant.
_SIGNIFICANT: Final = 0.05


def comparison_blocks(evaluation: Evaluation, add: AddFigure) -> Iterator[Block]:
    """Compare the model with its rival and show the disagreements."""
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
