"""What is known of each finished epoch, and ``history.csv``."""

from __future__ import annotations

import csv
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from edge_infer.io.atomic import atomic_path


@dataclass(frozen=True)
class EpochRow:
    """One line of ``history.csv``.

    Attributes:
        epoch: From 1.
        loss: Mean training loss, with label smoothing, on the distorted images.
        accuracy: Training accuracy in 0-1, on the distorted images.
        validation_loss: Plain cross-entropy in nats.
        validation_accuracy: In 0-1.
        learning_rate: After the epoch's last step.
        time_s: Wall time with validation.
        augmentation_s: CPU time of the distortions and the teacher, spent beside the epoch
            before.
    """

    epoch: int
    loss: float
    accuracy: float
    validation_loss: float
    validation_accuracy: float
    learning_rate: float
    time_s: float
    augmentation_s: float

    def rank(self) -> tuple[float, float]:
        """Return what the best epoch is chosen by: accuracy, then loss."""
        return self.validation_accuracy, -self.validation_loss


def write_history(path: Path, rows: tuple[EpochRow, ...]) -> None:
    """Write all rows in one piece, so that a kill never leaves half a line.

    Raises:
        OutputError: The file cannot be written.
    """
    with atomic_path(path) as temporary, temporary.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, [field.name for field in fields(EpochRow)])
        writer.writeheader()
        writer.writerows(asdict(row) for row in rows)


def epochs_without_gain(rows: tuple[EpochRow, ...]) -> int:
    """Count the latest epochs that did not better the validation loss."""
    losses = [row.validation_loss for row in rows]
    return len(losses) - 1 - losses.index(min(losses)) if losses else 0
