"""The state of a training between two epochs, in one file, so that any kill is survived.

``checkpoint.npz`` in the run folder holds the configuration, the weights with batch-norm
statistics and the state of random layers, the optimizer with its moments and step, the
best weights so far, and the history. It is replaced in one piece after each epoch and
removed when the run is complete.
"""

from __future__ import annotations

import json
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from edge_infer.errors import RunError
from edge_infer.io.atomic import atomic_path
from edge_train.config import TrainConfig
from edge_train.history import EpochRow

CHECKPOINT_NAME: Final = "checkpoint.npz"
CHECKPOINT_VERSION: Final = 2
# What numpy, zipfile and json raise on a damaged file, and our records on other fields.
_UNREADABLE: Final = (
    OSError,
    ValueError,
    KeyError,
    TypeError,
    EOFError,
    zipfile.BadZipFile,
    zlib.error,
)
_GROUPS: Final = ("model", "optimizer", "best_model")

Arrays = tuple[NDArray[Any], ...]


@dataclass(frozen=True)
class Checkpoint:
    """Everything that the next epoch depends on.

    Attributes:
        config: The run's configuration.
        data_sha256: Of the data set, so that a resumed run trains on the same.
        teacher_sha256: Of each teacher's file, for the same reason.
        model: All variables of the Keras model, in its order.
        optimizer: All variables of the optimizer, in its order.
        best_model: The model's variables after ``best_epoch``, averaged where the recipe
            says so.
        best_epoch: The one to keep, from 1; 0 before the first epoch is over.
        history: One row a finished epoch.
    """

    config: TrainConfig
    data_sha256: str
    model: Arrays
    optimizer: Arrays
    best_model: Arrays
    best_epoch: int = 0
    history: tuple[EpochRow, ...] = field(default=())
    teacher_sha256: tuple[str, ...] = ()

    @property
    def epoch(self) -> int:
        """Number of finished epochs."""
        return len(self.history)

    def after_epoch(
        self, row: EpochRow, model: Arrays, optimizer: Arrays, measured: Arrays
    ) -> Checkpoint:
        """Return the state after one more epoch.

        Args:
            row: What came of the epoch.
            model: To go on with.
            optimizer: To go on with.
            measured: The variables that the row's validation figures are of; kept when
                the epoch is the best, by accuracy and then by loss, or when the recipe
                keeps the last in any case.
        """
        best = self.best_row()
        better = self.config.recipe.patience is None or best is None or row.rank() > best.rank()
        return replace(
            self,
            model=model,
            optimizer=optimizer,
            best_model=measured if better else self.best_model,
            best_epoch=row.epoch if better else self.best_epoch,
            history=(*self.history, row),
        )

    def best_row(self) -> EpochRow | None:
        """Return the history's row of the best epoch."""
        return self.history[self.best_epoch - 1] if self.best_epoch else None

    def save(self, folder: Path) -> None:
        """Write the state in one piece.

        Raises:
            OutputError: The folder cannot be written or the disk is full.
        """
        document = {
            "format_version": CHECKPOINT_VERSION,
            "config": self.config.to_json_values(),
            "data_sha256": self.data_sha256,
            "teacher_sha256": self.teacher_sha256,
            "best_epoch": self.best_epoch,
            "history": [asdict(row) for row in self.history],
        }
        arrays: dict[str, NDArray[Any]] = {"document": np.array(json.dumps(document))}
        for group in _GROUPS:
            for index, array in enumerate(getattr(self, group)):
                arrays[f"{group}_{index:04d}"] = array
        with atomic_path(folder / CHECKPOINT_NAME) as temporary:
            np.savez(temporary, allow_pickle=False, **arrays)

    @classmethod
    def load(cls, folder: Path) -> Checkpoint:
        """Read the state of an unfinished run.

        Raises:
            RunError: There is none, or it is damaged or of another version.
        """
        path = folder / CHECKPOINT_NAME
        try:
            with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
                document = json.loads(str(arrays["document"]))
                groups = {group: _read_group(arrays, group) for group in _GROUPS}
            if document["format_version"] != CHECKPOINT_VERSION:
                raise RunError(
                    f"{path} has format_version {document['format_version']}, this program reads "
                    f"{CHECKPOINT_VERSION}: train anew"
                )
            return cls(
                config=TrainConfig.from_json_values(document["config"]),
                data_sha256=document["data_sha256"],
                teacher_sha256=tuple(document["teacher_sha256"]),
                best_epoch=document["best_epoch"],
                history=tuple(EpochRow(**row) for row in document["history"]),
                **groups,
            )
        except FileNotFoundError as error:
            found = f"there is no {CHECKPOINT_NAME} in it" if folder.is_dir() else "no such folder"
            raise RunError(f"{folder} holds no unfinished run: {found}") from error
        except _UNREADABLE as error:
            raise RunError(f"{path} is damaged or no checkpoint ({error}): train anew") from error


def _read_group(arrays: Mapping[str, NDArray[Any]], group: str) -> Arrays:
    names = sorted(name for name in arrays if name.startswith(f"{group}_"))
    return tuple(arrays[name] for name in names)
