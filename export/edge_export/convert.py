"""From a Keras model to an ONNX trunk: the one place that knows tf2onnx.

tf2onnx seeks a maintainer, so whatever may replace it one day has to replace this
module alone. Only the part between the layers :data:`FIRST_LAYER` and
:data:`LAST_LAYER` is converted; pixels and softmax are the face's business
(``edge_export.face``).
"""

from __future__ import annotations

from typing import Any, Final, cast

import keras
import onnx
import onnxslim
import tensorflow as tf
import tf2onnx

from edge_infer.errors import RunError
from edge_infer.model.metadata import OPSET

FIRST_LAYER: Final = "plane"
LAST_LAYER: Final = "logits"


def convert_trunk(model: Any) -> onnx.ModelProto:
    """Convert what stands between the layers ``plane`` and ``logits``.

    Args:
        model: A Keras 3 Functional model, ``plane`` giving float32 (batch, 28, 28, 1)
            in 0-1 and ``logits`` float32 (batch, classes).

    Returns:
        Model of opset 17 with one float32 input [n, 1, 28, 28] and one float32 output
        [n, classes]; batch-norm folded, dropout gone, names as tf2onnx gives them.

    Raises:
        RunError: The model has no such layers.
    """
    plane, logits = find_layer(model, FIRST_LAYER).output, find_layer(model, LAST_LAYER).output
    trunk: Any = keras.Model(plane, logits)
    signature = (tf.TensorSpec((None, *plane.shape[1:]), tf.float32, name=FIRST_LAYER),)

    def forward(batch: Any) -> Any:
        return trunk(batch, training=False)

    traced: Any = tf.function(forward, input_signature=signature)
    converted, _ = tf2onnx.convert.from_function(
        traced, signature, opset=OPSET, inputs_as_nchw=[FIRST_LAYER]
    )
    return cast("onnx.ModelProto", onnxslim.slim(converted))


def find_layer(model: Any, name: str) -> Any:
    """Find a layer of a Keras model.

    Raises:
        RunError: It has none of that name.
    """
    try:
        return model.get_layer(name)
    except ValueError as error:
        raise RunError(
            f"the run's model has no layer {name!r}, which every network of `edge-mnist train` "
            "has: train it again with this version"
        ) from error
