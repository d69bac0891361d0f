"""One way to open a model file: checked first, on one thread, no spinning.

onnxruntime's defaults take every core and spin on them between runs: a 30 fps loop
with two threads burned 38 % of a core in waiting, 1 % with spinning off. Batches are shared out
to several sessions (``many_images``).
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

# The largest network of this project is under 2 MB; what is far larger is something else.
MAX_MODEL_BYTES: Final = 64 * 1024 * 1024
_LOG_FATAL_ONLY: Final = 4
_SUM_TOLERANCE: Final = 1e-3


@dataclass(frozen=True)
class OpenModel:
    """A session that is ready to run, and what its file says about itself.

    Attributes:
        session: On one thread, for batches of any length.
        metadata: What the file says.
        data: The whole file.
    """

    session: Any
    metadata: ModelMetadata
    data: bytes = field(repr=False)

    def another_session(self) -> Any:
        """Open one more session like the first, for another thread."""
        return _session(self.data, arena=True)

    def lean_session(self) -> Any:
        """Open one more session, on one thread, that is quicker on single images.

        It asks the system for each tensor's memory, without onnxruntime's store of it in
        between. For the few kilobytes of one image that saves 0.7 us of 27; for long
        batches it costs more, because the system takes large pieces back after each run.
        """
        return _session(self.data, arena=False)


def read_model_bytes(path: Path) -> bytes:
    """Read a model file whole.

    Raises:
        ModelError: Missing, unreadable, empty or far larger than any digit network.
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
    """Check a model's bytes and open a CPU session on them.

    Args:
        data: The whole ``.onnx`` file.
        name: What to call it in errors.

    Raises:
        ModelError: Not ONNX, damaged, not self-contained, or not of this project.
    """
    try:
        summary = scan_onnx(data)
        if METADATA_KEY not in summary.metadata:
            raise ModelError(
                "it is an ONNX file of another maker: it says nothing under "
                f"metadata_props[{METADATA_KEY!r}]; export one with `edge-mnist export RUN`",
                code="foreign",
            )
        if summary.opset > OPSET:
            raise ModelError(f"it has opset {summary.opset}, expected at most {OPSET}")
        metadata = ModelMetadata.from_json(summary.metadata[METADATA_KEY])
        session = _session(data, arena=True)
        _check_face(session, metadata)
        _check_answer(session)
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
    # It raises what it logs as an error, so nothing is lost.
    options.log_severity_level = _LOG_FATAL_ONLY
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        # With its "fallback" it prints to stdout, then tries the same provider again.
        return ort.InferenceSession(
            data, options, providers=["CPUExecutionProvider"], enable_fallback=0
        )
    except Exception as error:  # onnxruntime's errors share no other base.
        raise ModelError(f"onnxruntime cannot load it: {_reason(error)}", code="damaged") from error


def _check_face(session: Any, metadata: ModelMetadata) -> None:
    """Compare the graph's input and output with the contract."""
    inputs = [_face(value) for value in session.get_inputs()]
    outputs = [_face(value) for value in session.get_outputs()]
    classes = len(metadata.class_names)
    expected_inputs = [f"{INPUT_NAME}: tensor(uint8) [any, {IMAGE_SIZE}, {IMAGE_SIZE}]"]
    expected_outputs = [f"{OUTPUT_NAME}: tensor(float) [any, {classes}]"]
    if inputs != expected_inputs or outputs != expected_outputs:
        raise ModelError(
            f"expected input {expected_inputs} and output {expected_outputs}, "
            f"found {inputs} and {outputs}",
            code="wrong_shape",
        )


def _face(value: Any) -> str:
    """Describe an input or output; a named or unknown axis takes any length."""
    axes = ", ".join(str(axis) if isinstance(axis, int) else "any" for axis in value.shape)
    return f"{value.name}: {value.type} [{axes}]"


def _check_answer(session: Any) -> None:
    """Run it once, so that a model which cannot serve says so now and not later."""
    blank = np.zeros((1, IMAGE_SIZE, IMAGE_SIZE), np.uint8)
    try:
        (answer,) = session.run((OUTPUT_NAME,), {INPUT_NAME: blank})
    except Exception as error:  # As above.
        raise ModelError(f"onnxruntime cannot run it: {_reason(error)}", code="damaged") from error
    if not np.isfinite(answer).all() or abs(float(answer.sum()) - 1.0) > _SUM_TOLERANCE:
        raise ModelError(
            f"its probabilities must sum to 1, found {answer.sum()} for a blank image",
            code="damaged",
        )


def _reason(error: Exception) -> str:
    return str(error).splitlines()[0] if str(error) else type(error).__name__
