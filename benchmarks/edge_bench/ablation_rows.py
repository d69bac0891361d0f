"""Results of ``benchmarks/ablation.py``: a row a training, kept as JSON with a table beside."""

from __future__ import annotations

import json
import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from edge_infer.atomic import write_text


@dataclass(frozen=True, kw_only=True)
class Row:
    """One training. Accuracies in 0-1, loss in nats, time in seconds."""

    variant: str
    seed: int
    epochs: int
    validation_accuracy: float
    validation_loss: float
    distorted_accuracy: float
    training_time_s: float
    machine: str
    finished_at: str


def read_rows(path: Path) -> list[Row]:
    """Read the rows so far; none when there is no file yet."""
    if not path.exists():
        return []
    return [Row(**row) for row in json.loads(path.read_text(encoding="utf-8"))["rows"]]


def add_rows(path: Path, new: Sequence[Row], order: Sequence[str]) -> None:
    """Write the file with more rows, in one piece, and the table beside it.

    A row takes the place of one of the same variant and seed, which had other epochs.
    """
    made = {(row.variant, row.seed) for row in new}
    rows = [row for row in read_rows(path) if (row.variant, row.seed) not in made]
    rows += new
    path.parent.mkdir(parents=True, exist_ok=True)
    document = {"rows": [asdict(each) for each in rows]}
    write_text(path, json.dumps(document, indent=1) + "\n")
    write_text(path.with_suffix(".md"), table(rows, order))


def table(rows: Sequence[Row], order: Sequence[str]) -> str:
    """Return the Markdown table: means over seeds, with the standard deviation of accuracy."""
    lines = [
        "| variant | seeds | epochs | validation accuracy, % | loss, mnat "
        "| distorted validation, % | time, min |",
        "|---|---|---|---|---|---|---|",
    ]
    for name in order:
        found = [row for row in rows if row.variant == name]
        if not found:
            continue
        accuracy = [100 * row.validation_accuracy for row in found]
        spread = f" ± {statistics.stdev(accuracy):.2f}" if len(found) > 1 else ""
        loss = 1000 * statistics.mean(row.validation_loss for row in found)
        distorted = 100 * statistics.mean(row.distorted_accuracy for row in found)
        minutes = statistics.mean(row.training_time_s for row in found) / 60
        lines.append(
            f"| {name} | {len(found)} | {found[0].epochs} "
            f"| {statistics.mean(accuracy):.2f}{spread} "
            f"| {loss:.1f} | {distorted:.2f} | {minutes:.1f} |"
        )
    machines = ", ".join(sorted({row.machine for row in rows}))
    last = max(row.finished_at for row in rows)[:10]
    return "\n".join([*lines, "", f"{machines}; last run {last}.", ""])
