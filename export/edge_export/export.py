"""Export a training run to a model file, and verify that file before it is kept."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal, NoReturn

import onnx

from edge_export.convert import convert_backbone, quiet_tools
from edge_export.graph import Graph
from edge_export.metadata import add_metadata, describe
from edge_export.parity import GateOptions, ParityReport, compare
from edge_export.passes.compact import (
    multiply_scales,
    remove_defaults,
    remove_zero_points,
    share_constants,
    shorten_names,
)
from edge_export.passes.file_ends import add_softmax, divide_logits, read_bytes
from edge_export.passes.layout import flatten_channels_last, fold_first_stride
from edge_export.passes.packing import pack_weights
from edge_export.passes.quantize import quantize
from edge_export.passes.tidy import check_operators, name_layers, use_flatten, use_gemm
from edge_export.reference import Reference
from edge_infer.errors import UsageError, VerificationError
from edge_infer.glyph.classifier import Classifier
from edge_infer.io.atomic import atomic_path
from edge_infer.model.metadata import USUAL_WEIGHT_BITS, ModelMetadata
from edge_infer.model.run_folder import RunFolder

_SUFFIXES: Final = {"float32": ".onnx", "int8": ".int8.onnx"}

# From the converted network to the backbone: scaled pixels in, logits out.
BACKBONE_PASSES: Final = (
    use_flatten,  # Squeeze, and Transpose + Reshape, become Flatten
    use_gemm,  # MatMul + Add become Gemm
    check_operators,  # refuses what else the conversion left
    name_layers,  # c1, c1w, ...
)
# From the backbone, float or quantized, to the finished graph: image in, probabilities out.
FILE_PASSES: Final = (
    read_bytes,  # uint8 images, scaled inside the graph
    add_softmax,  # probabilities, computed in double
    fold_first_stride,  # int8: a first convolution of stride 2 reads four channels at stride 1
    flatten_channels_last,  # int8: one move of the channels less before a dense layer
    remove_zero_points,  # int8: those that onnxruntime restores
    multiply_scales,  # int8: scales of biases are products of two others
    share_constants,  # equal constants become one
    remove_defaults,  # attributes that state a default
    shorten_names,  # c1wq, c1ws, ...
    pack_weights,  # weights of four bits, two in a byte
)


@dataclass(frozen=True, kw_only=True)
class ExportConfig:
    """Options of ``edge-mnist export``.

    Attributes:
        run: Folder of a finished training run.
        output: File to write; None for ``<preset>.onnx`` or ``<preset>.int8.onnx`` in the run.
        quantize: Whether weights and activations become 8-bit integers.
        weight_bits: When quantized: 8, or 4 for the weights of most convolutions.
        force: Whether an existing ``output`` may be replaced.
        verify: Whether the file must pass the gates to be kept.
        keep_failed: Whether a file that fails is kept as ``*.failed.onnx``.
        gates: Limits that override the defaults.
        verbose: Whether the conversion tools may log and warn.
    """

    run: Path
    output: Path | None = None
    quantize: bool = False
    weight_bits: Literal[4, 8] = 8
    force: bool = False
    verify: bool = True
    keep_failed: bool = False
    gates: GateOptions = field(default_factory=GateOptions)
    verbose: bool = False

    @property
    def precision(self) -> str:
        """Precision of the file, as its metadata state it."""
        return "int8" if self.quantize else "float32"


@dataclass(frozen=True, kw_only=True)
class ExportResult:
    """A model file with its metadata and its comparison with Keras on the test images.

    Attributes:
        sizes_bytes: Sizes of ``model.keras`` and of the model file in each precision that was
            computed: ``float32`` and, when quantized, ``int8``.
    """

    path: Path
    metadata: ModelMetadata
    report: ParityReport
    sizes_bytes: Mapping[str, int]


def export_run(config: ExportConfig, notify: Callable[[str], None]) -> ExportResult:
    """Export a run to a model file and verify what was written.

    ``notify`` is called with a few words when a longer step begins.

    Raises:
        RunError: The run is not finished, damaged or of another kind.
        ModelError: The network has layers that do not convert cleanly.
        OutputError: The file exists already, or cannot be written.
        UsageError: The file to write is one of the run's own, or the network has no weights
            that can be rounded to 4 bits.
        VerificationError: The file differs from Keras by more than the gates allow.
    """
    output = _output(config)
    with (
        quiet_tools(verbose=config.verbose),
        atomic_path(output, overwrite=config.force) as temporary,
    ):
        notify("reading the Keras model")
        reference = Reference.load(config.run)
        notify("running Keras")
        answers = reference.answers()
        notify("converting to ONNX")
        backbone = build_backbone(convert_backbone(reference.model), answers.temperature)
        models = {"float32": build_model(backbone)}
        if config.quantize:
            notify("quantizing")
            images, bits = reference.range_images, config.weight_bits
            models["int8"] = build_model(quantize(backbone, images, weight_bits=bits))
        notify("measuring the file")
        metadata = describe(
            models[config.precision],
            reference,
            answers,
            precision=config.precision,
            weight_bits=config.weight_bits if config.quantize else USUAL_WEIGHT_BITS,
        )
        temporary.write_bytes(add_metadata(models[config.precision], metadata))
        notify("verifying the file")
        # The written file is loaded as users load it.
        classifier = Classifier.load(temporary)
        test_images, labels = reference.calibration.test_images, reference.calibration.test_labels
        probabilities = classifier.probabilities(test_images)
        report = compare(config.precision, answers.test, probabilities, labels, config.gates)
        if config.verify and report.failures:
            _refuse(report, temporary, output, keep=config.keep_failed)
    sizes = {name: len(add_metadata(model, metadata)) for name, model in models.items()}
    return ExportResult(
        path=output,
        metadata=metadata,
        report=report,
        sizes_bytes={"model.keras": reference.model_size_bytes, **sizes},
    )


def build_backbone(converted: Graph, temperature: float) -> Graph:
    """Apply the backbone's passes to a converted network, in place; divide its logits."""
    for apply in BACKBONE_PASSES:
        apply(converted)
    divide_logits(converted, temperature)
    return converted


def build_model(backbone: Graph) -> onnx.ModelProto:
    """Return the finished graph of a backbone, float or quantized, as a model without metadata."""
    graph = backbone.copy()
    for apply in FILE_PASSES:
        apply(graph)
    model = graph.to_model()
    onnx.checker.check_model(model, full_check=True)
    return model


def _output(config: ExportConfig) -> Path:
    # The record is read in any case: no folder is created for the output of a missing run.
    preset = RunFolder(config.run).read_record().preset
    output = config.output or config.run / f"{preset}{_SUFFIXES[config.precision]}"
    if output.resolve() in {path.resolve() for path in RunFolder(config.run).files}:
        raise UsageError(f"{output} is a file of the run itself: choose another name with -o")
    return output


def _refuse(report: ParityReport, temporary: Path, output: Path, *, keep: bool) -> NoReturn:
    message = f"{output} differs too much from Keras and was not kept: {'; '.join(report.failures)}"
    if not keep:
        raise VerificationError(f"{message}; --keep-failed keeps it for inspection")
    failed = output.with_suffix(f".failed{output.suffix}")
    with atomic_path(failed) as copy:
        shutil.copyfile(temporary, copy)
    raise VerificationError(f"{message}; it was kept as {failed}")
