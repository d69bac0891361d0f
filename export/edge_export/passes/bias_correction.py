"""Subtract the mean error of the logits from the bias of a quantized network's last layer.

Rounded weights and activations shift the outputs of a layer a little on average, and the shifts
add up over the layers (Nagel et al. 2019, Data-Free Quantization through Weight Equalization and
Bias Correction, which corrects each layer).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edge_export.backbone import compute_logits
from edge_export.graph import Graph


def correct_bias(quantized: Graph, backbone: Graph, images_u8: NDArray[np.uint8]) -> None:
    """Bring the mean logits of a quantized backbone to those of the float backbone.

    Args:
        quantized: In QDQ form, the last layer dense. The bias of that layer, if it has one, is
            changed.
        backbone: The float backbone it was made of.
        images_u8: uint8 (n, 28, 28), n at least 1, not of the training images.
    """
    dense = [node for node in quantized.nodes if node.op_type == "Gemm"][-1]
    if len(dense.input) < 3:
        return
    errors = compute_logits(quantized, images_u8) - compute_logits(backbone, images_u8)
    source = quantized.producer(dense.input[2])
    assert source is not None, "a quantized bias is dequantized"
    bias, scale = source.input[:2]
    steps = np.rint(errors.mean(axis=0) / quantized.values(scale)).astype(np.int32)
    quantized.set_values(bias, quantized.values(bias) - steps)
