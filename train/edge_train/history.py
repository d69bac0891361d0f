"""Figures of each finished epoch, ``history.csv`` and the TensorBoard log."""

from __future__ import annotations

import csv
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from edge_infer.errors import OutputError
from edge_infer.io.atomic import atomic_path


@dataclass(frozen=True)
class EpochRow:
    """One line of ``history.csv``.

    Attributes:
        epoch: Number of the epoch, from 1.
        loss: Mean training loss with label smoothing, on the distorted images.
        accuracy: 0-1, training accuracy on the distorted images.
        validation_loss: Cross-entropy in nats.
        validation_accuracy: 0-1.
        learning_rate: After the last step of the epoch.
        time_s: Wall time with validation.
        augmentation_s: CPU time of the distortions and the teacher, in the background.
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
        """Return the key by which the best epoch is chosen: accuracy, then loss."""
        return self.validation_accuracy, -self.validation_loss


def write_history(path: Path, rows: tuple[EpochRow, ...]) -> None:
    """Write all rows in one piece.

    Raises:
        OutputError: The file cannot be written.
    """
    with atomic_path(path) as temporary, temporary.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, [field.name for field in fields(EpochRow)])
        writer.writeheader()
        writer.writerows(asdict(row) for row in rows)


def epochs_without_gain(rows: tuple[EpochRow, ...]) -> int:
    """Return the number of epochs since the lowest validation loss."""
    losses = [row.validation_loss for row in rows]
    return len(losses) - 1 - losses.index(min(losses)) if losses else 0


class TensorBoardLog:
    """Writes the figures of each epoch as scalars of a TensorBoard log."""

    def __init__(self, folder: Path | None) -> None:
        """Open a log in ``folder``; without a folder, nothing is written.

        Raises:
            OutputError: The folder cannot be written.
        """
        self._writer: Any = None
        if folder is not None:
            import tensorflow as tf

            with _output_errors():
                self._writer = tf.summary.create_file_writer(str(folder))

    def write(self, row: EpochRow) -> None:
        """Append one epoch and flush; errors as the constructor."""
        if self._writer is None:
            return
        import tensorflow as tf

        figures = asdict(row)
        epoch = figures.pop("epoch")
        with _output_errors(), self._writer.as_default():
            for name, value in figures.items():
                tf.summary.scalar(name, value, step=epoch)
            self._writer.flush()

    def close(self) -> None:
        """Close the file of the log."""
        if self._writer is not None:
            self._writer.close()


@contextmanager
def _output_errors() -> Generator[None]:
    import tensorflow as tf

    try:
        yield
    except tf.errors.OpError as error:
        raise OutputError(f"cannot write the TensorBoard log: {error.message}") from error
