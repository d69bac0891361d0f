"""From a float trunk to an int8 one: static quantization in QDQ form.

What was chosen, and why. The figures are from one briefly trained network of each kind
(``edge`` 5 epochs, ``walkthrough`` 2, one seed) on their 5,000 validation images of
MNIST, which also gave the ranges; agreement is with the float file, 0.02 % being one
image; latency is the p50 of single images on one thread, all variants interleaved.

* Weights int8, one scale a channel, in 7 of the 8 bits (``reduce_range``). With all 8
  the mean difference of a probability was some 40 % smaller and the agreement the same,
  but on x86 CPUs with AVX2 and without VNNI such products are added up in 16 bits,
  which overflow, and the answers change; with 7 bits they do not.
* Activations uint8 with a zero point. After a ReLU nothing is below 0, so all 256
  levels are used and the ReLU itself vanishes into the clipping. int8 with a zero point
  is the same thing moved by 128: equal agreement and difference, latency equal within
  2 %. Symmetric ranges waste half the levels and keep every ReLU as a node: 28 % slower
  (``edge``) and 55 % (``walkthrough``), further from the float probabilities, never
  better in agreement.
* Ranges from minimum and maximum, or from the 99.999th percentile of some 1,000 of the
  images: whichever brings the logits nearer to those of the float trunk. Mostly both come
  out level; but where few images reach far beyond all others (a network with a class for
  what is no digit, 7,000 images: its logit had an error of 0.36 nats and 0.17) minimum and
  maximum leave too few levels for the rest. On that network the 99.99th percentile changed 16
  labels of the 7,000 images where the 99.999th changed 9. Elsewhere the 99.9th lost two images
  (``edge``); the 99.99th and entropy came out level.
* On request, the weights of convolutions in four bits, see :mod:`edge_export.four_bit`; the
  file then holds two in a byte (:mod:`edge_export.packing`), and runs as before.
* What the rounding shifts the logits by on average is taken back at the end, see
  :mod:`edge_export.bias_correction`.
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

from edge_export.bias_correction import correct_bias, run_trunk
from edge_export.face import PIXEL_SCALE
from edge_export.four_bit import Scales, round_weights
from edge_export.trunk import TRUNK_INPUT

_BATCH: Final = 100
_PERCENTILE: Final = 99.999
# Histograms are made of all activations at once: gigabytes for more.
_HISTOGRAM_IMAGES: Final = 1000


def quantize_trunk(
    trunk: onnx.ModelProto, images_u8: NDArray[np.uint8], *, weight_bits: int = 8
) -> onnx.ModelProto:
    """Quantize a tidy float trunk.

    Args:
        trunk: What ``tidy_trunk`` returns; left as it is.
        images_u8: uint8 (n, 28, 28), n at least 1; the ranges of the activations are
            taken from these, so they must be images the network was not trained on.
        weight_bits: 8, or 4 for the weights of convolutions of several input channels.

    Returns:
        A trunk in QDQ form with the same float32 input and output. Its pixels have
        scale 1/255 and zero point 0, so that their integers are the picture's bytes.

    Raises:
        UsageError: There are no weights that can be rounded to 4 bits.
    """
    few = images_u8[:: -(-len(images_u8) // _HISTOGRAM_IMAGES)]
    rounded, scales = (trunk, {}) if weight_bits == 8 else round_weights(trunk, images_u8)
    candidates = [
        correct_bias(_quantize(rounded, scales, images, method), trunk, images_u8)
        for method, images in (
            (CalibrationMethod.MinMax, images_u8),
            # The histograms want batches of one size.
            (CalibrationMethod.Percentile, few[: len(few) // _BATCH * _BATCH or None]),
        )
    ]
    wanted = run_trunk(trunk, images_u8)
    errors = [np.square(run_trunk(one, images_u8) - wanted).mean() for one in candidates]
    return candidates[int(np.argmin(errors))]


def _quantize(
    trunk: onnx.ModelProto,
    scales: Scales,
    images_u8: NDArray[np.uint8],
    method: CalibrationMethod,
) -> onnx.ModelProto:
    with (
        tempfile.TemporaryDirectory(prefix="edge-mnist-") as folder,
        contextlib.redirect_stdout(io.StringIO()),  # The histograms are announced by print.
    ):
        # Files, not protos: quant_pre_process moves the tensors out of a proto it is given.
        plain, prepared, quantized = (Path(folder) / f"{name}.onnx" for name in "abc")
        onnx.save(trunk, plain)
        # Symbolic shape inference would want sympy, and finds nothing more here.
        quant_pre_process(plain, prepared, skip_symbolic_shape=True)
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
        return onnx.load(quantized)


def _overrides(scales: Scales) -> dict[str, list[dict[str, Any]]]:
    """What the quantizer is told of pixels, and, by filter, of weights rounded already."""
    pixels = {
        "quant_type": QuantType.QUInt8,
        "scale": np.array(PIXEL_SCALE),
        "zero_point": np.array(0, np.uint8),
    }
    usual = {"quant_type": QuantType.QInt8, "zero_point": np.array(0, np.int8), "axis": 0}
    rows = {name: [{**usual, "scale": scale} for scale in row] for name, row in scales.items()}
    return {TRUNK_INPUT: [pixels], **rows}


class _Images(CalibrationDataReader):  # type: ignore[misc]
    """Hands images to onnxruntime's calibration, a batch at a time."""

    def __init__(self, images_u8: NDArray[np.uint8]) -> None:
        self._batches = iter(np.split(images_u8, range(_BATCH, len(images_u8), _BATCH)))

    def get_next(self) -> Any:
        batch = next(self._batches, None)
        if batch is None:
            return None
        return {TRUNK_INPUT: batch[:, np.newaxis].astype(np.float32) * PIXEL_SCALE}
