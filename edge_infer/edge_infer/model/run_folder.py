"""The run folder's contract: what training leaves and export picks up.

::

    run/
    ├── model.keras        image uint8 [batch, 28, 28] -> probabilities; best weights
    ├── run.json           RunRecord: everything needed to make the run again
    ├── history.csv        one line a finished epoch
    ├── calibration.npz    Calibration: validation and test images with their labels
    └── mnist.h5           where asked for: model.keras in Keras' old format

It stands on the floor because ``edge_train`` and ``edge_export`` may import only the
floor: training never knows who exports, and export needs neither data set nor trainer.
"""

from __future__ import annotations

import json
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from edge_infer.errors import RunError
from edge_infer.io.atomic import atomic_path, write_text
from edge_infer.model.metadata import IMAGE_SIZE

RUN_FORMAT_VERSION: Final = 1
# In place of a class id: a picture that only the ranges of int8 are taken from.
UNLABELLED: Final = -1
# What numpy and zipfile raise on a file that is missing, cut short, changed, pickled, of
# another kind, or compressed in a way that Python does not know.
_UNREADABLE: Final = (
    OSError,
    ValueError,
    KeyError,
    TypeError,
    EOFError,
    NotImplementedError,
    zipfile.BadZipFile,
    zlib.error,
)


@dataclass(frozen=True, kw_only=True)
class RunRecord:
    """What ``run.json`` holds: the recipe of a run and what came of it.

    Attributes:
        config: The trainer's resolved options, as JSON values.
        class_names: Label of each class, in the order of the output columns.
        data: Name of the data set, ``data_sha256`` its content.
        data_sha256: SHA-256 over all arrays of the data set.
        preset: Name of the network.
        parameters: Trained values in the network.
        seed: Random seed.
        epochs: Epochs trained; ``best_epoch`` (from 1) is the one that was kept.
        best_epoch: See ``epochs``.
        train_images: Number of images trained on.
        validation_accuracy: In 0-1, of the kept weights.
        test_accuracy: In 0-1, of the kept weights, read once after training.
        training_time_s: Wall time in the epochs, over all resumptions, in seconds.
        inference_time_ms: Wall time of Keras on the whole test set, per image.
        augmentation_share: CPU time of augmentation as a fraction of training time.
        versions: Tool name to version.
        machine: CPU model and core count, in words.
        finished_at: UTC, ISO 8601.
        teacher_sha256: Of each teacher's model file.
    """

    config: Mapping[str, Any]
    class_names: tuple[str, ...]
    data: str
    data_sha256: str
    preset: str
    parameters: int
    seed: int
    epochs: int
    best_epoch: int
    train_images: int
    validation_accuracy: float
    test_accuracy: float
    training_time_s: float
    inference_time_ms: float
    augmentation_share: float
    versions: Mapping[str, str]
    machine: str
    finished_at: str
    teacher_sha256: tuple[str, ...] = ()
    format_version: int = RUN_FORMAT_VERSION

    def to_json(self) -> str:
        """Return the text of ``run.json``."""
        return json.dumps(asdict(self), indent=2, ensure_ascii=False) + "\n"

    @classmethod
    def from_json(cls, text: str) -> RunRecord:
        """Read what :meth:`to_json` wrote.

        Raises:
            RunError: Not JSON, or not the fields of this version.
        """
        try:
            document: dict[str, Any] = json.loads(text)
            if document["format_version"] != RUN_FORMAT_VERSION:
                raise RunError(
                    f"run.json has format_version {document['format_version']}, "
                    f"this program reads {RUN_FORMAT_VERSION}: train again"
                )
            known = {field.name for field in fields(cls)}
            values = {name: value for name, value in document.items() if name in known}
            for name in ("class_names", "teacher_sha256"):
                values[name] = tuple(values.get(name, ()))
            return cls(**values)
        except (ValueError, TypeError, KeyError, RecursionError) as error:
            raise RunError(f"run.json cannot be understood: {error}") from error


