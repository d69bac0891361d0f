"""Make a backbone read the bytes of an image.

::

    image uint8 [batch, 28, 28] -> Unsqueeze -> DequantizeLinear by 1/255 -> backbone

Scaling is a ``DequantizeLinear`` and not a division: in the int8 file onnxruntime then takes the
caller's bytes as the quantized input of the first convolution. The backbone reads the same values
as before.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from onnx import TensorProto, helper

from edge_export.backbone import PIXEL_SCALE, PIXELS
from edge_export.graph import BATCH_AXIS, Graph
from edge_infer.model.metadata import IMAGE_SIZE, INPUT_NAME

_PLANE: Final = "i"
_AXES: Final = "ia"


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
