"""Make tiny.onnx, the model that the tests of the runtime load.

It fulfils the contract of a model file in a few kB and needs no training. One template for each
class is drawn with straight strokes, and the network finds the nearest template by a linear layer
over 2x2 averages. All operations are rounded exactly, so every machine makes the same bytes.

Run it with the onnx package installed: python tests/infer/make_tiny_model.py
"""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from edge_infer.model.metadata import (
    IMAGE_SIZE,
    INPUT_NAME,
    IR_VERSION,
    METADATA_KEY,
    OPSET,
    OUTPUT_NAME,
    Accuracy,
    ModelMetadata,
)
from edge_synth import plain_strokes

TINY_MODEL: Final = Path(__file__).with_name("tiny.onnx")
CLASS_NAMES: Final = tuple("0123456789")
BOX_SIZE: Final = 20
STROKE_WIDTH: Final = 3.0
POOLED_SIZE: Final = IMAGE_SIZE // 2
# Logits are the negative squared distances to the templates, times this.
SHARPNESS: Final = 0.625
WEIGHT_SCALE: Final = 1.25 / 127


def draw_template(label: str) -> NDArray[np.float64]:
    """Draw a glyph with the geometry of MNIST, float64 (28, 28), 0-1."""
    points = np.concatenate(plain_strokes(int(label)))
    extent = points.max(axis=0) - points.min(axis=0)
    scale = (BOX_SIZE - STROKE_WIDTH) / extent.max()
    centre = np.array([13.5, 13.5]) - scale * (points.min(axis=0) + extent / 2)
    drawn = _rasterise(label, scale, centre)
    levels = np.arange(IMAGE_SIZE)
    mass = drawn.sum()
    off = np.array([drawn.sum(axis=0) @ levels / mass, drawn.sum(axis=1) @ levels / mass])
    return _rasterise(label, scale, centre + 14 - off)


def build() -> bytes:
    """Return the bytes of the model file."""
    import onnx
    from onnx import helper, numpy_helper

    def constant(name: str, value: NDArray[Any]) -> onnx.TensorProto:
        return numpy_helper.from_array(value, name)

    weights, bias = _weights()
    graph = helper.make_graph(
        [
            helper.make_node("DequantizeLinear", [INPUT_NAME, "pixel_scale", "zero"], ["pixels"]),
            helper.make_node("Unsqueeze", ["pixels", "channel_axis"], ["planes"]),
            helper.make_node(
                "AveragePool", ["planes"], ["pooled"], kernel_shape=[2, 2], strides=[2, 2]
            ),
            helper.make_node("Flatten", ["pooled"], ["features"], axis=1),
            helper.make_node("DequantizeLinear", ["weights_i8", "weight_scale"], ["weights"]),
            helper.make_node("Gemm", ["features", "weights", "bias"], ["logits"]),
            helper.make_node("Softmax", ["logits"], [OUTPUT_NAME], axis=1),
        ],
        "tiny",
        [helper.make_tensor_value_info(INPUT_NAME, onnx.TensorProto.UINT8, ["batch", 28, 28])],
        [helper.make_tensor_value_info(OUTPUT_NAME, onnx.TensorProto.FLOAT, ["batch", 10])],
        [
            constant("pixel_scale", np.array(1 / 255, np.float32)),
            constant("zero", np.array(0, np.uint8)),
            constant("channel_axis", np.array([1], np.int64)),
            constant("weights_i8", weights),
            constant("weight_scale", np.array(WEIGHT_SCALE, np.float32)),
            constant("bias", bias),
        ],
    )
    model = helper.make_model(
        graph,
        producer_name="edge-mnist tests",
        ir_version=IR_VERSION,
        opset_imports=[helper.make_opsetid("", OPSET)],
    )
    helper.set_model_props(model, {METADATA_KEY: _metadata().to_json()})
    onnx.checker.check_model(model, full_check=True)
    return bytes(model.SerializeToString(deterministic=True))


def _rasterise(label: str, scale: float, offset: NDArray[np.float64]) -> NDArray[np.float64]:
    """Draw strokes by the distance of each pixel to the nearest stroke."""
    grid = np.stack(np.meshgrid(np.arange(IMAGE_SIZE), np.arange(IMAGE_SIZE)), axis=-1)
    nearest = np.full((IMAGE_SIZE, IMAGE_SIZE), np.inf)
    for line in plain_strokes(int(label)):
        corners = scale * line + offset
        for start, end in pairwise(corners):
            squared_length = max(((end - start) ** 2).sum(), 1e-12)
            along = ((grid - start) * (end - start)).sum(axis=-1) / squared_length
            foot = start + np.clip(along, 0, 1)[..., None] * (end - start)
            nearest = np.minimum(nearest, np.sqrt(((grid - foot) ** 2).sum(axis=-1)))
    return np.clip(STROKE_WIDTH / 2 + 0.5 - nearest, 0, 1)


def _weights() -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """Return weights int8 (196, 10) and bias float32 (10,) for the squared distances.

    -|x - t|^2 equals 2 x.t - |t|^2 up to a term that all classes share. So does
    2 x.(t - m) - |t|^2 with the mean template m, which has smaller weights.
    """
    pooled = np.stack(
        [
            draw_template(name).reshape(POOLED_SIZE, 2, POOLED_SIZE, 2).mean(axis=(1, 3)).ravel()
            for name in CLASS_NAMES
        ]
    )
    linear = 2 * SHARPNESS * (pooled - pooled.mean(axis=0))
    bias = -SHARPNESS * (pooled**2).sum(axis=1)
    quantized = np.clip(np.rint(linear / WEIGHT_SCALE), -127, 127).astype(np.int8)
    # Rounded to 1/64, which hides the last bit of the sums.
    return quantized.T.copy(), (np.rint(bias * 64) / 64).astype(np.float32)


def _metadata() -> ModelMetadata:
    unknown = Accuracy(correct=10, n=10)
    return ModelMetadata(
        class_names=CLASS_NAMES,
        preset="tiny",
        precision="int8",
        reject_threshold=0.5,
        temperature=1.0,
        data="ten drawn glyphs",
        data_sha256="0" * 64,
        seed=0,
        epochs=0,
        validation_accuracy_keras=unknown,
        validation_accuracy=unknown,
        test_accuracy_keras=unknown,
        test_accuracy=unknown,
        parameters=POOLED_SIZE * POOLED_SIZE * 10 + 10,
        versions={},
        licence="MIT",
    )


if __name__ == "__main__":
    TINY_MODEL.write_bytes(build())
    print(f"wrote {TINY_MODEL} ({TINY_MODEL.stat().st_size:,} bytes)")
