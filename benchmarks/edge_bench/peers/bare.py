"""A float ONNX file without its face: for runtimes that want floats [n, 1, 28, 28]."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import onnx
from onnx import TensorProto, helper

from edge_infer.atomic import atomic_path
from edge_infer.errors import ModelError

_FACE: Final = ("Unsqueeze", "DequantizeLinear")


def write_bare(source: Path, target: Path, *, batch: int | str = "batch") -> None:
    """Cut the two nodes off that turn bytes into a plane of floats in 0-1.

    Args:
        source: A float file of ``edge-mnist export``.
        target: What to write: input ``pixels`` float32 [batch, 1, 28, 28].
        batch: Its length, or its name.

    Raises:
        ModelError: The file begins with other nodes.
    """
    model = onnx.load(source)
    graph = model.graph
    face, body = graph.node[: len(_FACE)], graph.node[len(_FACE) :]
    if tuple(node.op_type for node in face) != _FACE:
        raise ModelError(
            f"{source} begins with {', '.join(node.op_type for node in face)}, expected "
            f"{', '.join(_FACE)}: make it with `edge-mnist export RUN`"
        )
    pixels = face[-1].output[0]
    used = {name for node in body for name in node.input}
    shape: list[str | int] = [batch, 1, 28, 28]
    bare = helper.make_model(
        helper.make_graph(
            list(body),
            graph.name,
            [helper.make_tensor_value_info(pixels, TensorProto.FLOAT, shape)],
            list(graph.output),
            [tensor for tensor in graph.initializer if tensor.name in used],
        ),
        opset_imports=list(model.opset_import),
        ir_version=model.ir_version,
    )
    onnx.checker.check_model(bare)
    with atomic_path(target, overwrite=True) as temporary:
        temporary.write_bytes(bare.SerializeToString())
