"""The metadata of an exported file: what it is, and what was measured on it."""

from __future__ import annotations

from dataclasses import replace
from importlib.metadata import version
from typing import Any, Final

import onnx
from onnx import helper

from edge_export.calibrate import find_reject_threshold
from edge_export.parity import count_correct
from edge_export.reference import KerasAnswers, Reference
from edge_infer.glyph.classifier import Classifier
from edge_infer.model.metadata import METADATA_KEY, ModelMetadata
from edge_infer.model.session import open_model

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
    """Describe a model, and measure its accuracy and reject threshold.

    Args:
        model: The exported network without metadata.
        reference: The run that it comes from.
        answers: Probabilities of Keras.
        precision: ``"float32"`` or ``"int8"``.
        weight_bits: 8 or 4.
    """
    draft = _draft(reference, answers, precision, weight_bits)
    calibration = reference.calibration
    classifier = Classifier(open_model(add_metadata(model, draft), "the exported model"))
    validation = classifier.probabilities(calibration.validation_images)
    test = classifier.probabilities(calibration.test_images)
    return replace(
        draft,
        reject_threshold=find_reject_threshold(validation),
        validation_accuracy=count_correct(validation, calibration.validation_labels),
        test_accuracy=count_correct(test, calibration.test_labels),
    )


def _draft(
    reference: Reference, answers: KerasAnswers, precision: str, weight_bits: int
) -> ModelMetadata:
    """Return the metadata that is known before the file has run: no threshold, Keras' accuracy."""
    record, calibration = reference.record, reference.calibration
    validation = count_correct(answers.validation, calibration.validation_labels)
    test = count_correct(answers.test, calibration.test_labels)
    identity: dict[str, Any] = {name: getattr(record, name) for name in IDENTITY}
    return ModelMetadata(
        **identity,
        precision=precision,
        reject_threshold=0.0,
        temperature=answers.temperature,
        validation_accuracy_keras=validation,
        validation_accuracy=validation,
        test_accuracy_keras=test,
        test_accuracy=test,
        versions={**record.versions, **{tool: version(tool) for tool in _TOOLS}},
        licence=LICENCE,
        weight_bits=weight_bits,
    )


def add_metadata(model: onnx.ModelProto, metadata: ModelMetadata) -> bytes:
    """Return the bytes of a model file with metadata; equal arguments give equal bytes."""
    described = onnx.ModelProto()
    described.CopyFrom(model)
    helper.set_model_props(described, {METADATA_KEY: metadata.to_json()})
    data: bytes = described.SerializeToString(deterministic=True)
    return data
