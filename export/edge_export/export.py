"""From a training run to a model file that has been shown to be the same network."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Final

import numpy as np
import onnx
from numpy.typing import NDArray

from edge_export.calibrate import at_temperature, find_reject_threshold, find_temperature
from edge_export.config import ExportConfig
from edge_export.convert import convert_trunk
from edge_export.face import add_face, add_metadata
from edge_export.parity import Gates, ParityReport, compare, count_correct
from edge_export.quantize import quantize_trunk
from edge_export.quiet import quiet_tools
from edge_export.reference import Reference
from edge_export.trunk import scale_logits, tidy_trunk
from edge_export.verify import Notify, classify_all
from edge_infer.errors import UsageError, VerificationError
from edge_infer.glyph.classifier import Classifier
from edge_infer.io.atomic import atomic_path
from edge_infer.model.metadata import USUAL_WEIGHT_BITS, Accuracy, ModelMetadata
from edge_infer.model.run_folder import RunFolder, RunRecord
from edge_infer.model.session import open_model

LICENCE: Final = "MIT (edge-mnist); mind the terms of the training data too"
_TOOLS: Final = ("edge-mnist", "keras", "onnx", "onnxruntime", "onnxslim", "tensorflow", "tf2onnx")
_PRECISIONS: Final = {False: "float32", True: "int8"}
_SUFFIXES: Final = {"float32": ".onnx", "int8": ".int8.onnx"}


@dataclass(frozen=True, kw_only=True)
class ExportResult:
    """What came of an export.

    Attributes:
        path: The model file.
        metadata: What it says about itself.
        report: How it compares with Keras on the test images.
        sizes_bytes: Sizes of ``model.keras`` and of the model file in each precision
            that was made on the way: ``float32`` and, when quantized, ``int8``.
    """

    path: Path
    metadata: ModelMetadata
    report: ParityReport
    sizes_bytes: Mapping[str, int]


@dataclass(frozen=True)
class _KerasAnswers:
    """Softened probabilities from Keras, float32 (n, classes), and the temperature."""

    validation: NDArray[np.float32]
    test: NDArray[np.float32]
    temperature: float


def export_run(config: ExportConfig, notify: Notify) -> ExportResult:
    """Export a run to a model file and verify what was written.

    Args:
        config: The run, the file and how to make it.
        notify: Called with a few words when a longer step begins.

    Returns:
        The result. A file that fails its gates is not under its name afterwards unless
        ``config.verify`` is false.

    Raises:
        RunError: The run is not finished, damaged or of another kind.
        ModelError: The network has layers that do not convert cleanly.
        OutputError: The file exists already, or cannot be written.
        UsageError: The file to write is one of the run's own, or the network has no
            weights that can be rounded to 4 bits.
        VerificationError: The file differs from Keras by more than the gates allow.
    """
    # Read first: a wrong run must be found before folders are made for its output.
    output = _output(config, RunFolder(config.run).read_record())
    with (
        quiet_tools(verbose=config.verbose),
        atomic_path(output, overwrite=config.force) as temporary,
    ):
        notify("reading the Keras model")
        reference = Reference.load(config.run)
        notify("asking Keras")
        answers = _ask_keras(reference)
        models = _convert(reference, answers.temperature, config, notify)
        notify("measuring the file")
        precision = _PRECISIONS[config.quantize]
        metadata = _describe(models[precision], reference, answers, config)
        temporary.write_bytes(add_metadata(models[precision], metadata))
        notify("verifying the file")
        report = _verify(temporary, reference, answers, config)
        _refuse_failed(report, temporary, output, config)
    sizes = {name: len(add_metadata(model, metadata)) for name, model in models.items()}
    return ExportResult(
        path=output,
        metadata=metadata,
        report=report,
        sizes_bytes={"model.keras": reference.model_size_bytes, **sizes},
    )


def _output(config: ExportConfig, record: RunRecord) -> Path:
    name = f"{record.preset}{_SUFFIXES[_PRECISIONS[config.quantize]]}"
    output = config.output or config.run / name
    if output.resolve() in {path.resolve() for path in RunFolder(config.run).files}:
        raise UsageError(f"{output} is a file of the run itself: choose another name with -o")
    return output


def _ask_keras(reference: Reference) -> _KerasAnswers:
    calibration = reference.calibration
    validation = reference.logits(calibration.validation_images)
    test = reference.logits(calibration.test_images)
    temperature = find_temperature(validation, calibration.validation_labels)
    return _KerasAnswers(
        at_temperature(validation, temperature).astype(np.float32),
        at_temperature(test, temperature).astype(np.float32),
        temperature,
    )


def _convert(
    reference: Reference, temperature: float, config: ExportConfig, notify: Notify
) -> dict[str, onnx.ModelProto]:
    """Make the model in float and, when asked for, in int8; by precision."""
    notify("converting to ONNX")
    trunk = scale_logits(tidy_trunk(convert_trunk(reference.model)), temperature)
    models = {"float32": add_face(trunk)}
    if config.quantize:
        notify("quantizing")
        images, bits = reference.range_images, config.weight_bits
        models["int8"] = add_face(quantize_trunk(trunk, images, weight_bits=bits))
    return models


def _describe(
    model: onnx.ModelProto, reference: Reference, answers: _KerasAnswers, config: ExportConfig
) -> ModelMetadata:
    """Write down what the file is, with what is measured of it."""
    calibration, record = reference.calibration, reference.record
    keras_validation = count_correct(answers.validation, calibration.validation_labels)
    keras_test = count_correct(answers.test, calibration.test_labels)
    draft = _draft(config, record, answers.temperature, keras_validation, keras_test)
    classifier = Classifier(open_model(add_metadata(model, draft), "the exported model"))
    validation = classify_all(classifier, calibration.validation_images)
    test = classify_all(classifier, calibration.test_images)
    return replace(
        draft,
        reject_threshold=find_reject_threshold(validation),
        validation_accuracy=count_correct(validation, calibration.validation_labels),
        test_accuracy=count_correct(test, calibration.test_labels),
    )


def _draft(
    config: ExportConfig,
    record: RunRecord,
    temperature: float,
    validation: Accuracy,
    test: Accuracy,
) -> ModelMetadata:
    """Metadata as known before the file has run once: Keras' accuracy, no threshold."""
    return ModelMetadata(
        class_names=record.class_names,
        preset=record.preset,
        precision=_PRECISIONS[config.quantize],
        reject_threshold=0.0,
        temperature=temperature,
        data=record.data,
        data_sha256=record.data_sha256,
        seed=record.seed,
        epochs=record.epochs,
        validation_accuracy_keras=validation,
        validation_accuracy=validation,
        test_accuracy_keras=test,
        test_accuracy=test,
        parameters=record.parameters,
        versions={**record.versions, **{tool: version(tool) for tool in _TOOLS}},
        licence=LICENCE,
        weight_bits=config.weight_bits if config.quantize else USUAL_WEIGHT_BITS,
    )


def _verify(
    path: Path, reference: Reference, answers: _KerasAnswers, config: ExportConfig
) -> ParityReport:
    """Load the written file as a user would, and compare its answers."""
    classifier = Classifier.load(path)
    precision = classifier.metadata.precision
    return compare(
        answers.test,
        classify_all(classifier, reference.calibration.test_images),
        reference.calibration.test_labels,
        precision=precision,
        gates=Gates.of(precision, config.gates),
    )


def _refuse_failed(
    report: ParityReport, temporary: Path, output: Path, config: ExportConfig
) -> None:
    if not config.verify or not report.failures:
        return
    message = f"{output} differs too much from Keras and was not kept: {'; '.join(report.failures)}"
    if not config.keep_failed:
        raise VerificationError(f"{message}; --keep-failed keeps it for a look")
    failed = output.with_suffix(f".failed{output.suffix}")
    with atomic_path(failed) as copy:
        shutil.copyfile(temporary, copy)
    raise VerificationError(f"{message}; it stands in {failed}")
