"""Measure one exported file on a run's images, through the runtime as its users run it."""

from __future__ import annotations

import csv
import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from edge_bench.family.handwriting import HandwritingSet, score_handwriting
from edge_bench.family.rows import Confusion, FileResult
from edge_infer.glyph.classifier import Classifier
from edge_infer.model.metadata import Accuracy
from edge_infer.model.reliability import expected_calibration_error, risk_coverage
from edge_infer.model.run_folder import UNLABELLED, Calibration

_BATCH: Final = 500


@dataclass(frozen=True, kw_only=True)
class Parity:
    """How a file differs from Keras on the test images.

    Attributes:
        changed: Images with another label.
        max_delta: Largest difference of a probability.
        failed_gates: Limits of the export that are broken, in words.
    """

    changed: int
    max_delta: float
    failed_gates: tuple[str, ...]


def measure_file(
    path: Path,
    calibration: Calibration,
    parity: Parity,
    handwriting: Sequence[HandwritingSet] = (),
) -> FileResult:
    """Measure a file.

    Args:
        path: Of the file.
        calibration: The run's validation and test images.
        parity: With Keras.
        handwriting: Other sets to try.

    Raises:
        ModelError: The file is missing or damaged.
    """
    classifier = Classifier.load(path)
    labelled = calibration.validation_labels != UNLABELLED
    validation = answer_all(classifier, calibration.validation_images[labelled]).argmax(axis=1)
    test, labels = answer_all(classifier, calibration.test_images), calibration.test_labels
    answers = test.argmax(axis=1)
    (rejected,) = risk_coverage(test, labels, (0.99,))
    return FileResult(
        size_bytes=path.stat().st_size,
        sha256=sha256_of(path),
        validation_correct=int((validation == calibration.validation_labels[labelled]).sum()),
        validation_n=len(validation),
        test_correct=int((answers == labels).sum()),
        test_n=len(labels),
        changed=parity.changed,
        max_delta=parity.max_delta,
        failed_gates=parity.failed_gates,
        calibration_error=expected_calibration_error(test, labels),
        at_1_percent_rejected=rejected,
        digits=count_by_class(answers, labels),
        confusions=count_confusions(answers, labels, classifier.metadata.class_names),
        handwriting=score_handwriting(classifier, handwriting),
    )


def answer_all(classifier: Classifier, images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Run a file on uint8 (n, 28, 28), some hundred at a time; float32 (n, classes)."""
    pieces = [images[at : at + _BATCH] for at in range(0, len(images), _BATCH)]
    return np.concatenate([classifier.probabilities(piece) for piece in pieces])


def count_by_class(
    answers: NDArray[np.integer[Any]], labels: NDArray[np.int64]
) -> tuple[Accuracy, ...]:
    """Count the right answers of each class that occurs, in order, from class ids (n,)."""
    return tuple(
        Accuracy(correct=int((answers[labels == c] == c).sum()), n=int((labels == c).sum()))
        for c in np.unique(labels).tolist()
    )


def count_confusions(
    answers: NDArray[np.integer[Any]], labels: NDArray[np.int64], class_names: Sequence[str]
) -> tuple[Confusion, ...]:
    """Count which classes, in either direction, were taken for one another.

    Args:
        answers: Class ids (n,).
        labels: The true class ids (n,).
        class_names: Of the ids.

    Returns:
        All pairs that occur, the most frequent first.
    """
    wrong = answers != labels
    mixed: list[tuple[int, int]] = list(
        zip(answers[wrong].tolist(), labels[wrong].tolist(), strict=True)
    )
    pairs = Counter((min(pair), max(pair)) for pair in mixed)
    return tuple(
        Confusion(first=class_names[first], second=class_names[second], count=count)
        for (first, second), count in sorted(pairs.items(), key=lambda item: (-item[1], item[0]))
    )


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def running_accuracy(history: Path, epoch: int) -> float:
    """Read from a run's ``history.csv`` the accuracy on the images of an epoch as it trained."""
    with history.open(newline="", encoding="utf-8") as file:
        accuracies = {int(row["epoch"]): float(row["accuracy"]) for row in csv.DictReader(file)}
    return accuracies[epoch]
