"""Training arithmetic: quicker layers to train with, and the plain model that is saved.

Half of the time of a step in float32 goes into convolutions, and a good part of the rest
into Keras' batch-norm, which is some ten operations a layer. The layers here use
TensorFlow's fused kernel instead, and with the policy ``mixed_bfloat16`` convolutions in
bfloat16, which CPUs with AVX-512 BF16 or AMX compute faster. Neither leaves a trace: what
is saved is the float32 model of stock Keras layers, which any Keras opens, with the weights
of its twin.
"""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from edge_infer.model.metadata import OUTPUT_NAME
from edge_train.networks import LOGITS_NAME


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
            memories: tuple[Any, Any] = (self.moving_mean, self.moving_variance)
            batches = (result.batch_mean, result.batch_variance)
            for memory, batch in zip(memories, batches, strict=True):
                memory.assign(self.momentum * memory + (1 - self.momentum) * batch)
        return result.y


def training_twin(model: Any, precision: str) -> Any:
    """Copy a model for training, variable for variable.

    Args:
        model: Of stock Keras layers in float32.
        precision: Keras' policy of that name. Variables are float32 under all; so is the
            arithmetic from the logits on, for bfloat16 has two to three digits.

    Returns:
        A model whose variables are, in their order, those of ``model``.
    """
    policies = dict.fromkeys((LOGITS_NAME, OUTPUT_NAME), "float32")

    def twin(layer: Any) -> Any:
        kind, config = type(layer), layer.get_config()
        if kind is keras.layers.InputLayer:
            return kind.from_config(config)
        if kind is keras.layers.BatchNormalization:
            kind = FusedBatchNormalization
        return kind.from_config({**config, "dtype": policies.get(layer.name, precision)})

    copy = keras.models.clone_model(model, clone_function=twin)
    copy.set_weights(model.get_weights())
    return copy
