"""The networks as Keras Functional models with common input and output layers.

Every network takes ``image`` uint8 [batch, 28, 28], scales it (layers ``pixels`` and
``plane``), and ends in ``logits`` and ``probabilities``. Export finds these layers by name.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import keras
import numpy as np
from numpy.typing import NDArray

from edge_infer.model.metadata import IMAGE_SIZE, INPUT_NAME, OUTPUT_NAME

layers = keras.layers
# Momentum of batch normalization. Keras' default of 0.99 averages over about 500 steps: on a
# small data set, validation would use statistics of the untrained network for many epochs.
# 0.9 makes noisy statistics.
_MOMENTUM: Final = 0.97
Backbone = Callable[[Any], Any]
LOGITS_NAME: Final = "logits"


def build_network(backbone: Backbone, classes: int, *, name: str) -> Any:
    """Add the common input and output layers to a backbone.

    Args:
        backbone: Function from float32 [batch, 28, 28, 1] in 0-1 to float32
            [batch, features].
        classes: Number of outputs.
        name: Name of the Keras model, from uint8 [batch, 28, 28] to probabilities float32
            [batch, classes].
    """
    image = keras.Input((IMAGE_SIZE, IMAGE_SIZE), dtype="uint8", name=INPUT_NAME)
    pixels = layers.Rescaling(1 / 255, name="pixels")(image)
    plane = layers.Reshape((IMAGE_SIZE, IMAGE_SIZE, 1), name="plane")(pixels)
    logits = layers.Dense(classes, name=LOGITS_NAME)(backbone(plane))
    probabilities = layers.Softmax(name=OUTPUT_NAME)(logits)
    return keras.Model(image, probabilities, name=name)


def fold_blur(model: Any) -> Any:
    """Return the network with a 2x2 mean filter in front of it, folded into its first layer.

    Linear interpolation blurs the training images, so a network learns from blurrier digits
    than it is given later. The filter compensates for that (``docs/training.md``). It and the
    first convolution are both linear: together they are one convolution whose kernel has one
    row and one column more. An int8 export pads kernels of stride 2 to an even size anyway.

    Args:
        model: ``keras.Model`` whose first layer with weights is a convolution; it is not
            changed. Where that convolution pads, pixels outside the image count as 0.

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


def nano_backbone(plane: Any) -> Any:
    """The structure of ``edge`` with 16 channels: fewer channels take no less time."""
    x = _normalized_convolution(plane, 16, 5, strides=2, padding="valid")
    x = _normalized_convolution(_normalized_convolution(x, 16, 3), 16, 3, strides=2)
    x = _normalized_convolution(x, 16, 3)
    x = _normalized_convolution(x, 16, 3, padding="valid")
    return layers.GlobalAveragePooling2D(name="average")(x)


def edge_backbone(plane: Any) -> Any:
    """Four convolutions and a weighted average: few nodes, large ones.

    The convolution with one input channel is the slowest node of an int8 graph. With stride
    2 it equals a 3x3 convolution of the image folded to four channels, which export makes of
    it; a kernel of 6x6 (5x5 with the folded blur) then costs the same as one of 5x5. Digits
    hardly reach the edge of the image, so the first layer has no padding: planes of 12x12,
    6x6 and 4x4 have a quarter fewer positions than 14x14, 7x7 and 5x5. A stride takes less
    time than a pooling layer.
    """
    x = _normalized_convolution(plane, 32, 5, strides=2, padding="valid")
    x = _normalized_convolution(_normalized_convolution(x, 48, 3, strides=2), 48, 3)
    return _weighted_average(_normalized_convolution(x, 80, 3, padding="valid"))


def page_backbone(plane: Any) -> Any:
    """The structure of ``edge`` with padding: negatives often touch the edge of the image."""
    x = _normalized_convolution(plane, 32, 6, strides=2)
    x = _normalized_convolution(_normalized_convolution(x, 48, 3, strides=2), 48, 3)
    return _weighted_average(_normalized_convolution(x, 48, 3, padding="valid"))


