"""Compute calibrated probabilities behind a backbone, in double precision.

The temperature that calibrates confidences is folded into the last dense layer, so that
softmax(logits / temperature) needs no further node; the order of the classes stays the same::

    logits -> Cast -> Softmax in double -> Cast -> probabilities float32 [batch, classes]

The logits of an int8 file are the same on every CPU, but softmax in float32 is rounded differently
on ARM and on x86, in the last bit. In double, only the last ``Cast`` rounds the probabilities.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from onnx import TensorProto, helper

from edge_export.backbone import LOGITS
from edge_export.graph import Graph, float_value
from edge_infer.errors import ModelError
from edge_infer.model.metadata import OUTPUT_NAME

_DOUBLE_LOGITS: Final = "e1"
_DOUBLE_PROBABILITIES: Final = "e2"


def divide_logits(backbone: Graph, temperature: float) -> None:
    """Divide weights and bias of the last layer by a temperature.

    Raises:
        ModelError: The backbone does not end in a dense layer.
    """
    last = backbone.nodes[-1]
    if last.op_type != "Gemm":
        raise ModelError(f"expected the network to end in a dense layer, found {last.op_type}")
    for name in last.input[1:]:
        backbone.set_values(name, backbone.values(name) / np.float32(temperature))


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
