"""Show a trained network softer pictures than it is given, within its first convolution.

Distortions by linear interpolation blur, so a network learns from softer digits than it is
asked about. Every pixel is therefore averaged with three neighbours before the trained first
convolution sees it. Both steps are linear: together they are one convolution whose kernel is
a row and a column larger. An int8 export fills kernels of stride 2 up to an even size
anyway, so there 5x5 becomes 6x6 for nothing. What softening is worth is in
``docs/training.md``.
"""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray


def soften_network(model: Any) -> Any:
    """Average 2x2 pixels in front of a network, within its first convolution.

    Args:
        model: ``keras.Model`` that reads its plane by a convolution, such as
            :func:`edge_train.networks.build_network` makes; left as it is. With padding, pixels
            beyond the edge count as 0.

    Returns:
        A model of the same layers with the same weights, but for the larger kernel.

    Raises:
        ValueError: The network begins otherwise, with a dilated convolution too, or the larger
            kernel, without padding, would give fewer outputs than the one it stands for.
    """
    first = next((layer for layer in model.layers if layer.weights), None)
    if not isinstance(first, keras.layers.Conv2D) or set(first.dilation_rate) != {1}:
        raise ValueError(f"{model.name} does not begin with a plain convolution")

    def larger(layer: Any) -> Any:
        config = layer.get_config()
        if layer is first:
            config["kernel_size"] = [length + 1 for length in layer.kernel_size]
        return type(layer).from_config(config)

    softened = keras.models.clone_model(model, clone_function=larger)
    outputs, needed = (network.get_layer(first.name).output.shape for network in (softened, model))
    if outputs != needed:
        raise ValueError(f"{first.name} would give {outputs[1:3]} outputs for {needed[1:3]}")
    for source, copy in zip(model.layers, softened.layers, strict=True):
        weights = source.get_weights()
        if source is first:
            weights[0] = _soften(weights[0])
        copy.set_weights(weights)
    return softened


def _soften(kernel: NDArray[np.float32]) -> NDArray[np.float32]:
    """[height, width, ...] -> [height + 1, width + 1, ...]: the mean over its four places."""
    height, width, *rest = kernel.shape
    larger = np.zeros((height + 1, width + 1, *rest), np.float32)
    for row in (0, 1):
        for column in (0, 1):
            larger[row : row + height, column : column + width] += kernel / 4
    return larger
