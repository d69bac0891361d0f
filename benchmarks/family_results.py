"""What ``family.json`` holds: the figures of every run of every network, as records.

``networks`` maps a name to its runs, which differ in the random seed only. Rows outlive their
run folders.
"""

from __future__ import annotations

import json
import re
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Final

from edge_infer.errors import RunError
from edge_infer.io.atomic import write_text
from edge_infer.io.json_records import read_record
from edge_infer.model.cards import HandwritingScore
from edge_infer.model.metadata import Accuracy
from edge_infer.model.reliability import RiskPoint

FORMAT_VERSION: Final = 2


@dataclass(frozen=True, kw_only=True)
class KerasFigures:
    """The Keras model of a run.

    Attributes:
        size_bytes: Size of ``model.keras``.
        train: Right answers to the training images, undistorted, of the weights that were kept.
        validation: Right answers to the validation images.
        test: Right answers to the test images.
        running_train_accuracy: 0-1, as the training printed it in the kept epoch: over distorted
            images, with dropout, while the weights changed.
    """

    size_bytes: int
    train: Accuracy
    validation: Accuracy
    test: Accuracy
    running_train_accuracy: float


@dataclass(frozen=True, kw_only=True)
class FileFigures:
    """One exported file.

    Attributes:
        size_bytes: Size of the file.
        sha256: SHA-256 of the file.
        validation: Right answers to the validation images.
        test: Right answers to the test images.
        changed: Test images whose label is not that of the Keras model.
        max_delta: Largest difference of a probability from Keras.
        failures: Usual limits of an export that the file breaks.
        calibration_error: Expected calibration error on the test images, 15 bins, 0-1.
        at_1_percent_rejected: Test errors left when the least confident 1 % are rejected.
        handwriting: Right answers to other handwriting.
    """

    size_bytes: int
    sha256: str
    validation: Accuracy
    test: Accuracy
    changed: int
    max_delta: float
    failures: tuple[str, ...]
    calibration_error: float
    at_1_percent_rejected: RiskPoint
    handwriting: tuple[HandwritingScore, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Run:
    """One training and its exports; ``best_epoch`` counts from 1."""

    seed: int
    epochs: int
    best_epoch: int
    training_time_s: float
    machine: str
    finished_at: str
    keras: KerasFigures
    float32: FileFigures
    int8: FileFigures


@dataclass(frozen=True, kw_only=True)
class FileLatency:
    """Median times of one file, one thread: an image alone, and an image of a batch of 64."""

    sha256: str
    p50_us: float
    p50_us_per_image_64: float


@dataclass(frozen=True, kw_only=True)
class Latency:
    """Times of both files of a network. Ratios hold between equal ``measured_at``."""

    machine: str
    measured_at: str
    float32: FileLatency
    int8: FileLatency


@dataclass(frozen=True, kw_only=True)
class Network:
    """All runs of one network under one recipe.

    Attributes:
        preset: Name of the preset.
        train: Options of ``edge-mnist train`` but for seed, data and folder.
        export: Options of ``edge-mnist export RUN --quantize``.
        parameters: Trained values.
        macs: Multiply-accumulates per image.
        runs: By seed, ascending; one at least.
        latency: None until it is timed.
    """

    preset: str
    train: str
    export: str
    parameters: int
    macs: int
    runs: tuple[Run, ...]
    latency: Latency | None = None

    @property
    def best(self) -> Run:
        """The run whose int8 file is best on validation; test images are not considered."""
        return max(
            self.runs,
            key=lambda r: (r.int8.validation.correct, r.float32.validation.correct, -r.seed),
        )

    def with_run(self, run: Run) -> Network:
        """Return the network with a run added, or put in the place of one of the same seed."""
        runs = {each.seed: each for each in (*self.runs, run)}
        return replace(self, runs=tuple(runs[seed] for seed in sorted(runs)))


@dataclass(frozen=True, kw_only=True)
class Family:
    """All results; ``data`` is the name of the data set and ``command`` the last call."""

    data: str
    command: str
    networks: Mapping[str, Network] = field(default_factory=dict[str, Network])
    format_version: int = FORMAT_VERSION

    @classmethod
    def read(cls, path: Path) -> Family:
        """Read the file.

        Raises:
            RunError: It is missing, malformed or of another version.
        """
        try:
            document = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise RunError(f"{path} cannot be read: {error}") from error
        family = read_record(cls, document, str(path), error=RunError)
        if family.format_version != FORMAT_VERSION:
            found = f"has format_version {family.format_version}, expected {FORMAT_VERSION}"
            raise RunError(f"{path} {found}: move it away and measure again")
        return family

    def write(self, path: Path) -> None:
        """Write the file in one piece, each innermost object or list on one line."""
        text = json.dumps(asdict(self), ensure_ascii=False, indent=1)
        innermost = r"(?<=[\[{])\s+([^][{}]+?)\s+(?=[\]}])"
        write_text(path, re.sub(innermost, lambda m: " ".join(m[1].split()), text) + "\n")


def spread(values: Sequence[float]) -> tuple[float, float | None]:
    """Return mean and standard deviation (n - 1); no deviation of a single value."""
    sd = statistics.stdev(values) if len(values) > 1 else None
    return statistics.fmean(values), sd
