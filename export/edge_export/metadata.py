"""The metadata of an exported file: what it is, and what was measured on it."""

from __future__ import annotations

from dataclasses import replace
from importlib.metadata import version
from typing import Any, Final

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper

from edge_export.parity import count_correct
from edge_export.reference import KerasAnswers, Reference
from edge_infer.glyph.classifier import Classifier
from edge_infer.model.metadata import METADATA_KEY, ModelMetadata
from edge_infer.model.session import open_model

# Share of the validation images whose answers are rejected.
_REJECTED_SHARE: Final = 0.01
LICENCE: Final = "MIT (edge-mnist); mind the terms of the training data too"
# Fields that a file has in common with the record of its run.
IDENTITY: Final = ("class_names", "preset", "parameters", "data", "data_sha256", "seed", "epochs")
_TOOLS: Final = ("edge-mnist", "keras", "onnx", "onnxruntime", "onnxslim", "tensorflow", "tf2onnx")


def describe(
    model: onnx.ModelProto,
    reference: Reference,
    answers: KerasAnswers,
    *,
    precision: str,
    weight_bits: int,
) -> ModelMetadata:
    """Describe a model without metadata, and measure its accuracy and reject threshold."""
    record, calibration = reference.record, reference.calibration
    validation_labels, test_labels = calibration.validation_labels, calibration.test_labels
    validation_accuracy = count_correct(answers.validation, validation_labels)
    test_accuracy = count_correct(answers.test, test_labels)
    identity: dict[str, Any] = {name: getattr(record, name) for name in IDENTITY}
    draft = ModelMetadata(
        **identity,
        precision=precision,
        reject_threshold=0.0,
        temperature=answers.temperature,
        validation_accuracy_keras=validation_accuracy,
        validation_accuracy=validation_accuracy,
        test_accuracy_keras=test_accuracy,
        test_accuracy=test_accuracy,
        versions={**record.versions, **{tool: version(tool) for tool in _TOOLS}},
        licence=LICENCE,
        weight_bits=weight_bits,
    )
    classifier = Classifier(open_model(add_metadata(model, draft), "the exported model"))
    validation = classifier.probabilities(calibration.validation_images)
    test = classifier.probabilities(calibration.test_images)
    return replace(
        draft,
        reject_threshold=find_reject_threshold(validation),
        validation_accuracy=count_correct(validation, validation_labels),
        test_accuracy=count_correct(test, test_labels),
    )


def find_reject_threshold(probabilities: NDArray[np.float32]) -> float:
    """Find the confidence, 0-1, below which 1 % of the validation images lie, rounded down.

    Args:
        probabilities: float32 (n, classes) of the finished file, n at least 1.
    """
    confidences = np.sort(probabilities.max(axis=1))
    return float(confidences[int(len(confidences) * _REJECTED_SHARE)])


def add_metadata(model: onnx.ModelProto, metadata: ModelMetadata) -> bytes:
    """Return the bytes of a model file with metadata; equal arguments give equal bytes."""
    described = onnx.ModelProto()
    described.CopyFrom(model)
    helper.set_model_props(described, {METADATA_KEY: metadata.to_json()})
    data: bytes = described.SerializeToString(deterministic=True)
    return data
