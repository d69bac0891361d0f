from __future__ import annotations

import csv
from pathlib import Path

import pytest

from edge_train.history import EpochRow, epochs_without_gain, write_history


def row(epoch: int, accuracy: float, loss: float) -> EpochRow:
    return EpochRow(epoch, 0.5, 0.9, loss, accuracy, 1e-3, 2.0, 0.1)


def rows(*figures: tuple[float, float]) -> tuple[EpochRow, ...]:
    return tuple(row(epoch, *pair) for epoch, pair in enumerate(figures, 1))


@pytest.mark.parametrize(
    ("figures", "expected"),
    [
        ((), 0),
        (((0.9, 0.5),), 0),
        (((0.9, 0.5), (0.8, 0.6)), 1),
        (((0.9, 0.5), (0.8, 0.4)), 0),
        (((0.9, 0.5), (0.9, 0.5), (0.9, 0.5)), 2),
        (((0.9, 0.5), (0.8, 0.6), (0.91, 0.6)), 2),
    ],
)
def test_epochs_without_gain_counts_from_the_last_gain(figures, expected: int) -> None:
    assert epochs_without_gain(rows(*figures)) == expected


def test_rank_prefers_accuracy_then_lower_loss() -> None:
    assert row(1, 0.9, 0.9).rank() > row(2, 0.8, 0.1).rank()
    assert row(1, 0.9, 0.2).rank() > row(2, 0.9, 0.3).rank()


def test_history_file_has_one_line_an_epoch(tmp_path: Path) -> None:
    path = tmp_path / "history.csv"
    write_history(path, rows((0.9, 0.5), (0.95, 0.4)))
    with path.open(newline="") as file:
        read = list(csv.DictReader(file))
    assert [line["epoch"] for line in read] == ["1", "2"]
    assert float(read[1]["validation_accuracy"]) == 0.95
    assert [entry.name for entry in tmp_path.iterdir()] == ["history.csv"]
