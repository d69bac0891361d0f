"""How an evaluation looks on the terminal: the numbers to take away."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from edge_analysis.evaluation import EvaluationRecord
from edge_analysis.text import percent, percent_range

_CONFUSIONS = 5


def summary(record: EvaluationRecord) -> RenderableType:
    """Show accuracies, the most frequent confusions and the comparison."""
    table = Table(
        title=f"{record.model.name} on {record.data.name}", title_justify="left", box=None
    )
    for heading in ("", "right", "images", "accuracy", "95 % interval", "loss"):
        table.add_column(heading, justify="right" if heading else "left")
    for part in record.parts:
        table.add_row(
            part.name,
            f"{part.correct:,}",
            f"{part.n:,}",
            percent(part.accuracy),
            percent_range(part.accuracy_95),
            f"{part.loss:.4f}",
        )
    return Group(table, *(Text(line) for line in _lines(record)))


def _lines(record: EvaluationRecord) -> list[str]:
    lines: list[str] = []
    if record.disputed is not None:
        lines.append(
            f"without the {len(record.disputed.indices)} disputed test images: "
            f"{percent(record.disputed.without.accuracy)}"
        )
    confused = [
        f"{one.label} as {one.answer} {one.count}x" for one in record.top_confusions[:_CONFUSIONS]
    ]
    if confused:
        lines.append(f"most often confused: {', '.join(confused)}")
    if record.rival is not None:
        one = record.rival.comparison
        lines.append(
            f"beside {one.models[1]}: {one.only_first} right by {one.models[0]} alone, "
            f"{one.only_second} by {one.models[1]} alone (McNemar p = {one.p_value:.3g})"
        )
    return lines
