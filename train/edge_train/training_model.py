"""The model that is trained: faster layers, the optimizer and the loss.

Keras' batch normalization consists of about ten operations per layer. The layer here uses
TensorFlow's fused kernel instead. With the policy ``mixed_bfloat16``, convolutions run in
bfloat16, which CPUs with AVX-512 BF16 or AMX compute faster. The saved model has neither: it
is the float32 model of stock Keras layers, with the weights of the training model.
"""

from __future__ import annotations

from typing import Any, Final

import keras
import tensorflow as tf

from edge_infer.model.metadata import OUTPUT_NAME
from edge_train.config import Recipe
from edge_train.networks import LOGITS_NAME

# Variables without weight decay, by the ends of their names.
_NO_DECAY: Final = ["bias", "gamma", "beta"]


class FusedBatchNormalization(keras.layers.BatchNormalization):  # type: ignore[misc]  # no types
    """Batch normalization (Ioffe & Szegedy 2015) over the last axis, in one fused kernel.

    The variables are those of the Keras layer, in the same order. The moving variance is the
    unbiased one, n / (n - 1) times that of Keras: less than 0.01 % apart at the sizes here.
    """

    def call(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        """Normalize float [batch, height, width, channels]; same shape and dtype."""
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
            moving: tuple[Any, Any] = (self.moving_mean, self.moving_variance)
            batch = (result.batch_mean, result.batch_variance)
            for average, value in zip(moving, batch, strict=True):
                average.assign(self.momentum * average + (1 - self.momentum) * value)
        return result.y


def make_training_model(model: Any, recipe: Recipe, steps_per_epoch: int) -> Any:
    """Copy a model into one that trains faster, and compile the copy.

    The copy has the variables of ``model``, in the same order.

    Args:
        model: Stock Keras layers in float32.
        recipe: Precision, optimizer and learning rate. Variables are float32 with both
            precisions; so is the arithmetic from the logits on, because bfloat16 has only two
            to three digits.
        steps_per_epoch: The learning rate schedule counts in steps.
    """
    policies = dict.fromkeys((LOGITS_NAME, OUTPUT_NAME), "float32")

    def clone(layer: Any) -> Any:
        kind, config = type(layer), layer.get_config()
        if kind is keras.layers.InputLayer:
            return kind.from_config(config)
        if kind is keras.layers.BatchNormalization:
            kind = FusedBatchNormalization
        return kind.from_config({**config, "dtype": policies.get(layer.name, recipe.precision)})

    copy = keras.models.clone_model(model, clone_function=clone)
    copy.set_weights(model.get_weights())
    copy.compile(
        optimizer=_optimizer(recipe, steps_per_epoch),
        loss=keras.losses.CategoricalCrossentropy(),
        metrics=[keras.metrics.CategoricalAccuracy(name="accuracy")],
    )
    copy.optimizer.build(copy.trainable_variables)
    return copy


def _optimizer(recipe: Recipe, steps_per_epoch: int) -> Any:
    rate: Any = recipe.learning_rate
    if recipe.warmup_epochs is not None:
        warmup_steps = round(recipe.warmup_epochs * steps_per_epoch)
        rate = keras.optimizers.schedules.CosineDecay(
            0.0,
            decay_steps=max(1, recipe.epochs * steps_per_epoch - warmup_steps),
            warmup_target=recipe.learning_rate,
            warmup_steps=warmup_steps,
        )
    others = {"adam": keras.optimizers.Adam, "adadelta": keras.optimizers.Adadelta}
    if recipe.optimizer in others:
        return others[recipe.optimizer](rate)
    optimizer = keras.optimizers.AdamW(rate, weight_decay=recipe.weight_decay)
    optimizer.exclude_from_weight_decay(var_names=_NO_DECAY)
    return optimizer
