"""Quantize a float backbone to int8: static quantization in QDQ form.

* Weights are int8 with one scale a channel, in 7 of the 8 bits (``reduce_range``). With 8 bits,
  x86 CPUs with AVX2 and without VNNI add up such products in 16 bits, which overflow.
* Activations are uint8 with a zero point. A ReLU becomes part of the clipping.
* Ranges come from minimum and maximum, or from a percentile of about 1,000 images: whichever
  brings the logits nearer to those of the float backbone.

``docs/quantization.md`` has the measurements behind these settings.
"""

from __future__ import annotations

import contextlib
import io
import tempfile
from pathlib import Path
from typing import Any, Final

import numpy as np
import onnx
from numpy.typing import NDArray
from onnxruntime.quantization import (
    CalibrationDataReader,
    CalibrationMethod,
    QuantFormat,
    QuantType,
    quantize_static,
)
from onnxruntime.quantization.shape_inference import quant_pre_process

from edge_export.backbone import PIXEL_SCALE, PIXELS, compute_logits, scale_pixels
from edge_export.graph import Graph
from edge_export.passes.four_bit import Scales, round_weights

_BATCH: Final = 100
_PERCENTILE: Final = 99.999
# The histograms hold the activations of all images at once, which is gigabytes for more.
_HISTOGRAM_IMAGES: Final = 1000


def quantize(backbone: Graph, images_u8: NDArray[np.uint8], *, weight_bits: int = 8) -> Graph:
    """Quantize a float backbone, which is left as it is.

    Args:
        backbone: Float32.
        images_u8: uint8 (n, 28, 28), n at least 1, not of the training images; for the ranges.
        weight_bits: 8, or 4 for the weights of convolutions of several input channels.

    Returns:
        A backbone in QDQ form with the same float32 input and output. The integers of its
        pixels are the bytes of the image.

    Raises:
        UsageError: The network has no weights that can be rounded to 4 bits.
    """
    rounded = backbone.copy()
    scales = round_weights(rounded, backbone, images_u8) if weight_bits == 4 else {}
    few = images_u8[:: -(-len(images_u8) // _HISTOGRAM_IMAGES)]
    # The histograms need batches of one size.
    ranges = (
        (CalibrationMethod.MinMax, images_u8),
        (CalibrationMethod.Percentile, few[: len(few) // _BATCH * _BATCH or None]),
    )
    candidates = [_quantize(rounded, scales, images, method) for method, images in ranges]
    for candidate in candidates:
        correct_bias(candidate, backbone, images_u8)
    expected = compute_logits(backbone, images_u8)
    errors = [np.square(compute_logits(one, images_u8) - expected).mean() for one in candidates]
    return candidates[int(np.argmin(errors))]


def _quantize(
    backbone: Graph, scales: Scales, images_u8: NDArray[np.uint8], method: CalibrationMethod
) -> Graph:
    with (
        tempfile.TemporaryDirectory(prefix="edge-mnist-") as folder,
        contextlib.redirect_stdout(io.StringIO()),  # Histograms are announced by print.
    ):
        prepared, quantized = Path(folder, "prepared.onnx"), Path(folder, "quantized.onnx")
        # Symbolic shape inference needs sympy and finds nothing more here.
        quant_pre_process(backbone.to_model(), prepared, skip_symbolic_shape=True)
        quantize_static(
            prepared,
            quantized,
            _Images(images_u8),
            quant_format=QuantFormat.QDQ,
            per_channel=True,
            reduce_range=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            calibrate_method=method,
            extra_options={
                "TensorQuantOverrides": _overrides(scales),
                "CalibPercentile": _PERCENTILE,
            },
        )
        return Graph.of(onnx.load(quantized))


def correct_bias(quantized: Graph, backbone: Graph, images_u8: NDArray[np.uint8]) -> None:
    """Subtract the mean error of the logits from the bias of the last layer, where it has one.

    Rounding shifts the outputs of a layer a little on average, and the shifts add up over the
    layers (Nagel et al. 2019, who correct each layer). Images are uint8 (n, 28, 28), n at least 1.
    """
    dense = [node for node in quantized.nodes if node.op_type == "Gemm"][-1]
    if len(dense.input) < 3:
        return
    errors = compute_logits(quantized, images_u8) - compute_logits(backbone, images_u8)
    source = quantized.producer(dense.input[2])
    assert source is not None, "a quantized bias is dequantized"
    bias, scale = source.input[:2]
    steps = np.rint(errors.mean(axis=0) / quantized.values(scale)).astype(np.int32)
    quantized.set_values(bias, quantized.values(bias) - steps)


def _overrides(scales: Scales) -> dict[str, list[dict[str, Any]]]:
    """Return the quantization of pixels and, by filter, of weights that are rounded already."""
    pixels = {
        "quant_type": QuantType.QUInt8,
        "scale": np.array(PIXEL_SCALE),
        "zero_point": np.array(0, np.uint8),
    }
    weights = {"quant_type": QuantType.QInt8, "zero_point": np.array(0, np.int8), "axis": 0}
    rows = {name: [{**weights, "scale": scale} for scale in row] for name, row in scales.items()}
    return {PIXELS: [pixels], **rows}


class _Images(CalibrationDataReader):  # type: ignore[misc]
    def __init__(self, images_u8: NDArray[np.uint8]) -> None:
        self._batches = iter(np.split(images_u8, range(_BATCH, len(images_u8), _BATCH)))

    def get_next(self) -> Any:
        batch = next(self._batches, None)
        return None if batch is None else {PIXELS: scale_pixels(batch)}
