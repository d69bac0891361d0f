"""Fold the temperature that calibrates confidences into the last dense layer.

Probabilities become softmax(logits / temperature) without a further node; the order of the
classes, and so every label, stays the same.
"""

from __future__ import annotations

import numpy as np

from edge_export.graph import Graph
from edge_infer.errors import ModelError


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
