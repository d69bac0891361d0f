"""Measure a model file as its users will run it, and write down what came of it."""

from __future__ import annotations

import hashlib
from typing import Final

import numpy as np
from family_results import PresetResults
from numpy.typing import NDArray

from edge_infer.errors import ModelError
from edge_infer.glyph.classifier import Classifier
from edge_infer.model.cards import ModelCard, TrainedOn
from edge_infer.model.metadata import OTHER_CLASS, ModelMetadata
from edge_infer.model.reliability import (
    RiskPoint,
    expected_calibration_error,
    risk_at_threshold,
    risk_coverage,
)

_BATCH: Final = 500


def make_card(
    *,
    name: str,
    summary: str,
    data: bytes,
    classifier: Classifier,
    test: tuple[NDArray[np.uint8], NDArray[np.int64]],
    train_images: int,
    commands: tuple[str, ...],
    results: PresetResults,
) -> ModelCard:
    """Make the card of a model file.

    Args:
        name: Under which it ships.
        summary: One line.
        data: The file.
        classifier: The same, loaded.
        test: Images uint8 (n, 28, 28) and labels int64 (n,) that it was tested on.
        train_images: Number of images that it learnt from.
        commands: What made the file.
        results: Of its preset, over seeds and beside the others.

    Raises:
        ModelError: The file answers otherwise than its metadata or ``results`` say.
    """
    metadata, labels = classifier.metadata, test[1]
    probabilities = answer_all(classifier, test[0])
    _check_answers(metadata, probabilities, labels, results)
    reject = risk_at_threshold(probabilities, labels, metadata.reject_threshold)
    return ModelCard(
        name=name,
        summary=summary,
        commands=commands,
        trained_on=TrainedOn(data=metadata.data, sha256=metadata.data_sha256, images=train_images),
        parameters=metadata.parameters,
        size_bytes=len(data),
        sha256=hashlib.sha256(data).hexdigest(),
        test_accuracy=metadata.test_accuracy,
        validation_accuracy=metadata.validation_accuracy,
        calibration_error=expected_calibration_error(probabilities, labels),
        reject=reject,
        risk_coverage=risk_coverage(probabilities, labels),
        not_good_for=(*_limits(metadata, probabilities), _unchecked(reject)),
        licence=metadata.licence,
        macs=results.macs,
        seeds=results.seeds,
        handwriting=results.handwriting,
        latency=results.latency,
    )


def answer_all(classifier: Classifier, images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Run a file on uint8 (n, 28, 28), some hundred at a time; float32 (n, classes)."""
    pieces = [images[at : at + _BATCH] for at in range(0, len(images), _BATCH)]
    return np.concatenate([classifier.probabilities(piece) for piece in pieces])


def _check_answers(
    metadata: ModelMetadata,
    probabilities: NDArray[np.float32],
    labels: NDArray[np.int64],
    results: PresetResults,
) -> None:
    correct = int((probabilities.argmax(axis=1) == labels).sum())
    said = metadata.test_accuracy
    if (correct, len(labels)) != (said.correct, said.n):
        raise ModelError(
            f"the file answers {correct} of {len(labels)} test images rightly, its metadata say "
            f"{said.correct} of {said.n}: export it again on this machine"
        )
    in_family = results.test_correct.get(metadata.seed, correct)
    if in_family != correct:
        raise ModelError(
            f"the file answers {correct} test images rightly, in the family's results seed "
            f"{metadata.seed} answers {in_family}: the file is of another run"
        )


def _limits(metadata: ModelMetadata, probabilities: NDArray[np.float32]) -> tuple[str, ...]:
    """Say where not to use it."""
    normalised = (
        "Digits that are not size-normalised and centred as MNIST's are, unless `classify` or "
        "`edge-mnist predict` does it."
    )
    if OTHER_CLASS in metadata.class_names:
        other = metadata.class_names.index(OTHER_CLASS)
        refused = int((probabilities.argmax(axis=1) == other).sum())
        return (
            "Pictures that hold one whole digit each: the other models err less there, this one "
            f"takes {refused:,} of {len(probabilities):,} test images for no digit.",
            normalised,
        )
    return (
        "Anything but one digit from 0 to 9: a letter, a scribble or two digits in one picture "
        "get some digit's label, often with high confidence.",
        normalised,
        "Handwriting unlike MNIST's (written in the USA about 1990): other forms of 1, 4 and 7, "
        "very thick or broken strokes. Try it on your own pictures first.",
    )


def _unchecked(reject: RiskPoint) -> str:
    return (
        "Answers that nobody checks where one error matters: above the reject threshold "
        f"{reject.errors:,} of {reject.kept:,} test images are still wrong."
    )
