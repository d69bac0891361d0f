"""The networks as Keras Functional models, all with one face.

Every network takes ``image`` uint8 [batch, 28, 28], scales it inside (``pixels``,
``plane``), and ends in ``logits`` and ``probabilities``: export finds these layers by
name, so the same pixels that train are the ones that run.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import keras

from edge_infer.model.metadata import IMAGE_SIZE, INPUT_NAME, OUTPUT_NAME

layers = keras.layers
# Keras' 0.99 remembers some 500 steps: on a small set validation would see statistics of
# the untrained network for dozens of epochs. 0.9, at the other end, makes noisy ones.
_MOMENTUM = 0.97
Trunk = Callable[[Any], Any]
LOGITS_NAME: Final = "logits"


def build_network(trunk: Trunk, classes: int, *, name: str) -> Any:
    """Put the common face around a trunk.

    Args:
        trunk: From float32 [batch, 28, 28, 1] in 0-1 to float32 [batch, features].
        classes: Width of the output.
        name: Of the Keras model.

    Returns:
        ``keras.Model`` from uint8 [batch, 28, 28] to float32 [batch, classes].
    """
    image = keras.Input((IMAGE_SIZE, IMAGE_SIZE), dtype="uint8", name=INPUT_NAME)
    pixels = layers.Rescaling(1 / 255, name="pixels")(image)
    plane = layers.Reshape((IMAGE_SIZE, IMAGE_SIZE, 1), name="plane")(pixels)
    logits = layers.Dense(classes, name=LOGITS_NAME)(trunk(plane))
    probabilities = layers.Softmax(name=OUTPUT_NAME)(logits)
    return keras.Model(image, probabilities, name=name)


def nano_trunk(plane: Any) -> Any:
    """The plan of ``edge`` in sixteens: fewer channels than that take no less time."""
    x = _convolution(plane, 16, 5, strides=2, padding="valid")
    x = _convolution(_convolution(x, 16, 3), 16, 3, strides=2)
    x = _convolution(_convolution(x, 16, 3), 16, 3, padding="valid")
    return layers.GlobalAveragePooling2D(name="average")(x)


def edge_trunk(plane: Any) -> Any:
    """Four convolutions and a learnt average: few nodes, large ones.

    The one-channel convolution is the slowest node of an int8 graph. With stride 2 it is
    the same as a 3x3 convolution of the picture folded to four channels, which export
    makes of it; then 6x6, which 5x5 becomes once softened (``edge_train.soften``), costs
    what 5x5 does. Without padding, as hardly a digit reaches the edge, it leaves 12x12, and
    6x6 and 4x4 behind it: a quarter fewer positions than 14x14, 7x7 and 5x5. A stride takes
    less time than a pool.
    """
    x = _convolution(_convolution(plane, 32, 5, strides=2, padding="valid"), 48, 3, strides=2)
    x = _convolution(_convolution(x, 48, 3), 80, 3, padding="valid")
    return _weighted_average(x)


def page_trunk(plane: Any) -> Any:
    """The former plan of ``edge``, with padding: what is no digit may well touch the edge."""
    x = _convolution(_convolution(plane, 32, 6, strides=2), 48, 3, strides=2)
    x = _convolution(_convolution(x, 48, 3), 48, 3, padding="valid")
    return _weighted_average(x)


def max_trunk(plane: Any) -> Any:
    """The plan of ``edge``, wider and deeper, with a learnt average at the end."""
    x = _convolution(plane, 32, 5, strides=2)
    x = _convolution(_convolution(x, 48, 3), 64, 3)
    x = layers.MaxPooling2D(2, name="pool")(x)
    x = _convolution(_convolution(x, 96, 3), 128, 3)
    return _weighted_average(_convolution(x, 192, 3, padding="valid"))


def _weighted_average(x: Any) -> Any:
    """Average the plane with weights that each channel learns, where the middle may count more.

    A depthwise convolution over the whole plane (Chen et al. 2018, MobileFaceNets).
    """
    x = layers.DepthwiseConv2D(x.shape[1], use_bias=False, name="average")(x)
    return layers.Flatten(name="flatten")(layers.BatchNormalization(momentum=_MOMENTUM)(x))


def _convolution(
    x: Any, filters: int, size: int, *, strides: int = 1, padding: str = "same"
) -> Any:
    """Convolution, batch-norm (Ioffe & Szegedy 2015), ReLU: one node once exported."""
    x = layers.Conv2D(filters, size, strides=strides, padding=padding, use_bias=False)(x)
    return layers.ReLU()(layers.BatchNormalization(momentum=_MOMENTUM)(x))
