"""The history of a training and its state between two epochs, in files that stay whole.

``checkpoint.npz`` in the run folder holds the configuration, the variables of the model with
the statistics of batch normalization and the state of random layers, the optimizer with its
moments and step, the best weights so far, and the history. It is replaced in one piece after
each epoch and removed when the run is complete.
"""

from __future__ import annotations

import csv
import json
import zipfile
import zlib
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from edge_infer.errors import RunError
from edge_infer.io.atomic import atomic_path
from edge_infer.io.json_records import read_versioned
from edge_train.config import TrainConfig

CHECKPOINT_NAME: Final = "checkpoint.npz"
CHECKPOINT_VERSION: Final = 2
# What numpy and zipfile raise on a damaged file.
_UNREADABLE: Final = (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error)
_GROUPS: Final = ("model", "optimizer", "best_model")

Arrays = tuple[NDArray[Any], ...]


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


@dataclass(frozen=True)
class _Document:
    """The JSON part of a checkpoint."""

    config: Any
    data_sha256: str
    teacher_sha256: tuple[str, ...]
    best_epoch: int
    history: tuple[EpochRow, ...]


@dataclass(frozen=True)
class Checkpoint:
    """Everything that the next epoch depends on.

    Attributes:
        config: Configuration of the run.
        data_sha256: Checksum of the data set: a resumed run must train on the same data.
        model: All variables of the Keras model, in its order.
        optimizer: All variables of the optimizer, in its order.
        best_model: The variables of the model after ``best_epoch``.
        best_epoch: The epoch to keep, from 1; 0 before the first epoch is finished.
        history: One row per finished epoch.
        teacher_sha256: Checksums of the teachers' files, which must not change either.
    """

    config: TrainConfig
    data_sha256: str
    model: Arrays
    optimizer: Arrays
    best_model: Arrays
    best_epoch: int = 0
    history: tuple[EpochRow, ...] = ()
    teacher_sha256: tuple[str, ...] = ()

    @property
    def epoch(self) -> int:
        """Number of finished epochs."""
        return len(self.history)

    @property
    def is_last(self) -> bool:
        """Whether all epochs are finished, or the validation loss stayed above its minimum."""
        recipe, losses = self.config.recipe, [row.validation_loss for row in self.history]
        since_best = len(losses) - 1 - losses.index(min(losses)) if losses else 0
        patience_exhausted = recipe.patience is not None and since_best >= recipe.patience
        return patience_exhausted or self.epoch >= recipe.epochs

    def after_epoch(self, row: EpochRow, model: Arrays, optimizer: Arrays) -> Checkpoint:
        """Return the state after one more epoch, from its figures and the variables after it.

        The model becomes the best one when the epoch is the best by accuracy and then by loss,
        or when the recipe has no patience.
        """
        best = self.history[self.best_epoch - 1] if self.best_epoch else None
        better = self.config.recipe.patience is None or best is None or row.rank() > best.rank()
        return replace(
            self,
            model=model,
            optimizer=optimizer,
            best_model=model if better else self.best_model,
            best_epoch=row.epoch if better else self.best_epoch,
            history=(*self.history, row),
        )

    def save(self, folder: Path) -> None:
        """Write the state in one piece.

        Raises:
            OutputError: The folder cannot be written or the disk is full.
        """
        document = {field.name: getattr(self, field.name) for field in fields(_Document)}
        document |= {"format_version": CHECKPOINT_VERSION, "config": self.config.to_json_values()}
        text = json.dumps(document, default=asdict)
        arrays: dict[str, NDArray[Any]] = {"document": np.array(text)}
        for group in _GROUPS:
            for index, array in enumerate(getattr(self, group)):
                arrays[f"{group}_{index:04d}"] = array
        with atomic_path(folder / CHECKPOINT_NAME) as temporary:
            np.savez(temporary, allow_pickle=False, **arrays)

    @classmethod
    def load(cls, folder: Path) -> Checkpoint:
        """Read the state of an unfinished run.

        Raises:
            RunError: The file is missing, damaged or of another version.
        """
        path = folder / CHECKPOINT_NAME
        try:
            with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
                text = str(arrays["document"])
                groups = {
                    group: tuple(arrays[name] for name in sorted(arrays) if name.startswith(group))
                    for group in _GROUPS
                }
        except FileNotFoundError as error:
            found = f"there is no {CHECKPOINT_NAME} in it" if folder.is_dir() else "no such folder"
            raise RunError(f"{folder} holds no unfinished run: {found}") from error
        except _UNREADABLE as error:
            raise RunError(f"{path} is damaged or no checkpoint ({error}): train anew") from error
        versions = {"format_version": CHECKPOINT_VERSION}
        document = read_versioned(
            _Document, text, str(path), versions=versions, remedy="train anew", error=RunError
        )
        values: dict[str, Any] = {**vars(document), **groups}
        values["config"] = TrainConfig.from_json_values(document.config)
        return cls(**values)
