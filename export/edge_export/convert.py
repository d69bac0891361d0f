"""From a Keras model to an ONNX graph: the one module that knows tf2onnx, which is unmaintained.

Only the layers from ``plane`` to ``logits`` are converted; passes add the scaling of pixels and the
softmax.
"""

from __future__ import annotations

import functools
import logging
import warnings
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any, Final, cast

import keras
import onnx
import onnxslim
import tensorflow as tf
import tf2onnx

from edge_export.graph import Graph
from edge_infer.errors import RunError
from edge_infer.model.metadata import OPSET

FIRST_LAYER: Final = "plane"
LAST_LAYER: Final = "logits"


def convert_backbone(model: Any) -> Graph:
    """Convert the layers from ``plane`` to ``logits``.

    Args:
        model: A Keras 3 Functional model; ``plane`` gives float32 (batch, 28, 28, 1) in 0-1,
            ``logits`` float32 (batch, classes).

    Returns:
        Graph of opset 17 with one float32 input [n, 1, 28, 28] and one float32 output
        [n, classes]; batch-norm is folded, dropout removed, names are those of tf2onnx.

    Raises:
        RunError: The model has no such layers.
    """
    plane, logits = find_layer(model, FIRST_LAYER).output, find_layer(model, LAST_LAYER).output
    backbone: Any = keras.Model(plane, logits)
    signature = (tf.TensorSpec((None, *plane.shape[1:]), tf.float32, name=FIRST_LAYER),)
    forward = functools.partial(backbone, training=False)
    traced: Any = tf.function(forward, input_signature=signature)
    converted, _ = tf2onnx.convert.from_function(
        traced, signature, opset=OPSET, inputs_as_nchw=[FIRST_LAYER]
    )
    return Graph.of(cast("onnx.ModelProto", onnxslim.slim(converted)))


def find_layer(model: Any, name: str) -> Any:
    """Return a layer of a Keras model; RunError where it has none of that name."""
    try:
        return model.get_layer(name)
    except ValueError as error:
        raise RunError(
            f"the run's model has no layer {name!r}, which every network of `edge-mnist train` "
            "has: train it again with this version"
        ) from error


@contextmanager
def quiet_tools(*, verbose: bool) -> Generator[None]:
    """Unless ``verbose``, suppress warnings, and log lines below errors, of all libraries."""
    if verbose:
        yield
        return
    disabled = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(disabled)
