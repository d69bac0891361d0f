"""The contract of a run folder, which training writes and export reads.

::

    run/
    ├── model.keras        image uint8 [batch, 28, 28] -> probabilities; best weights
    ├── run.json           RunRecord: everything that is needed to repeat the run
    ├── history.csv        one line for each finished epoch
    ├── calibration.npz    Calibration: validation and test images with their labels
    └── mnist.h5           on request: model.keras in the old format of Keras

It is part of the runtime because ``edge_train`` and ``edge_export`` share no other package:
export needs neither the data set nor the trainer.
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
from edge_infer.io.json_records import read_versioned
from edge_infer.model.metadata import IMAGE_SIZE

RUN_FORMAT_VERSION: Final = 1
# Label of a validation image that serves only to find the activation ranges of int8.
UNLABELLED: Final = -1
# Errors of numpy and zipfile for a file that is truncated, damaged, pickled, of another type, or
# compressed by an unknown method.
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
    """The content of ``run.json``: the configuration of a run and its results.

    Attributes:
        config: All options of the trainer, as JSON values.
        class_names: Label of each class, in the order of the output columns.
        data: Name of the data set.
        data_sha256: SHA-256 over all arrays of the data set.
        preset: Name of the network.
        parameters: Number of trained parameters of the network.
        seed: Random seed.
        epochs: Number of epochs trained.
        best_epoch: The epoch, from 1, whose weights were kept.
        train_images: Number of training images.
        validation_accuracy: Accuracy of the kept weights, 0-1.
        test_accuracy: Likewise; measured once, after training.
        training_time_s: Wall time of the epochs, over all resumptions, in seconds.
        inference_time_ms: Wall time of Keras on the test set, for each image.
        augmentation_share: CPU time of augmentation as a fraction of training time.
        versions: Versions of the tools by name.
        machine: CPU model and number of cores, as text.
        finished_at: UTC, ISO 8601.
        teacher_sha256: SHA-256 of the model file of each teacher.
        format_version: Version of this format.
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


@dataclass(frozen=True)
class Calibration:
    """The images that export needs, preprocessed.

    Attributes:
        validation_images: uint8 (n, 28, 28), for the activation ranges, the temperature and the
            reject threshold.
        validation_labels: int64 (n,), class ids or :data:`UNLABELLED`.
        test_images: uint8 (m, 28, 28), for the parity report only.
        test_labels: int64 (m,), class ids.
    """

    validation_images: NDArray[np.uint8]
    validation_labels: NDArray[np.int64]
    test_images: NDArray[np.uint8]
    test_labels: NDArray[np.int64]

    def save(self, path: Path) -> None:
        """Write all arrays to ``path``, a compressed ``.npz`` file, atomically."""
        with atomic_path(path) as temporary:
            np.savez_compressed(temporary, **{f.name: getattr(self, f.name) for f in fields(self)})


class RunFolder:
    """The paths of the files of a run. Creating an instance accesses no file.

    Attributes:
        path: The folder.
        record_path: The record of the run. It is written last: a run with this file is complete.
        model_path: The Keras model with the best weights.
        calibration_path: Validation and test images for export.
        history_path: One line for each finished epoch.
        legacy_path: The model in the old HDF5 format of Keras, written on request.
        files: All files that a run may have.
    """

    def __init__(self, path: Path) -> None:
        """Name the files of the run in a folder."""
        self.path = path
        self.record_path = path / "run.json"
        self.model_path = path / "model.keras"
        self.calibration_path = path / "calibration.npz"
        self.history_path = path / "history.csv"
        self.legacy_path = path / "mnist.h5"
        self.files = (
            self.record_path,
            self.model_path,
            self.calibration_path,
            self.history_path,
            self.legacy_path,
        )

    def read_record(self) -> RunRecord:
        """Read ``run.json`` of a finished run.

        Raises:
            RunError: There is no such run, or it is unfinished or damaged.
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
        return read_versioned(
            RunRecord,
            text,
            str(self.record_path),
            versions={"format_version": RUN_FORMAT_VERSION},
            remedy="train again",
            error=RunError,
        )

    def write_record(self, record: RunRecord) -> None:
        """Write ``run.json`` atomically."""
        text = json.dumps(asdict(record), indent=2, ensure_ascii=False) + "\n"
        write_text(self.record_path, text)

    def read_calibration(self) -> Calibration:
        """Read ``calibration.npz``.

        Raises:
            RunError: The file is missing or damaged, or an array is missing or has another
                dtype or shape than :class:`Calibration` states.
        """
        path = self.calibration_path
        try:
            with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
                loaded = {field.name: arrays[field.name] for field in fields(Calibration)}
        except FileNotFoundError as error:
            raise RunError(f"{path} is missing: the run is incomplete, train again") from error
        except _UNREADABLE as error:
            raise RunError(f"{path} cannot be read: {error}") from error
        for part in ("validation", "test"):
            images, labels = loaded[f"{part}_images"], loaded[f"{part}_labels"]
            _check_array(path, f"{part}_labels", labels, np.int64, (labels.size,))
            shape = (len(labels), IMAGE_SIZE, IMAGE_SIZE)
            _check_array(path, f"{part}_images", images, np.uint8, shape)
        return Calibration(**loaded)


def _check_array(
    path: Path, name: str, array: NDArray[Any], dtype: type, shape: tuple[int, ...]
) -> None:
    if array.dtype != dtype or array.shape != shape:
        raise RunError(
            f"{path}: {name} must be {dtype.__name__} {shape}, found {array.dtype} {array.shape}"
        )
