"""Make a finished graph small without changing what it computes.

In a file of some kilobytes a quarter is not weights but names and repetitions. onnxruntime
optimizes the graph to the same nodes as before, and the answers are the same to the bit.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any, Final

import numpy as np
import onnx
from onnx import defs, helper

from edge_export.graph import Graph
from edge_infer.model.metadata import OPSET

# Operators and the inputs at which onnxruntime takes integers without a zero point.
_WITHOUT_ZERO_POINT: Final = frozenset({("Conv", 1), ("Conv", 2), ("Gemm", 2)})
# Defaults that depend on the rank of a tensor, so that no schema states them.
_DEFAULT_NUMBERS: Final = {"dilations": 1, "pads": 0, "strides": 1}
# What onnxruntime's quantizer appends to the name of a tensor, and the letter that replaces it;
# longer ones come first.
_SUFFIXES: Final = {
    "_DequantizeLinear_Output": "d",
    "_QuantizeLinear_Output": "q",
    "_quantized_zero_point": "z",
    "_quantized_scale": "s",
    "_zero_point": "z",
    "_quantized": "q",
    "_scale": "s",
}


def remove_zero_points(graph: Graph) -> None:
    """Remove zero points of 0 at the weights and biases of convolutions, and at dense biases.

    onnxruntime restores them there. The weights of a dense layer would otherwise run in float or,
    in onnxruntime 1.20, not at all, and activations would lose integer pooling.
    """
    zeros = {name for name in graph.constants if not graph.values(name).any()}
    readers: defaultdict[str, set[tuple[str, int]]] = defaultdict(set)
    for node in graph.nodes:
        for index, name in enumerate(node.input):
            readers[name].add((node.op_type, index))
    for node in graph.nodes:
        is_constant = node.op_type == "DequantizeLinear" and node.input[0] in graph.constants
        is_zero = zeros.issuperset(node.input[2:])
        if is_constant and is_zero and readers[node.output[0]] <= _WITHOUT_ZERO_POINT:
            del node.input[2:]
    graph.remove_unused_constants()


def multiply_scales(graph: Graph) -> None:
    """Compute the scale of a bias as the product of the scales of input and weights.

    Only where that is the same to the last bit. onnxruntime multiplies once, at its start.
    """
    sources = {node.output[0]: node for node in graph.nodes if node.op_type == "DequantizeLinear"}
    factors: dict[str, list[str]] = {}
    for node in graph.nodes:
        scales = [sources[name].input[1] for name in node.input if name in sources]
        is_layer = node.op_type in {"Conv", "Gemm"} and len(scales) == 3
        if is_layer and scales[2] in graph.constants:
            of_input, of_weights, of_bias = map(graph.values, scales)
            if np.array_equal(of_input * of_weights, of_bias):
                factors[scales[2]] = scales[:2]
    graph.nodes[:0] = [helper.make_node("Mul", pair, [name]) for name, pair in factors.items()]
    graph.remove_unused_constants()


def share_constants(graph: Graph) -> None:
    """Keep the first of several constants of equal type, shape and bytes."""
    first: dict[tuple[int, tuple[int, ...], bytes], str] = {}
    names: dict[str, str] = {}
    for name, tensor in graph.constants.items():
        key = (tensor.data_type, tuple(tensor.dims), graph.values(name).tobytes())
        names[name] = first.setdefault(key, name)
    for node in graph.nodes:
        node.input[:] = [names.get(name, name) for name in node.input]
    graph.remove_unused_constants()


def remove_defaults(graph: Graph) -> None:
    """Remove the attributes that state a default."""
    for node in graph.nodes:
        stated = [entry for entry in node.attribute if not _is_default(node, entry)]
        del node.attribute[:]
        node.attribute.extend(stated)


def _is_default(node: onnx.NodeProto, attribute: onnx.AttributeProto) -> bool:
    value: Any = helper.get_attribute_value(attribute)
    if attribute.name in _DEFAULT_NUMBERS:
        return set(value) == {_DEFAULT_NUMBERS[attribute.name]}
    if attribute.name == "kernel_shape":
        # The weights of a convolution give it.
        return node.op_type == "Conv"
    default = defs.get_schema(node.op_type, OPSET).attributes[attribute.name].default_value
    # An attribute without a default has an unnamed one here.
    return bool(default.name) and value == helper.get_attribute_value(default)


def shorten_names(graph: Graph) -> None:
    """Remove the names of nodes, and shorten the suffixes that the quantizer adds to tensors."""
    for node in graph.nodes:
        node.name = ""
        node.input[:] = map(_shorten, node.input)
        node.output[:] = map(_shorten, node.output)
    for tensor in graph.constants.values():
        tensor.name = _shorten(tensor.name)
    graph.constants = {tensor.name: tensor for tensor in graph.constants.values()}


def _shorten(name: str) -> str:
    for suffix, letter in _SUFFIXES.items():
        if name.endswith(suffix):
            return name.removesuffix(suffix) + letter
    return name
