"""Remove what the conversion leaves over, and name nodes and tensors after their layers.

Every node costs onnxruntime some time whatever its size. The answers stay the same.
"""

from __future__ import annotations

from collections import Counter
from typing import Final

import numpy as np
import onnx
from onnx import helper, numpy_helper

from edge_export.backbone import LOGITS, PIXELS
from edge_export.graph import Graph, attributes, float_value
from edge_infer.errors import ModelError
from edge_infer.model.metadata import IMAGE_SIZE

# Operators that quantization is tested with, and the letter that names their nodes. Any other
# operator is a leftover of the conversion.
OPERATORS: Final = {
    "Add": "a",
    "AveragePool": "p",
    "Clip": "k",
    "Concat": "j",
    "Conv": "c",
    "Flatten": "f",
    "Gemm": "d",
    "GlobalAveragePool": "m",
    "MaxPool": "p",
    "Relu": "r",
}
_CHANNELS_LAST: Final = [0, 2, 3, 1]


def use_flatten(graph: Graph) -> None:
    """Replace what makes (batch, c * h * w) of (batch, c, h, w) by one ``Flatten``.

    That is ``Squeeze`` after global pooling, and ``Transpose`` + ``Reshape`` before a dense layer,
    whose rows are permuted: Keras flattens channels last, ONNX holds channels first.
    """
    shapes = graph.shapes()
    for node in [node for node in graph.nodes if node.op_type in {"Squeeze", "Reshape"}]:
        old, source = [node], node.input[0]
        transpose, dense = graph.producer(source), graph.only_consumer(node.output[0])
        if transpose is not None and transpose.op_type == "Transpose":
            is_channels_last = attributes(transpose).get("perm") == _CHANNELS_LAST
            if dense is None or dense.op_type != "MatMul" or not is_channels_last:
                continue
            old, source = [transpose, node], transpose.input[0]
            weights, chw = dense.input[1], shapes[source][1:]
            rows = graph.values(weights).reshape(*chw[1:], chw[0], -1)
            permuted = rows.transpose(2, 0, 1, 3).reshape(int(np.prod(chw)), -1)
            graph.set_values(weights, permuted)
        if len(shapes[source]) == 4 and len(shapes[node.output[0]]) == 2:
            graph.replace(old, [helper.make_node("Flatten", [source], node.output, axis=1)])


def use_gemm(graph: Graph) -> None:
    """Replace ``MatMul`` with constant weights, and the ``Add`` of a bias, by one ``Gemm``."""
    for matmul in [node for node in graph.nodes if node.op_type == "MatMul"]:
        source, weights = matmul.input
        if weights not in graph.constants:
            continue
        old, inputs = [matmul], [source, weights]
        add = graph.only_consumer(matmul.output[0])
        if add is not None and add.op_type == "Add":
            constants = [name for name in add.input if name in graph.constants]
            if constants and len(graph.constants[constants[0]].dims) == 1:
                old, inputs = [matmul, add], [source, weights, constants[0]]
        graph.replace(old, [helper.make_node("Gemm", inputs, old[-1].output)])


def check_operators(graph: Graph) -> None:
    """Raise ModelError for a graph with operators outside :data:`OPERATORS`."""
    strange = sorted({node.op_type for node in graph.nodes} - OPERATORS.keys())
    if strange:
        raise ModelError(
            f"the conversion left {', '.join(strange)} in the graph; expected nothing but "
            f"{', '.join(sorted(OPERATORS))}: use layers that become those",
            code="leftover_nodes",
        )


def name_layers(graph: Graph) -> None:
    """Name nodes by a letter and a number, and tensors after the node that computes or uses them.

    ``c2`` is the output of the second convolution, ``c2w`` its weights and ``c2b`` its bias. The
    input becomes float32 [batch, 1, 28, 28], the output float32 [batch, classes]. Constants that
    are neither weights nor bias are removed.
    """
    graph_input, graph_output = graph.inputs[0].name, graph.outputs[0].name
    classes = graph.shapes()[graph_output][-1]
    counts = Counter[str]()
    # An optional input that is left out has the empty name.
    names = {"": "", graph_input: PIXELS}
    constants: dict[str, onnx.TensorProto] = {}
    for node in graph.nodes:
        letter = OPERATORS[node.op_type]
        counts[letter] += 1
        node.name = LOGITS if node.output[0] == graph_output else f"{letter}{counts[letter]}"
        for role, tensor in zip("wb", node.input[1:], strict=False):
            if tensor in graph.constants:
                name = names[tensor] = f"{node.name}{role}"
                constants[name] = numpy_helper.from_array(graph.values(tensor), name)
        names[node.output[0]] = node.name
        node.input[:] = [names[tensor] for tensor in node.input]
        node.output[:] = [node.name]
        node.doc_string = ""
    graph.constants = constants
    graph.inputs = [float_value(PIXELS, 1, IMAGE_SIZE, IMAGE_SIZE)]
    graph.outputs = [float_value(LOGITS, classes)]
