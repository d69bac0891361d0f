"""What convolutions multiply with their weights: second moments over many images."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import onnx
import onnxruntime as ort
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from edge_export.face import PIXEL_SCALE
from edge_export.graph_walk import attributes, is_plain
from edge_export.trunk import TRUNK_INPUT

_BATCH: Final = 50
# Added to the second moments, as a share of their mean. Without it, inputs that hardly vary
# on these images would be trusted with anything.
_DAMPING: Final = 0.01
# Likewise, as a share of the trace of the moments about 0. Taking the means off leaves rounding
# errors of up to 1e-14 of that; where inputs are constant they are all there is.
_LEAST_DAMPING: Final = 1e-12

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Convolution:
    """A two-dimensional convolution of several input channels, one group, undilated.

    Attributes:
        node: In the graph.
        weights: Its initializer [filters, channels, height, width].
    """

    node: onnx.NodeProto
    weights: onnx.TensorProto

    @classmethod
    def all_of(cls, graph: onnx.GraphProto) -> list[Convolution]:
        """Find them in the order in which they run; others are left out."""
        constants = {tensor.name: tensor for tensor in graph.initializer}
        nodes = [node for node in graph.node if node.op_type == "Conv"]
        found = [cls(node, constants[node.input[1]]) for node in nodes]
        return [one for one in found if one.weights.dims[1] > 1 and is_plain(one.node)]

    def read_weights(self) -> Floats:
        """The weights as float64 (filters, inputs): channel, row and column of the kernel."""
        return (
            numpy_helper.to_array(self.weights).astype(np.float64).reshape(self.weights.dims[0], -1)
        )

    def patches(self, activations: NDArray[np.float32]) -> NDArray[np.float32]:
        """Lay out what the kernel sees.

        Args:
            activations: float32 (n, channels, rows, columns).

        Returns:
            float32 (n * places, inputs), inputs in the order of ``read_weights``.
        """
        stated = attributes(self.node)
        top, left, bottom, right = stated.get("pads", [0, 0, 0, 0])
        row_step, column_step = stated.get("strides", [1, 1])
        padded = np.pad(activations, ((0, 0), (0, 0), (top, bottom), (left, right)))
        kernel: Any = tuple(self.weights.dims[2:])
        windows = np.lib.stride_tricks.sliding_window_view(padded, kernel, axis=(2, 3))
        seen = windows[:, :, ::row_step, ::column_step].transpose(0, 2, 3, 1, 4, 5)
        return seen.reshape(-1, int(np.prod(self.weights.dims[1:])))


@dataclass(frozen=True)
class Moments:
    """Of a convolution's inputs, over all places of all images.

    Two networks are told apart: the one whose outputs are wanted, and the one that the
    convolution is to stand in, where the layers before it give other values.

    Attributes:
        second: float64 (inputs, inputs), of the found inputs about their mean; damped.
        crossed: float64 (inputs, inputs), of wanted with found inputs; damped alike.
        mean: float64 (inputs,), of the found inputs.
        wanted_mean: float64 (inputs,), of the wanted inputs.
    """

    second: Floats
    crossed: Floats
    mean: Floats
    wanted_mean: Floats

    @classmethod
    def measure(
        cls,
        wanted: onnx.ModelProto,
        found: onnx.ModelProto,
        convolution: Convolution,
        images_u8: NDArray[np.uint8],
    ) -> Moments:
        """Run two trunks of the same graph as far as a convolution.

        Args:
            wanted: The trunk whose outputs are wanted.
            found: The trunk that gives the inputs.
            convolution: Of either.
            images_u8: uint8 (n, 28, 28), n at least 1.
        """
        size = int(np.prod(convolution.weights.dims[1:]))
        # A last input that is always 1 makes the means come with the moments.
        second, crossed = np.zeros((size + 1, size + 1)), np.zeros((size + 1, size + 1))
        tensor = convolution.node.input[0]
        sources = (_activations(one, tensor, images_u8) for one in (wanted, found))
        for pair in zip(*sources, strict=True):
            patches = (convolution.patches(one).astype(np.float64) for one in pair)
            ideal, real = (np.insert(one, size, 1, axis=1) for one in patches)
            second += real.T @ real
            crossed += ideal.T @ real
        second, crossed = second / second[-1, -1], crossed / second[-1, -1]
        mean, wanted_mean = second[-1, :-1], crossed[:-1, -1]
        variance = second[:-1, :-1] - np.outer(mean, mean)
        share = _DAMPING * np.trace(variance) / size + _LEAST_DAMPING * np.trace(second)
        damping = share * np.eye(size)
        covariance = crossed[:-1, :-1] - np.outer(wanted_mean, mean)
        return cls(variance + damping, covariance + damping, mean, wanted_mean)


def _activations(
    trunk: onnx.ModelProto, tensor: str, images_u8: NDArray[np.uint8]
) -> Iterator[NDArray[np.float32]]:
    """Yield a tensor inside a float trunk, a batch of images at a time."""
    opened = onnx.ModelProto()
    opened.CopyFrom(trunk)
    del opened.graph.output[:]
    opened.graph.output.append(helper.make_tensor_value_info(tensor, TensorProto.FLOAT, None))
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    session: Any = ort.InferenceSession(
        opened.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    for at in range(0, len(images_u8), _BATCH):
        pixels = images_u8[at : at + _BATCH, np.newaxis].astype(np.float32) * PIXEL_SCALE
        yield session.run((tensor,), {TRUNK_INPUT: pixels})[0]