@dataclass(frozen=True)
class Calibration:
    """Images that export needs, ready as the model takes them.

    Attributes:
        validation_images: uint8 (n, 28, 28); for activation ranges, the temperature
            and the reject threshold.
        validation_labels: int64 (n,), class ids, or :data:`UNLABELLED`.
        test_images: uint8 (m, 28, 28); for the parity report alone.
        test_labels: int64 (m,).
    """

    validation_images: NDArray[np.uint8]
    validation_labels: NDArray[np.int64]
    test_images: NDArray[np.uint8]
    test_labels: NDArray[np.int64]

    def save(self, path: Path) -> None:
        """Write all four arrays to ``path`` (.npz, compressed) in one piece."""
        with atomic_path(path) as temporary:
            np.savez_compressed(temporary, **{f.name: getattr(self, f.name) for f in fields(self)})

    @classmethod
    def load(cls, path: Path) -> Calibration:
        """Read what :meth:`save` wrote.

        Raises:
            RunError: The file is missing, damaged, or lacks an array, or an array has
                another type or shape than the class says.
        """
        try:
            with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
                loaded = cls(**{field.name: arrays[field.name] for field in fields(cls)})
        except FileNotFoundError as error:
            raise RunError(f"{path} is missing: the run is not whole, train anew") from error
        except _UNREADABLE as error:
            raise RunError(f"{path} cannot be read: {error}") from error
        for part in ("validation", "test"):
            images, labels = getattr(loaded, f"{part}_images"), getattr(loaded, f"{part}_labels")
            if labels.dtype != np.int64 or labels.ndim != 1:
                raise RunError(
                    f"{path}: {part}_labels must be int64 (n,), found {labels.dtype} {labels.shape}"
                )
            if images.dtype != np.uint8 or images.shape != (len(labels), IMAGE_SIZE, IMAGE_SIZE):
                raise RunError(
                    f"{path}: {part}_images must be uint8 ({len(labels)}, 28, 28), "
                    f"found {images.dtype} {images.shape}"
                )
        return loaded


@dataclass(frozen=True)
class RunFolder:
    """The files of a run by name; making one touches nothing on disk."""

    path: Path

    @property
    def model_path(self) -> Path:
        """The Keras model with the best weights."""
        return self.path / "model.keras"

    @property
    def record_path(self) -> Path:
        """The run's record; written last, so its presence means the run is complete."""
        return self.path / "run.json"

    @property
    def history_path(self) -> Path:
        """One line a finished epoch."""
        return self.path / "history.csv"

    @property
    def calibration_path(self) -> Path:
        """Validation and test images for export."""
        return self.path / "calibration.npz"

    @property
    def legacy_path(self) -> Path:
        """The model in Keras' old HDF5 format, where that was asked for."""
        return self.path / "mnist.h5"

    @property
    def files(self) -> tuple[Path, ...]:
        """All files that a run may hold; ``run.json``, by which it is finished, comes first."""
        return (
            self.record_path,
            self.model_path,
            self.calibration_path,
            self.history_path,
            self.legacy_path,
        )

    def read_record(self) -> RunRecord:
        """Read ``run.json`` of a finished run.

        Raises:
            RunError: There is no such run, or it has not finished, or is damaged.
        """
        if not self.path.is_dir():
            raise RunError(f"{self.path} is not a run folder: make one with `edge-mnist train`")
        if not self.record_path.is_file() or not self.model_path.is_file():
            raise RunError(
                f"{self.path} holds no finished run (model.keras and run.json): make one with "
                "`edge-mnist train`, or finish a stopped one with `edge-mnist train --resume`"
            )
        try:
            text = self.record_path.read_text(encoding="utf-8")
        except (OSError, ValueError) as error:
            raise RunError(f"{self.record_path} cannot be read: {error}") from error
        try:
            return RunRecord.from_json(text)
        except RunError as error:
            raise RunError(f"{self.path}: {error.message}") from error

    def write_record(self, record: RunRecord) -> None:
        """Write ``run.json`` in one piece."""
        write_text(self.record_path, record.to_json())

    def read_calibration(self) -> Calibration:
        """Read ``calibration.npz``; errors as :meth:`Calibration.load`."""
        return Calibration.load(self.calibration_path)
