"""Compute probabilities behind a backbone, in double precision.

::

    logits -> Cast -> Softmax in double -> Cast -> probabilities float32 [batch, classes]

The logits of an int8 file are the same on every CPU, but softmax in float32 is rounded differently
on ARM and on x86, in the last bit. In double, only the last ``Cast`` rounds the probabilities.
"""

from __future__ import annotations

from typing import Final

from onnx import TensorProto, helper

from edge_export.backbone import LOGITS
from edge_export.graph import Graph, float_value
from edge_infer.model.metadata import OUTPUT_NAME

_DOUBLE_LOGITS: Final = "e1"
_DOUBLE_PROBABILITIES: Final = "e2"


def add_softmax(graph: Graph) -> None:
    """Replace the output, the logits, by ``probabilities``.

    A quantized backbone loses the rounding of its logits to 8 bits: no integer layer follows.
    """
    if graph.nodes[-1].op_type == "DequantizeLinear":
        *_, quantize, dequantize = graph.nodes
        del graph.nodes[-2:]
        for node in graph.nodes:
            if node.output[0] == quantize.input[0]:
                node.output[0] = dequantize.output[0]
    make = helper.make_node
    graph.nodes += [
        make("Cast", [LOGITS], [_DOUBLE_LOGITS], to=TensorProto.DOUBLE),
        make("Softmax", [_DOUBLE_LOGITS], [_DOUBLE_PROBABILITIES]),
        make("Cast", [_DOUBLE_PROBABILITIES], [OUTPUT_NAME], to=TensorProto.FLOAT),
    ]
    classes = graph.outputs[0].type.tensor_type.shape.dim[1].dim_value
    graph.outputs = [float_value(OUTPUT_NAME, classes)]
    graph.remove_unused_constants()
