"""The face of a model file: pixels in, probabilities out, the same for both precisions.

::

    image uint8 [batch, 28, 28] -> Unsqueeze -> DequantizeLinear 1/255 -> trunk
        -> Cast -> Softmax in double -> Cast -> probabilities float32 [batch, classes]

Scaling is a ``DequantizeLinear`` and not a division: in the int8 file onnxruntime then
takes the caller's bytes themselves for the first convolution's quantized input. Softmax in
float32 rounds otherwise on ARM than on x86, in the last bit; the logits of an int8 file are
the same everywhere, and so are probabilities that are rounded but once, at the end. What is
put together here is laid out for onnxruntime (``edge_export.space_to_depth``,
``edge_export.channels_last``) and made small (``edge_export.compact``,
``edge_export.packing``) before anybody sees it.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from edge_export.channels_last import flatten_channels_last
from edge_export.compact import compact
from edge_export.packing import pack_weights
from edge_export.space_to_depth import fold_first_stride
from edge_export.trunk import BATCH_AXIS, TRUNK_INPUT, TRUNK_OUTPUT
from edge_infer.model.metadata import (
    IMAGE_SIZE,
    INPUT_NAME,
    IR_VERSION,
    METADATA_KEY,
    OPSET,
    OUTPUT_NAME,
    ModelMetadata,
)

PIXEL_SCALE: Final = np.float32(1 / 255)
_PLANE: Final = "plane"
_PLANE_AXES: Final = "plane.axes"
# In double.
_EXACT_LOGITS: Final = "exact1"
_EXACT_PROBABILITIES: Final = "exact2"


def add_face(trunk: onnx.ModelProto) -> onnx.ModelProto:
    """Put pixels before a trunk and probabilities behind it.

    Args:
        trunk: Float, or int8 in QDQ form: input ``pixels`` float32 [batch, 1, 28, 28],
            output ``logits`` float32 [batch, classes]. Left as it is.

    Returns:
        The whole model of the contract but for its metadata, with short names. A
        quantized trunk loses the ``QuantizeLinear`` of its pixels, which are bytes
        already, and the rounding of its logits, which nothing integer follows.
    """
    graph = onnx.GraphProto()
    graph.CopyFrom(trunk.graph)
    classes = graph.output[0].type.tensor_type.shape.dim[1].dim_value
    constants = {tensor.name: tensor for tensor in graph.initializer}
    constants[_PLANE_AXES] = helper.make_tensor(_PLANE_AXES, TensorProto.INT64, [1], [1])
    body = _without_rounded_logits(_from_bytes(list(graph.node), constants))
    unsqueeze = helper.make_node("Unsqueeze", [INPUT_NAME, _PLANE_AXES], [_PLANE])
    nodes = [unsqueeze, *body, *_softmax_in_double()]
    used = {name for node in nodes for name in node.input}
    images: list[str | int] = [BATCH_AXIS, IMAGE_SIZE, IMAGE_SIZE]
    return _checked_model(
        helper.make_graph(
            nodes,
            METADATA_KEY,
            [helper.make_tensor_value_info(INPUT_NAME, TensorProto.UINT8, images)],
            [helper.make_tensor_value_info(OUTPUT_NAME, TensorProto.FLOAT, [BATCH_AXIS, classes])],
            [tensor for name, tensor in constants.items() if name in used],
        )
    )


def _softmax_in_double() -> list[onnx.NodeProto]:
    return [
        helper.make_node("Cast", [TRUNK_OUTPUT], [_EXACT_LOGITS], to=TensorProto.DOUBLE),
        helper.make_node("Softmax", [_EXACT_LOGITS], [_EXACT_PROBABILITIES]),
        helper.make_node("Cast", [_EXACT_PROBABILITIES], [OUTPUT_NAME], to=TensorProto.FLOAT),
    ]


def add_metadata(model: onnx.ModelProto, metadata: ModelMetadata) -> bytes:
    """Return the bytes of a model file that says about itself what ``metadata`` says.

    The same model and metadata give the same bytes.
    """
    described = onnx.ModelProto()
    described.CopyFrom(model)
    helper.set_model_props(described, {METADATA_KEY: metadata.to_json()})
    data: bytes = described.SerializeToString(deterministic=True)
    return data


def _from_bytes(
    nodes: list[onnx.NodeProto], constants: dict[str, onnx.TensorProto]
) -> list[onnx.NodeProto]:
    """Make a trunk read the bytes of ``plane`` through one DequantizeLinear."""
    quantize = next((node for node in nodes if node.input[0] == TRUNK_INPUT), None)
    if quantize is not None and quantize.op_type == "QuantizeLinear":
        kept = [node for node in nodes if node is not quantize]
        for node in kept:
            if node.input[0] == quantize.output[0]:
                node.input[0] = _PLANE
        return kept
    scale, zero_point = f"{TRUNK_INPUT}_scale", f"{TRUNK_INPUT}_zero_point"
    constants[scale] = numpy_helper.from_array(np.asarray(PIXEL_SCALE), scale)
    constants[zero_point] = numpy_helper.from_array(np.asarray(np.uint8(0)), zero_point)
    dequantize = helper.make_node("DequantizeLinear", [_PLANE, scale, zero_point], [TRUNK_INPUT])
    return [dequantize, *nodes]


def _without_rounded_logits(nodes: list[onnx.NodeProto]) -> list[onnx.NodeProto]:
    """Drop the QuantizeLinear and DequantizeLinear at the very end, if there are any."""
    if nodes[-1].op_type != "DequantizeLinear":
        return nodes
    *body, quantize, dequantize = nodes
    for node in body:
        if node.output[0] == quantize.input[0]:
            node.output[0] = dequantize.output[0]
    return body


def _checked_model(graph: onnx.GraphProto) -> onnx.ModelProto:
    """Wrap a graph in a model of the contract's versions, and make it quick and small."""
    whole = helper.make_model(
        graph,
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=IR_VERSION,
        producer_name="edge-mnist",
    )
    model = pack_weights(compact(flatten_channels_last(fold_first_stride(whole))))
    onnx.checker.check_model(model, full_check=True)
    return model
