"""Fold a 2x2 mean filter into the first convolution of a trained network.

Training images are distorted by linear interpolation, which blurs them, so a network learns
from blurrier digits than it is given later. A mean over 2x2 pixels in front of the trained
network compensates for that. The filter and the first convolution are both linear: together
they are one convolution whose kernel has one row and one column more. An int8 export pads
kernels of stride 2 to an even size anyway, so a kernel of 6x6 costs no more than one of 5x5.
``docs/training.md`` shows the gain.
"""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray


def fold_blur(model: Any) -> Any:
    """Return the network with a 2x2 mean filter in front of it, folded into its first layer.

    Args:
        model: ``keras.Model`` whose first layer with weights is a convolution, such as
            :func:`edge_train.networks.build_network` returns; it is not changed. Where that
            convolution pads, pixels outside the image count as 0.

    Returns:
        A model with the same layers and weights, except for the larger kernel.

    Raises:
        ValueError: The first layer with weights is no convolution or a dilated one, or the
            larger kernel without padding would give fewer outputs.
    """
    first = next((layer for layer in model.layers if layer.weights), None)
    if not isinstance(first, keras.layers.Conv2D) or set(first.dilation_rate) != {1}:
        raise ValueError(f"{model.name} does not begin with a convolution without dilation")

    def clone(layer: Any) -> Any:
        config = layer.get_config()
        if layer is first:
            config["kernel_size"] = [length + 1 for length in layer.kernel_size]
        return type(layer).from_config(config)

    folded = keras.models.clone_model(model, clone_function=clone)
    found, expected = (network.get_layer(first.name).output.shape for network in (folded, model))
    if found != expected:
        raise ValueError(f"{first.name} would have {found[1:3]} outputs, expected {expected[1:3]}")
    for source, copy in zip(model.layers, folded.layers, strict=True):
        weights = source.get_weights()
        if source is first:
            weights[0] = _convolve_with_mean(weights[0])
        copy.set_weights(weights)
    return folded


def _convolve_with_mean(kernel: NDArray[np.float32]) -> NDArray[np.float32]:
    """float32 [height, width, ...] -> [height + 1, width + 1, ...]."""
    height, width, *rest = kernel.shape
    larger = np.zeros((height + 1, width + 1, *rest), np.float32)
    for row in (0, 1):
        for column in (0, 1):
            larger[row : row + height, column : column + width] += kernel / 4
    return larger
