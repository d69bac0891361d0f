"""Complete a backbone at both ends: read the bytes of an image, give calibrated probabilities.

::

    image uint8 [batch, 28, 28] -> Unsqueeze -> DequantizeLinear by 1/255 -> backbone
        -> Cast -> Softmax in double -> Cast -> probabilities float32 [batch, classes]

Pixels are scaled by a ``DequantizeLinear`` and not by a division: in the int8 file onnxruntime then
takes the caller's bytes as the quantized input of the first convolution.

Softmax in float32 is rounded differently on ARM and on x86, in the last bit. In double, only the
last ``Cast`` rounds. The temperature is folded into the last dense layer.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from onnx import TensorProto, helper

from edge_export.backbone import LOGITS, PIXEL_SCALE, PIXELS
from edge_export.graph import BATCH_AXIS, Graph, float_value
from edge_infer.errors import ModelError
from edge_infer.model.metadata import IMAGE_SIZE, INPUT_NAME, OUTPUT_NAME

_PLANE: Final = "i"
_AXES: Final = "ia"
_DOUBLE_LOGITS: Final = "e1"
_DOUBLE_PROBABILITIES: Final = "e2"


def read_bytes(graph: Graph) -> None:
    """Replace the input of scaled pixels by ``image``, uint8 [batch, 28, 28].

    A quantized backbone loses the ``QuantizeLinear`` of its input: its scale is 1/255, so the
    bytes are the quantized values.
    """
    graph.constants[_AXES] = helper.make_tensor(_AXES, TensorProto.INT64, [1], [1])
    quantize = next((node for node in graph.nodes if node.input[0] == PIXELS), None)
    if quantize is not None and quantize.op_type == "QuantizeLinear":
        graph.nodes.remove(quantize)
        for node in graph.nodes:
            if node.input[0] == quantize.output[0]:
                node.input[0] = _PLANE
    else:
        scale, zero_point = f"{PIXELS}s", f"{PIXELS}z"
        graph.set_values(scale, np.asarray(PIXEL_SCALE))
        graph.set_values(zero_point, np.asarray(np.uint8(0)))
        dequantize = helper.make_node("DequantizeLinear", [_PLANE, scale, zero_point], [PIXELS])
        graph.nodes.insert(0, dequantize)
    graph.nodes.insert(0, helper.make_node("Unsqueeze", [INPUT_NAME, _AXES], [_PLANE]))
    shape: list[str | int] = [BATCH_AXIS, IMAGE_SIZE, IMAGE_SIZE]
    graph.inputs = [helper.make_tensor_value_info(INPUT_NAME, TensorProto.UINT8, shape)]
    graph.remove_unused_constants()


def divide_logits(backbone: Graph, temperature: float) -> None:
    """Divide the last layer by a temperature; ModelError where it is not a dense layer."""
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
