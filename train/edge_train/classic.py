"""The networks of five public MNIST projects, as their authors describe them.

They are what most people begin with, and what the networks of our own are held against.
Where a description leaves something open, the choice is named here.
"""

from __future__ import annotations

from typing import Any

import keras

layers = keras.layers


def walkthrough_trunk(plane: Any) -> Any:
    """Two convolutions, each with a pool, and a dense layer."""
    return _dense(layers.Flatten(name="flatten")(_two_pooled(plane)), 128)


def adadelta_trunk(plane: Any) -> Any:
    """Two convolutions before the only pool, and a wide dense layer between two dropouts."""
    x = _convolution(plane, 32, "convolution_1")
    x = _convolution(x, 64, "convolution_2")
    x = layers.MaxPooling2D(2, name="pool")(x)
    x = layers.Flatten(name="flatten")(layers.Dropout(0.25, name="dropout_1")(x))
    return layers.Dropout(0.5, name="dropout_2")(_dense(x, 256))


def regularized_trunk(plane: Any) -> Any:
    """The walkthrough's network with half of the features dropped before the dense layer."""
    x = layers.Dropout(0.5, name="dropout")(_two_pooled(plane))
    return _dense(layers.Flatten(name="flatten")(x), 128)


def dropout_trunk(plane: Any) -> Any:
    """Two convolutions, pools and a dropout; filters, its rate and no dense layer are ours."""
    x = layers.Flatten(name="flatten")(_two_pooled(plane))
    return layers.Dropout(0.5, name="dropout")(x)


def custom_trunk(plane: Any) -> Any:
    """Several convolutions, pools, a dropout, a dense layer; numbers and sizes are ours."""
    x = _convolution(plane, 32, "convolution_1")
    x = layers.MaxPooling2D(2, name="pool_1")(_convolution(x, 32, "convolution_2"))
    x = _convolution(x, 64, "convolution_3")
    x = layers.MaxPooling2D(2, name="pool_2")(_convolution(x, 64, "convolution_4"))
    x = layers.Flatten(name="flatten")(layers.Dropout(0.25, name="dropout")(x))
    return _dense(x, 128)


def _two_pooled(plane: Any) -> Any:
    x = layers.MaxPooling2D(2, name="pool_1")(_convolution(plane, 32, "convolution_1"))
    return layers.MaxPooling2D(2, name="pool_2")(_convolution(x, 64, "convolution_2"))


def _convolution(x: Any, filters: int, name: str) -> Any:
    return layers.Conv2D(filters, 3, activation="relu", name=name)(x)


def _dense(x: Any, units: int) -> Any:
    return layers.Dense(units, activation="relu", name="dense")(x)
