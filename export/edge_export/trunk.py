"""Tidy a converted trunk: few nodes, none of them a leftover, short names.

Every node costs onnxruntime some time whatever its size, so what the conversion leaves
between convolutions and dense layers is folded here:

* ``Squeeze`` after global pooling becomes ``Flatten``, which needs no axes;
* ``Transpose`` + ``Reshape`` before a dense layer (Keras flattens channels last, ONNX
  holds channels first) becomes ``Flatten``, and the dense layer's rows are permuted;
* ``MatMul`` + ``Add`` becomes ``Gemm``.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper, shape_inference

from edge_infer.errors import ModelError
from edge_infer.model.metadata import IMAGE_SIZE, IR_VERSION, OPSET

BATCH_AXIS: Final = "batch"
TRUNK_INPUT: Final = "pixels"
TRUNK_OUTPUT: Final = "logits"
# What the networks of this project are made of; anything else is a leftover of the
# conversion, or a layer whose quantization nobody has looked at.
TRUNK_OPS: Final = frozenset(
    {
        "Add",
        "AveragePool",
        "Clip",
        "Concat",
        "Conv",
        "Flatten",
        "Gemm",
        "GlobalAveragePool",
        "MaxPool",
        "Relu",
    }
)
_SHORT_NAMES: Final = {
    "AveragePool": "pool",
    "Gemm": "dense",
    "GlobalAveragePool": "mean",
    "MaxPool": "pool",
}
_CHANNELS_LAST: Final = [0, 2, 3, 1]


@dataclass
class _Draft:
    """A graph while it is worked on; tensors are known by name."""

    nodes: list[onnx.NodeProto]
    constants: dict[str, NDArray[Any]]
    shapes: dict[str, tuple[int, ...]]

    def producer(self, tensor: str) -> onnx.NodeProto | None:
        return next((node for node in self.nodes if tensor in node.output), None)

    def consumer(self, tensor: str) -> onnx.NodeProto | None:
        """The one node that reads a tensor; None when there are several or none."""
        readers = [node for node in self.nodes if tensor in node.input]
        return readers[0] if len(readers) == 1 else None

    def replace(self, old: list[onnx.NodeProto], new: onnx.NodeProto) -> None:
        """Put one node in the place of the last of several."""
        self.nodes[self.nodes.index(old[-1])] = new
        self.nodes = [node for node in self.nodes if node not in old]


def tidy_trunk(converted: onnx.ModelProto) -> onnx.ModelProto:
    """Fold leftovers and rename everything.

    Args:
        converted: What ``convert_trunk`` returns; left as it is.

    Returns:
        A new model: input ``pixels`` float32 [batch, 1, 28, 28], output ``logits``
        float32 [batch, classes]; nodes are called ``conv1``, ``relu1``, ... and tensors
        after the node that makes or uses them.

    Raises:
        ModelError: A node is left that is not one of :data:`TRUNK_OPS`.
    """
    graph = shape_inference.infer_shapes(converted).graph
    draft = _Draft(
        nodes=list(graph.node),
        constants={tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer},
        shapes=_shapes(graph),
    )
    for node in graph.node:
        if node.op_type in {"Squeeze", "Reshape"}:
            _fold_flatten(draft, node)
    for node in graph.node:
        if node.op_type == "MatMul":
            _fold_dense(draft, node)
    _check_ops(draft)
    classes = draft.shapes[graph.output[0].name][-1]
    _rename(draft, graph.input[0].name, graph.output[0].name)
    return _build(draft, classes)


def scale_logits(trunk: onnx.ModelProto, temperature: float) -> onnx.ModelProto:
    """Divide the logits by a temperature, at no cost: inside the last dense layer.

    Returns:
        A copy of ``trunk`` with other weights and bias in its last layer.

    Raises:
        ModelError: The trunk does not end in a dense layer.
    """
    scaled = onnx.ModelProto()
    scaled.CopyFrom(trunk)
    last = scaled.graph.node[-1]
    if last.op_type != "Gemm":
        raise ModelError(f"expected the trunk to end in a dense layer, found {last.op_type}")
    for tensor in scaled.graph.initializer:
        if tensor.name in last.input[1:]:
            values = numpy_helper.to_array(tensor) / np.float32(temperature)
            tensor.CopyFrom(numpy_helper.from_array(values, tensor.name))
    return scaled


def _fold_flatten(draft: _Draft, node: onnx.NodeProto) -> None:
    """Make (batch, c, h, w) -> (batch, c * h * w) a Flatten, whatever it was."""
    old, source = [node], node.input[0]
    transpose, dense = draft.producer(source), draft.consumer(node.output[0])
    if transpose is not None and transpose.op_type == "Transpose":
        if dense is None or dense.op_type != "MatMul" or not _is_channels_last(transpose):
            return
        old, source = [transpose, node], transpose.input[0]
        _, *chw = draft.shapes[source]
        rows = draft.constants[dense.input[1]].reshape(*chw[1:], chw[0], -1)
        draft.constants[dense.input[1]] = rows.transpose(2, 0, 1, 3).reshape(int(np.prod(chw)), -1)
    if len(draft.shapes[source]) == 4 and len(draft.shapes[node.output[0]]) == 2:
        draft.replace(old, helper.make_node("Flatten", [source], list(node.output), axis=1))


def _is_channels_last(transpose: onnx.NodeProto) -> bool:
    return any(list(attribute.ints) == _CHANNELS_LAST for attribute in transpose.attribute)


def _fold_dense(draft: _Draft, matmul: onnx.NodeProto) -> None:
    """Make MatMul and the Add of a constant bias after it one Gemm."""
    source, weight = matmul.input
    if weight not in draft.constants:
        return
    old, inputs = [matmul], [source, weight]
    add = draft.consumer(matmul.output[0])
    if add is not None and add.op_type == "Add":
        bias = next((name for name in add.input if name in draft.constants), None)
        if bias is not None and draft.constants[bias].ndim == 1:
            old, inputs = [matmul, add], [source, weight, bias]
    draft.replace(old, helper.make_node("Gemm", inputs, list(old[-1].output)))


def _check_ops(draft: _Draft) -> None:
    strange = sorted({node.op_type for node in draft.nodes} - TRUNK_OPS)
    if strange:
        raise ModelError(
            f"the conversion left {', '.join(strange)} in the graph; expected nothing but "
            f"{', '.join(sorted(TRUNK_OPS))}: use layers that become those",
            code="leftover_nodes",
        )


def _rename(draft: _Draft, graph_input: str, graph_output: str) -> None:
    """Name nodes by kind and number, tensors after their node."""
    counts = Counter[str]()
    # An optional input that is left out has the empty name.
    names = {"": "", graph_input: TRUNK_INPUT}
    constants: dict[str, NDArray[Any]] = {}
    for node in draft.nodes:
        kind = _SHORT_NAMES.get(node.op_type, node.op_type.lower())
        counts[kind] += 1
        is_last = node.output[0] == graph_output
        node.name = TRUNK_OUTPUT if is_last else f"{kind}{counts[kind]}"
        for role, tensor in zip(("weight", "bias"), node.input[1:], strict=False):
            if tensor in draft.constants:
                names[tensor] = f"{node.name}.{role}"
                constants[names[tensor]] = draft.constants[tensor]
        names[node.output[0]] = node.name
        node.input[:] = [names[tensor] for tensor in node.input]
        node.output[:] = [node.name]
        node.doc_string = ""
    draft.constants = constants


def _build(draft: _Draft, classes: int) -> onnx.ModelProto:
    image: list[str | int] = [BATCH_AXIS, 1, IMAGE_SIZE, IMAGE_SIZE]
    graph = helper.make_graph(
        draft.nodes,
        "trunk",
        [helper.make_tensor_value_info(TRUNK_INPUT, TensorProto.FLOAT, image)],
        [helper.make_tensor_value_info(TRUNK_OUTPUT, TensorProto.FLOAT, [BATCH_AXIS, classes])],
        [numpy_helper.from_array(values, name) for name, values in draft.constants.items()],
    )
    model = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION
    )
    onnx.checker.check_model(model, full_check=True)
    return model


def _shapes(graph: onnx.GraphProto) -> dict[str, tuple[int, ...]]:
    """Collect tensor shapes; an axis of unknown length counts as 0."""
    values = (*graph.input, *graph.value_info, *graph.output)
    return {
        value.name: tuple(axis.dim_value for axis in value.type.tensor_type.shape.dim)
        for value in values
    }
