"""Training arithmetic: quicker layers to train with, and the plain model that is saved.

Half of the time of a step in float32 goes into convolutions, and a good part of the rest
into Keras' batch-norm, which is some ten operations a layer. The layers here use
TensorFlow's fused kernel instead, and with the policy ``mixed_bfloat16`` convolutions in
bfloat16, which CPUs with AVX-512 BF16 or AMX compute faster. Neither leaves a trace: what
is saved is a float32 model of stock Keras layers, which any Keras opens.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import keras
import tensorflow as tf


class FusedBatchNormalization(keras.layers.BatchNormalization):  # type: ignore[misc]  # no types
    """Batch-norm (Ioffe & Szegedy 2015) over the last axis, in one kernel each way.

    Variables are those of the Keras layer, in its order. The variance that it remembers is
    the unbiased one, n / (n - 1) of Keras': less than 0.01 % apart at the sizes here.
    """

    def call(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        """Normalise float [batch, height, width, channels]; same shape and dtype."""
        del mask
        learns = bool(training) and self.trainable
        mean, variance = (tf.cast(x, tf.float32) for x in (self.moving_mean, self.moving_variance))
        result: Any = tf.raw_ops.FusedBatchNormV3(
            x=inputs,
            scale=tf.cast(self.gamma, tf.float32),
            offset=tf.cast(self.beta, tf.float32),
            mean=[] if learns else mean,
            variance=[] if learns else variance,
            epsilon=self.epsilon,
            is_training=learns,
        )
        if learns:
            for memory, batch in (
                (self.moving_mean, result.batch_mean),
                (self.moving_variance, result.batch_variance),
            ):
                memory.assign(self.momentum * memory + (1 - self.momentum) * batch)
        return result.y


@contextmanager
def precision_policy(precision: str) -> Iterator[None]:
    """Make layers built inside compute by Keras' policy of that name; variables are float32."""
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(precision)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


def plain_copy(model: Any) -> Any:
    """Copy a model into float32 and stock Keras layers, with its names and variables."""
    copy = keras.models.clone_model(model, clone_function=_plain_layer)
    copy.set_weights(model.get_weights())
    return copy


def _plain_layer(layer: Any) -> Any:
    kind = type(layer)
    if kind is FusedBatchNormalization:
        kind = keras.layers.BatchNormalization
    # The image's own dtype is uint8; layers that drop values carry a seed of their own.
    if kind is keras.layers.InputLayer:
        return kind.from_config(layer.get_config())
    return kind.from_config({**layer.get_config(), "dtype": "float32"})
