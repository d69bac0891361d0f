"""What a run's ``history.csv`` says of its training."""

from __future__ import annotations

import csv
from dataclasses import dataclass, fields
from pathlib import Path

from edge_infer.errors import RunError
from edge_infer.model.run_folder import RunFolder, RunRecord


@dataclass(frozen=True, kw_only=True)
class Epoch:
    """One finished epoch, as far as a curve is drawn of it.

    Attributes:
        epoch: From 1.
        loss: Mean training loss, on the distorted images.
        accuracy: Training accuracy in 0-1, on the distorted images.
        validation_loss: Plain cross-entropy in nats.
        validation_accuracy: In 0-1.
        learning_rate: After the epoch's last step.
        time_s: Wall time with validation.
    """

    epoch: int
    loss: float
    accuracy: float
    validation_loss: float
    validation_accuracy: float
    learning_rate: float
    time_s: float


@dataclass(frozen=True, kw_only=True)
class Training:
    """How a model was trained.

    Attributes:
        epochs: In order.
        best_epoch: Number of the one whose weights were kept, from 1.
        time_s: Wall time in the epochs.
        machine: CPU and cores, in words.
    """

    epochs: tuple[Epoch, ...]
    best_epoch: int
    time_s: float
    machine: str

    @property
    def best(self) -> Epoch:
        """The epoch whose weights were kept."""
        return next(epoch for epoch in self.epochs if epoch.epoch == self.best_epoch)


def read_training(folder: RunFolder, record: RunRecord) -> Training:
    """Read how a run was trained.

    Raises:
        RunError: Its history is missing, cut short, or of another run.
    """
    epochs = _read_history(folder.history_path)
    if record.best_epoch not in {epoch.epoch for epoch in epochs}:
        raise RunError(
            f"{folder.history_path} lacks epoch {record.best_epoch}, which {folder.record_path} "
            "names the best: they are not of one run; train it again"
        )
    return Training(
        epochs=epochs,
        best_epoch=record.best_epoch,
        time_s=record.training_time_s,
        machine=record.machine,
    )


def _read_history(path: Path) -> tuple[Epoch, ...]:
    names = [field.name for field in fields(Epoch) if field.name != "epoch"]
    try:
        with path.open(newline="", encoding="utf-8") as file:
            return tuple(
                Epoch(epoch=int(row["epoch"]), **{name: float(row[name]) for name in names})
                for row in csv.DictReader(file)
            )
    except (OSError, ValueError, TypeError, KeyError, csv.Error) as error:
        raise RunError(f"{path} cannot be read: {error}") from error
