"""Open a model file: check it, then create sessions with one thread and without spinning.

By default onnxruntime takes every core and its threads spin between runs: in a 30 fps loop two
threads used 38 % of a core for waiting, and 1 % without spinning. Batches are divided among
several sessions instead, see :mod:`edge_infer.model.inference`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
import onnxruntime as ort

from edge_infer.errors import ModelError
from edge_infer.model.metadata import (
    IMAGE_SIZE,
    INPUT_NAME,
    METADATA_KEY,
    OPSET,
    OUTPUT_NAME,
    ModelMetadata,
)
from edge_infer.model.scan import scan_onnx

# The largest network of this project has less than 2 MB.
MAX_MODEL_BYTES: Final = 64 * 1024 * 1024
_LOG_FATAL_ONLY: Final = 4
_SUM_TOLERANCE: Final = 1e-3


@dataclass(frozen=True)
class OpenModel:
    """An opened model file: an onnxruntime session with one thread, metadata and bytes."""

    session: Any
    metadata: ModelMetadata
    data: bytes = field(repr=False)

    def new_session(self, *, arena: bool = True) -> Any:
        """Open another session with one thread on the same file.

        Without onnxruntime's memory arena one image takes 0.7 of 27 us less. Long batches are
        slower, because the system reclaims large blocks after each run.
        """
        return _session(self.data, arena=arena)


def read_model_bytes(path: Path) -> bytes:
    """Read a model file.

    Raises:
        ModelError: Missing, unreadable, empty or much larger than any digit network.
    """
    try:
        size_bytes = path.stat().st_size
        if size_bytes > MAX_MODEL_BYTES:
            raise ModelError(
                f"{path} has {size_bytes:,} bytes; a model of edge-mnist has at most "
                f"{MAX_MODEL_BYTES:,}",
                code="too_large",
            )
        data = path.read_bytes()
    except FileNotFoundError as error:
        raise ModelError(
            f"there is no model file {path}: make one with `edge-mnist export RUN -o {path}`",
            code="not_found",
        ) from error
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise ModelError(f"cannot read {path}: {reason}", code="unreadable") from error
    if not data:
        raise ModelError(f"{path} is empty", code="damaged")
    return data


def open_model(data: bytes, name: str) -> OpenModel:
    """Check the bytes of a model file and open a CPU session on it.

    ``name`` is that of the file, for error messages.

    Raises:
        ModelError: Not ONNX, damaged, not self-contained, or not a model of this project.
    """
    try:
        summary = scan_onnx(data)
        if METADATA_KEY not in summary.metadata:
            raise ModelError(
                "it is not a model of edge-mnist: it has no "
                f"metadata_props[{METADATA_KEY!r}]; export one with `edge-mnist export RUN`",
                code="foreign",
            )
        if summary.opset > OPSET:
            raise ModelError(f"it has opset {summary.opset}, expected at most {OPSET}")
        metadata = ModelMetadata.from_json(summary.metadata[METADATA_KEY])
        session = _session(data, arena=True)
        _check_signature(session, metadata)
        _check_output(session)
    except ModelError as error:
        raise ModelError(f"{name}: {error.message}", code=error.code) from error
    return OpenModel(session, metadata, data)


def _session(data: bytes, *, arena: bool) -> Any:
    options = ort.SessionOptions()
    options.enable_cpu_mem_arena = arena
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.execution_mode = ort.ExecutionMode.ORT_SEQUENTIAL
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_ALL
    # Every error that onnxruntime logs is raised as well.
    options.log_severity_level = _LOG_FATAL_ONLY
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        # The fallback would print to stdout and then try the same provider again.
        return ort.InferenceSession(
            data, options, providers=["CPUExecutionProvider"], enable_fallback=0
        )
    except Exception as error:  # The errors of onnxruntime have no common base class.
        raise ModelError(f"onnxruntime cannot load it: {_reason(error)}", code="damaged") from error


def _check_signature(session: Any, metadata: ModelMetadata) -> None:
    """Compare the input and output of the graph with the contract."""
    inputs = [_signature(value) for value in session.get_inputs()]
    outputs = [_signature(value) for value in session.get_outputs()]
    classes = len(metadata.class_names)
    expected_inputs = [f"{INPUT_NAME}: tensor(uint8) [any, {IMAGE_SIZE}, {IMAGE_SIZE}]"]
    expected_outputs = [f"{OUTPUT_NAME}: tensor(float) [any, {classes}]"]
    if inputs != expected_inputs or outputs != expected_outputs:
        raise ModelError(
            f"expected input {expected_inputs} and output {expected_outputs}, "
            f"found {inputs} and {outputs}",
            code="wrong_shape",
        )


def _signature(value: Any) -> str:
    """Describe an input or output. A named or unknown axis has any length."""
    axes = ", ".join(str(axis) if isinstance(axis, int) else "any" for axis in value.shape)
    return f"{value.name}: {value.type} [{axes}]"


def _check_output(session: Any) -> None:
    """Run the model once, so that a model that cannot run fails when it is loaded."""
    blank = np.zeros((1, IMAGE_SIZE, IMAGE_SIZE), np.uint8)
    try:
        (probabilities,) = session.run((OUTPUT_NAME,), {INPUT_NAME: blank})
    except Exception as error:  # As in _session.
        raise ModelError(f"onnxruntime cannot run it: {_reason(error)}", code="damaged") from error
    total = float(probabilities.sum())
    if not abs(total - 1.0) <= _SUM_TOLERANCE:  # NaN fails too.
        raise ModelError(
            f"its probabilities must sum to 1, found {total} for a blank image",
            code="damaged",
        )


def _reason(error: Exception) -> str:
    return str(error).splitlines()[0] if str(error) else type(error).__name__