def max_backbone(plane: Any) -> Any:
    """The structure of ``edge``, wider and deeper, with a pooling layer."""
    x = _normalized_convolution(plane, 32, 5, strides=2)
    x = _normalized_convolution(_normalized_convolution(x, 48, 3), 64, 3)
    x = layers.MaxPooling2D(2, name="pool")(x)
    x = _normalized_convolution(_normalized_convolution(x, 96, 3), 128, 3)
    return _weighted_average(_normalized_convolution(x, 192, 3, padding="valid"))


# The networks of five public MNIST projects, as their authors describe them. Where a
# description leaves a number open, the docstring says what was chosen here.


def walkthrough_backbone(plane: Any) -> Any:
    """Two convolutions, each with a pooling layer, and a dense layer."""
    return _dense(layers.Flatten(name="flatten")(_two_pooled(plane)), 128)


def adadelta_backbone(plane: Any) -> Any:
    """Two convolutions, one pooling layer, and a wide dense layer between two dropouts."""
    x = _convolution(plane, 32, "convolution_1")
    x = _convolution(x, 64, "convolution_2")
    x = layers.MaxPooling2D(2, name="pool")(x)
    x = layers.Flatten(name="flatten")(layers.Dropout(0.25, name="dropout_1")(x))
    return layers.Dropout(0.5, name="dropout_2")(_dense(x, 256))


def regularized_backbone(plane: Any) -> Any:
    """The walkthrough network with a dropout of 0.5 before the dense layer."""
    x = layers.Dropout(0.5, name="dropout")(_two_pooled(plane))
    return _dense(layers.Flatten(name="flatten")(x), 128)


def dropout_backbone(plane: Any) -> Any:
    """Two convolutions with pooling and a dropout: filters, rate and no dense layer are ours."""
    x = layers.Flatten(name="flatten")(_two_pooled(plane))
    return layers.Dropout(0.5, name="dropout")(x)


def custom_backbone(plane: Any) -> Any:
    """Convolutions with pooling, a dropout and a dense layer: numbers and sizes are our choice."""
    x = _convolution(plane, 32, "convolution_1")
    x = layers.MaxPooling2D(2, name="pool_1")(_convolution(x, 32, "convolution_2"))
    x = _convolution(x, 64, "convolution_3")
    x = layers.MaxPooling2D(2, name="pool_2")(_convolution(x, 64, "convolution_4"))
    x = layers.Flatten(name="flatten")(layers.Dropout(0.25, name="dropout")(x))
    return _dense(x, 128)


def _weighted_average(x: Any) -> Any:
    """Average each channel over the plane with learned weights, then normalize.

    A depthwise convolution over the whole plane (Chen et al. 2018, MobileFaceNets).
    """
    x = layers.DepthwiseConv2D(x.shape[1], use_bias=False, name="average")(x)
    return layers.Flatten(name="flatten")(layers.BatchNormalization(momentum=_MOMENTUM)(x))


def _normalized_convolution(
    x: Any, filters: int, size: int, *, strides: int = 1, padding: str = "same"
) -> Any:
    """Convolution, batch normalization (Ioffe & Szegedy 2015), ReLU: one node once exported."""
    x = layers.Conv2D(filters, size, strides=strides, padding=padding, use_bias=False)(x)
    return layers.ReLU()(layers.BatchNormalization(momentum=_MOMENTUM)(x))


def _two_pooled(plane: Any) -> Any:
    x = layers.MaxPooling2D(2, name="pool_1")(_convolution(plane, 32, "convolution_1"))
    return layers.MaxPooling2D(2, name="pool_2")(_convolution(x, 64, "convolution_2"))


def _convolution(x: Any, filters: int, name: str) -> Any:
    return layers.Conv2D(filters, 3, activation="relu", name=name)(x)


def _dense(x: Any, units: int) -> Any:
    return layers.Dense(units, activation="relu", name="dense")(x)


def _convolve_with_mean(kernel: NDArray[np.float32]) -> NDArray[np.float32]:
    """float32 [height, width, ...] -> [height + 1, width + 1, ...]."""
    height, width, *rest = kernel.shape
    larger = np.zeros((height + 1, width + 1, *rest), np.float32)
    for row in (0, 1):
        for column in (0, 1):
            larger[row : row + height, column : column + width] += kernel / 4
    return larger
