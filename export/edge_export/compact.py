"""Make a finished graph small without changing what it computes.

In a file of some kilobytes a quarter is not weights but names and things said twice.
What is taken out, and what onnxruntime makes of it:

* Zero points of 0 at the weights and biases of convolutions and the biases of dense
  layers: they are optional, and onnxruntime puts them back. Not so at the weights of a
  dense layer, which would then run in float or, in onnxruntime 1.20, not at all; nor at
  activations, which would lose integer pooling.
* Scales of biases: each is the product of the input's and the weights', so the graph has
  the product, which onnxruntime computes once, when it opens a session.
* Constants that are equal to another one.
* Attributes that say what holds without them.
* Names of nodes, which nothing needs.
* Most letters of tensor names: ``c2`` is the second convolution's output, ``c2w`` its
  weights, and a last letter tells integers (``c2wq``), scale (``s``), zero point (``z``)
  and the dequantized tensor (``d``). A viewer's reader still finds his way, for 134 bytes
  more than bare letters in ``nano``; a ``_`` between the parts would cost another 86.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any, Final

import numpy as np
import onnx
from onnx import defs, helper, numpy_helper

from edge_infer.model.metadata import OPSET

# Op types and the inputs at which onnxruntime takes integers without a zero point.
_WITHOUT_ZERO_POINT: Final = frozenset({("Conv", 1), ("Conv", 2), ("Gemm", 2)})
# Defaults that hang on the rank of a tensor, so that no schema can state them.
_USUAL_NUMBERS: Final = {"dilations": 1, "pads": 0, "strides": 1}
_KINDS: Final = {
    "add": "a",
    "clip": "k",
    "concat": "j",
    "conv": "c",
    "dense": "d",
    "exact": "e",
    "flatten": "f",
    "logits": "l",
    "mean": "m",
    "pixels": "x",
    "plane": "i",
    "pool": "p",
    "relu": "r",
    "turned": "t",
}
_ROLES: Final = {"": "", ".axes": "a", ".bias": "b", ".shape": "n", ".weight": "w"}
# What onnxruntime's quantizer appends to a name, and edge_export.face to its own.
_FORMS: Final = {
    "": "",
    "_DequantizeLinear_Output": "d",
    "_QuantizeLinear_Output": "q",
    "_quantized": "q",
    "_quantized_scale": "s",
    "_quantized_zero_point": "z",
    "_scale": "s",
    "_zero_point": "z",
}
_NAME: Final = re.compile(
    f"({'|'.join(_KINDS)})([0-9]*)"
    f"({'|'.join(re.escape(role) for role in _ROLES)})([0-9]*)({'|'.join(_FORMS)})"
)


def compact(model: onnx.ModelProto) -> onnx.ModelProto:
    """Take out of a model what does not change its answers.

    Args:
        model: Of the contract's opset; left as it is. Tensors that are not called as
            ``tidy_trunk`` and the quantizer call them keep their names.

    Returns:
        A copy that onnxruntime optimizes to the same nodes; of a compact model, an
        equal one.
    """
    smaller = onnx.ModelProto()
    smaller.CopyFrom(model)
    graph = smaller.graph
    _drop_zero_points(graph)
    _multiply_scales(graph)
    _share_constants(graph)
    _drop_defaults(graph)
    _shorten_names(graph)
    return smaller


def _drop_zero_points(graph: onnx.GraphProto) -> None:
    constants = {tensor.name for tensor in graph.initializer}
    zeros = {t.name for t in graph.initializer if not numpy_helper.to_array(t).any()}
    for node in graph.node:
        if node.op_type != "DequantizeLinear" or node.input[0] not in constants:
            continue
        # Read before the input list is cut: the third name may not be there.
        is_zero = zeros.issuperset(node.input[2:])
        if is_zero and _readers(graph, node.output[0]) <= _WITHOUT_ZERO_POINT:
            del node.input[2:]
    _drop_unused(graph)


def _readers(graph: onnx.GraphProto, tensor: str) -> set[tuple[str, int]]:
    """Op types that read a tensor, each with the place among its inputs."""
    return {
        (node.op_type, place)
        for node in graph.node
        for place, name in enumerate(node.input)
        if name == tensor
    }


def _multiply_scales(graph: onnx.GraphProto) -> None:
    """Let the graph compute the scale of a bias where it is that product to the last bit."""
    constants = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    sources = {node.output[0]: node for node in graph.node if node.op_type == "DequantizeLinear"}
    factors: dict[str, list[str]] = {}
    for node in graph.node:
        scales = [sources[name].input[1] for name in node.input if name in sources]
        if node.op_type in {"Conv", "Gemm"} and len(scales) == 3 and scales[2] in constants:
            of_input, of_weights, of_bias = (constants[name] for name in scales)
            if np.array_equal(of_input * of_weights, of_bias):
                factors[scales[2]] = scales[:2]
    products = [helper.make_node("Mul", pair, [name]) for name, pair in factors.items()]
    nodes = [*products, *graph.node]
    del graph.node[:]
    graph.node.extend(nodes)
    _drop_unused(graph, computed=factors.keys())


def _share_constants(graph: onnx.GraphProto) -> None:
    """Keep the first of several constants of equal type, shape and bytes."""
    first: dict[tuple[int, tuple[int, ...], bytes], str] = {}
    names: dict[str, str] = {}
    for tensor in graph.initializer:
        content = numpy_helper.to_array(tensor).tobytes()
        key = (tensor.data_type, tuple(tensor.dims), content)
        names[tensor.name] = first.setdefault(key, tensor.name)
    for node in graph.node:
        node.input[:] = [names.get(name, name) for name in node.input]
    _drop_unused(graph)


def _drop_unused(graph: onnx.GraphProto, computed: Collection[str] = ()) -> None:
    used = {name for node in graph.node for name in node.input}.difference(computed)
    kept = [tensor for tensor in graph.initializer if tensor.name in used]
    del graph.initializer[:]
    graph.initializer.extend(kept)


def _drop_defaults(graph: onnx.GraphProto) -> None:
    for node in graph.node:
        stated = [entry for entry in node.attribute if not _is_default(node, entry)]
        del node.attribute[:]
        node.attribute.extend(stated)


def _is_default(node: onnx.NodeProto, attribute: onnx.AttributeProto) -> bool:
    """Whether a node does the same without an attribute."""
    value: Any = helper.get_attribute_value(attribute)
    if attribute.name in _USUAL_NUMBERS:
        return set(value) == {_USUAL_NUMBERS[attribute.name]}
    if attribute.name == "kernel_shape":
        # A convolution has it from its weights.
        return node.op_type == "Conv"
    default = defs.get_schema(node.op_type, OPSET).attributes[attribute.name].default_value
    # An attribute without a default has an unnamed one here.
    return bool(default.name) and value == helper.get_attribute_value(default)


def _shorten_names(graph: onnx.GraphProto) -> None:
    tensors = dict.fromkeys(name for node in graph.node for name in (*node.input, *node.output))
    short: dict[str, str] = {}
    for name in tensors:
        wanted = _shorten(name)
        is_taken = wanted in tensors or wanted in short.values()
        short[name] = name if is_taken else wanted
    for node in graph.node:
        node.name = ""
        node.input[:] = [short[name] for name in node.input]
        node.output[:] = [short[name] for name in node.output]
    for tensor in graph.initializer:
        tensor.name = short[tensor.name]


def _shorten(name: str) -> str:
    match = _NAME.fullmatch(name)
    if match is None:
        return name
    kind, number, role, copy, form = match.groups()
    return f"{_KINDS[kind]}{number}{_ROLES[role]}{copy}{_FORMS[form]}"
