"""A float ONNX file without its face: for runtimes that want floats [n, 1, 28, 28].

And know no double: softmax, which our files compute in it to be exact, becomes one in float.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import onnx
from onnx import TensorProto, helper

from edge_infer.errors import ModelError
from edge_infer.io.atomic import atomic_path

_FACE: Final = ("Unsqueeze", "DequantizeLinear")
_TAIL: Final = ("Cast", "Softmax", "Cast")


def write_bare(source: Path, target: Path, *, batch: int | str = "batch") -> None:
    """Cut off what turns bytes into a plane of floats in 0-1; make softmax a plain one.

    Args:
        source: A float file of ``edge-mnist export``.
        target: What to write: input ``pixels`` float32 [batch, 1, 28, 28].
        batch: Its length, or its name.

    Raises:
        ModelError: The file begins or ends with other nodes.
    """
    model = onnx.load(source)
    graph = model.graph
    face, tail = graph.node[: len(_FACE)], graph.node[-len(_TAIL) :]
    _check(source, "begins", face, _FACE)
    _check(source, "ends", tail, _TAIL)
    softmax = helper.make_node("Softmax", tail[0].input, tail[-1].output)
    body = [*graph.node[len(_FACE) : -len(_TAIL)], softmax]
    pixels = face[-1].output[0]
    used = {name for node in body for name in node.input}
    shape: list[str | int] = [batch, 1, 28, 28]
    bare = helper.make_model(
        helper.make_graph(
            body,
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


def _check(
    source: Path, where: str, nodes: Sequence[onnx.NodeProto], expected: Sequence[str]
) -> None:
    found = [node.op_type for node in nodes]
    if found != list(expected):
        raise ModelError(
            f"{source} {where} with {', '.join(found)}, expected {', '.join(expected)}: make it "
            "with `edge-mnist export RUN`"
        )
