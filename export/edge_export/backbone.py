"""The backbone of a network, from scaled pixels to logits: its tensors, and its inference."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray
from onnx import TensorProto, helper

from edge_export.graph import Graph

PIXELS: Final = "x"
LOGITS: Final = "l"
PIXEL_SCALE: Final = np.float32(1 / 255)
_BATCH: Final = 500


def scale_pixels(images_u8: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Turn images, uint8 (n, 28, 28), into the backbone's input, float32 (n, 1, 28, 28), 0-1."""
    return images_u8[:, np.newaxis].astype(np.float32) * PIXEL_SCALE


def compute_logits(backbone: Graph, images_u8: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Run a backbone, float or quantized, on images, uint8 (n, 28, 28), n at least 1.

    Returns:
        float64 (n, classes).
    """
    batches = list(iterate_tensor(backbone, LOGITS, images_u8, _BATCH))
    return np.concatenate(batches).astype(np.float64)


def iterate_tensor(
    backbone: Graph, tensor: str, images_u8: NDArray[np.uint8], batch_size: int
) -> Iterator[NDArray[np.float32]]:
    """Yield a float32 tensor of a backbone for images, uint8 (n, 28, 28), batch after batch."""
    output = helper.make_tensor_value_info(tensor, TensorProto.FLOAT, None)
    opened = Graph(backbone.nodes, backbone.constants, backbone.inputs, [output])
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    session: Any = ort.InferenceSession(
        opened.to_model().SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    for start in range(0, len(images_u8), batch_size):
        pixels = scale_pixels(images_u8[start : start + batch_size])
        yield session.run((tensor,), {PIXELS: pixels})[0]
