"""The float twin of an int8 file: the same weights, nothing rounded on the way.

What ships is int8; that float answers agree too is to be seen on a network of the same
shape. The rounding of activations goes, their clipping stays: it is also the ReLU.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper, numpy_helper
from onnx.reference import ReferenceEvaluator


def float_twin(int8_model: bytes) -> bytes:
    """Take the quantization out of a model file.

    Args:
        int8_model: Static, of QuantizeLinear and DequantizeLinear, weights of any axis.

    Returns:
        The file with float32 weights and the same metadata.
    """
    model = onnx.load_from_string(int8_model)
    graph = model.graph
    _fold_constants(model)
    values = {each.name: numpy_helper.to_array(each) for each in graph.initializer}
    quantized: dict[str, onnx.NodeProto] = {}
    nodes: list[onnx.NodeProto] = []
    for node in graph.node:
        if node.op_type == "QuantizeLinear":
            quantized[node.output[0]] = node
        elif node.op_type == "DequantizeLinear" and node.input[0] in values:
            weights = _dequantize(node, values)
            graph.initializer.append(numpy_helper.from_array(weights, node.output[0]))
        elif node.op_type == "DequantizeLinear" and node.input[0] in quantized:
            source = quantized[node.input[0]]
            limits = _limits(source, values)
            names = [f"{node.output[0]}_least", f"{node.output[0]}_most"]
            graph.initializer.extend(map(numpy_helper.from_array, limits, names))
            nodes.append(helper.make_node("Clip", [source.input[0], *names], [node.output[0]]))
        else:
            nodes.append(node)
    del graph.node[:]
    graph.node.extend(nodes)
    _drop_unused(graph)
    onnx.checker.check_model(model, full_check=True)
    return bytes(model.SerializeToString(deterministic=True))


def _fold_constants(model: onnx.ModelProto) -> None:
    """Compute what hangs on constants alone: unpacked weights, the scales of biases."""
    graph, opset = model.graph, model.opset_import[0].version
    values = {each.name: numpy_helper.to_array(each) for each in graph.initializer}
    left: list[onnx.NodeProto] = []
    for node in graph.node:
        if node.op_type == "DequantizeLinear" or not values.keys() >= set(node.input):
            left.append(node)
            continue
        feeds = {name: values[name] for name in node.input}
        found: Any = ReferenceEvaluator(node, opsets={"": opset}).run(None, feeds)
        values.update(zip(node.output, found, strict=True))
        graph.initializer.extend(map(numpy_helper.from_array, found, node.output))
    del graph.node[:]
    graph.node.extend(left)


def _dequantize(node: onnx.NodeProto, values: dict[str, NDArray[Any]]) -> NDArray[np.float32]:
    weights = values[node.input[0]]
    # Of an optional zero point nothing is told where it is 0.
    zero = values[node.input[2]] if len(node.input) > 2 else np.zeros(1, np.int32)
    scale = values[node.input[1]]
    if scale.ndim:
        axis = next((each.i for each in node.attribute if each.name == "axis"), 1)
        shape = np.where(np.arange(weights.ndim) == axis % weights.ndim, -1, 1)
        scale, zero = scale.reshape(shape), zero.reshape(shape) if zero.size > 1 else zero
    steps = weights.astype(np.int32) - zero.astype(np.int32)
    return np.asarray(steps * scale, np.float32)


def _limits(
    node: onnx.NodeProto, values: dict[str, NDArray[Any]]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the least and the greatest float that the integers stand for, each ()."""
    scale, zero = (values[name] for name in node.input[1:3])
    info = np.iinfo(zero.dtype)
    least, most = (np.float32(limit - int(zero)) * scale for limit in (info.min, info.max))
    return np.asarray(least, np.float32), np.asarray(most, np.float32)


def _drop_unused(graph: onnx.GraphProto) -> None:
    used = {name for node in graph.node for name in node.input}
    kept = [each for each in graph.initializer if each.name in used]
    del graph.initializer[:]
    graph.initializer.extend(kept)
