"""The records that ``family.json`` is made of: one run, its three files, and their latency."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from edge_infer.model.cards import HandwritingScore
from edge_infer.model.metadata import Accuracy
from edge_infer.model.reliability import RiskPoint

FILE_PRECISIONS: Final = ("float32", "int8")


@dataclass(frozen=True, kw_only=True)
class Confusion:
    """Two classes, ``first`` before ``second``, and how often one was taken for the other."""

    first: str
    second: str
    count: int


@dataclass(frozen=True, kw_only=True)
class KerasResult:
    """The Keras model of a run.

    Attributes:
        size_bytes: Of ``model.keras``.
        validation_correct: Right answers to the ``validation_n`` images.
        validation_n: See above.
        test_correct: Right answers to the ``test_n`` images.
        test_n: See above.
        train_correct: Right answers of the kept weights to the ``train_n`` undistorted
            training images, through the float file.
        train_n: See above.
        running_train_accuracy: In 0-1, as the training printed it in the kept epoch: over
            distorted images, with dropout, while the weights changed.
        inference_ms: Wall time an image over the whole test set, in batches.
    """

    size_bytes: int
    validation_correct: int
    validation_n: int
    test_correct: int
    test_n: int
    train_correct: int
    train_n: int
    running_train_accuracy: float
    inference_ms: float


@dataclass(frozen=True, kw_only=True)
class FileResult:
    """One exported file.

    Attributes:
        size_bytes: Of the file.
        sha256: Of the file.
        validation_correct: Right answers to the ``validation_n`` images.
        validation_n: See above.
        test_correct: Right answers to the ``test_n`` images.
        test_n: See above.
        changed: Test images whose label is not the Keras model's.
        max_delta: Largest difference of a probability from Keras.
        failed_gates: What the export's own check found outside its limits, in words.
        calibration_error: On the test images, 15 bins, in 0-1.
        at_1_percent_rejected: What is left of the test errors then.
        digits: Right answers to the test images of each class, in order.
        confusions: The most frequent first.
        handwriting: Other handwriting that was tried.
    """

    size_bytes: int
    sha256: str
    validation_correct: int
    validation_n: int
    test_correct: int
    test_n: int
    changed: int
    max_delta: float
    failed_gates: tuple[str, ...]
    calibration_error: float
    at_1_percent_rejected: RiskPoint
    digits: tuple[Accuracy, ...]
    confusions: tuple[Confusion, ...]
    handwriting: tuple[HandwritingScore, ...] = ()

    @property
    def test_accuracy(self) -> float:
        """Accuracy on the test images, 0-1."""
        return self.test_correct / self.test_n

    @property
    def agreement(self) -> float:
        """Share of the test images with Keras' label, 0-1."""
        return 1 - self.changed / self.test_n


@dataclass(frozen=True, kw_only=True)
class SeedRun:
    """One run: how it was made, and its three files.

    Attributes:
        seed: Of the run.
        epochs: Epochs trained; ``best_epoch`` (from 1) is the one that was kept.
        best_epoch: See ``epochs``.
        training_time_s: Wall time in the epochs.
        machine: That trained it.
        finished_at: UTC, ISO 8601.
        commands: That trained and exported it.
        keras: The Keras model.
        float32: The float file.
        int8: The quantized file.
    """

    seed: int
    epochs: int
    best_epoch: int
    training_time_s: float
    machine: str
    finished_at: str
    commands: tuple[str, ...]
    keras: KerasResult
    float32: FileResult
    int8: FileResult


@dataclass(frozen=True, kw_only=True)
class FileLatency:
    """Median times of one file in microseconds: one image, and an image in a batch of 64."""

    sha256: str
    p50_us: float
    p50_us_per_image_64: float


@dataclass(frozen=True, kw_only=True)
class Latency:
    """Times from one interleaved run; of those with equal ``measured_at`` ratios hold.

    Attributes:
        machine: CPU and cores.
        measured_at: UTC, ISO 8601; the same for all that were timed together.
        float32: The float file, one thread.
        int8: The quantized file, one thread.
    """

    machine: str
    measured_at: str
    float32: FileLatency
    int8: FileLatency
