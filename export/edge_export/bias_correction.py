"""Take back the mean error that quantization makes in the logits.

Rounded weights and activations shift a layer's outputs by a little on average, and the shifts
add up; where classes are as unlike as digits and what is none, one logit may be off by half a
nat. The mean over the calibration images is subtracted from the bias of the last layer
(Nagel et al. 2019, Data-Free Quantization through Weight Equalization and Bias Correction,
there for each layer).
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import onnx
import onnxruntime as ort
from numpy.typing import NDArray
from onnx import numpy_helper

from edge_export.face import PIXEL_SCALE
from edge_export.trunk import TRUNK_INPUT, TRUNK_OUTPUT

_BATCH: Final = 500


def correct_bias(
    quantized: onnx.ModelProto, trunk: onnx.ModelProto, images_u8: NDArray[np.uint8]
) -> onnx.ModelProto:
    """Make the mean logits of a quantized trunk those of the float trunk.

    Args:
        quantized: In QDQ form, its last layer dense; left as it is.
        trunk: The float trunk that it was made of.
        images_u8: uint8 (n, 28, 28), n at least 1.

    Returns:
        The quantized trunk with another bias in its last layer, where that has one.
    """
    error = (run_trunk(quantized, images_u8) - run_trunk(trunk, images_u8)).mean(axis=0)
    corrected = onnx.ModelProto()
    corrected.CopyFrom(quantized)
    makers = {node.output[0]: node for node in corrected.graph.node}
    constants = {tensor.name: tensor for tensor in corrected.graph.initializer}
    dense = [node for node in corrected.graph.node if node.op_type == "Gemm"][-1]
    if len(dense.input) < 3:
        return corrected
    integers, scale = (constants[name] for name in makers[dense.input[2]].input[:2])
    steps = np.rint(error / numpy_helper.to_array(scale)).astype(np.int32)
    bias = numpy_helper.to_array(integers) - steps
    integers.CopyFrom(numpy_helper.from_array(bias, integers.name))
    return corrected


def run_trunk(trunk: onnx.ModelProto, images_u8: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Return the logits of a trunk, float or in QDQ form: float64 (n, classes).

    Args:
        trunk: Input ``pixels`` float32 [batch, 1, 28, 28], output ``logits``.
        images_u8: uint8 (n, 28, 28), n at least 1.
    """
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    session: Any = ort.InferenceSession(
        trunk.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    batches = (images_u8[at : at + _BATCH] for at in range(0, len(images_u8), _BATCH))
    answers = [
        session.run(
            (TRUNK_OUTPUT,), {TRUNK_INPUT: batch[:, np.newaxis].astype(np.float32) * PIXEL_SCALE}
        )[0]
        for batch in batches
    ]
    return np.concatenate(answers).astype(np.float64)
