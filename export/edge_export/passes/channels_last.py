"""Flatten the feature maps of an int8 graph in the order in which onnxruntime holds them.

onnxruntime computes integer convolutions and pooling channels last, and moves the channels back to
the front before a ``Flatten``. A Transpose to channels last before the ``Flatten`` cancels that
move, so onnxruntime removes both. The rows of the dense layer are permuted alike::

    [batch, c, h, w] -> Flatten -> Gemm
    [batch, c, h, w] -> Transpose -> [batch, h, w, c] -> Flatten -> Gemm with permuted rows

The integer sums have the same terms, so all answers are the same to the bit. Float graphs do not
match and stay as they are: there onnxruntime holds channels first.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from onnx import helper

from edge_export.graph import Graph, attributes

_CHANNELS_LAST: Final = [0, 2, 3, 1]


def flatten_channels_last(graph: Graph) -> None:
    """Flatten channels last where [batch, c, h, w] goes to one dense layer of int8 weights only."""
    shapes = graph.shapes()
    for flatten in [node for node in graph.nodes if node.op_type == "Flatten"]:
        source = flatten.input[0]
        _, *chw = shapes.get(source, (0,))
        path = graph.chain(flatten.output[0], ("QuantizeLinear", "DequantizeLinear", "Gemm"))
        # Attributes of Gemm may transpose the weights.
        if path is None or attributes(path[-1]) or attributes(flatten).get("axis", 1) != 1:
            continue
        # Scales belong to columns; scales of rows would have to be permuted too.
        dequantizer = graph.dequantizer(path[-1].input[1], axis=1)
        if dequantizer is None or len(chw) != 3 or not all(chw):
            continue
        weights = dequantizer.input[0]
        rows = graph.values(weights)
        permuted = rows.reshape(*chw, -1).transpose(1, 2, 0, 3).reshape(rows.shape)
        graph.set_values(weights, np.ascontiguousarray(permuted))
        output = f"t{sum(node.op_type == 'Transpose' for node in graph.nodes) + 1}"
        transpose = helper.make_node("Transpose", [source], [output], perm=_CHANNELS_LAST)
        graph.nodes.insert(graph.nodes.index(flatten), transpose)
        flatten.input[0] = output
