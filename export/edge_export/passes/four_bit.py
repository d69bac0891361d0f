"""Round the weights of convolutions to four bits so that the outputs change least.

After a weight has been rounded, those that are not rounded yet compensate for its error, as far as
their inputs are correlated (Frantar et al. 2023, GPTQ, after Hassibi & Stork 1993). A layer gets
the inputs of the rounded network and is to give the outputs of the float one, so it also
compensates for the layers before it. ``docs/quantization.md`` has the measurements.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import onnx
from numpy.typing import NDArray

from edge_export.backbone import iterate_tensor
from edge_export.graph import Graph, attributes, is_plain
from edge_infer.errors import UsageError

# Levels are -7..7; -8 would have no counterpart.
MAX_LEVEL: Final = 7
_IMAGES: Final = 1000
# Candidate scales, relative to the scale at which a filter's largest weight has MAX_LEVEL.
_SCALE_SHARES: Final = tuple(percent / 100 for percent in range(60, 101, 5))
# Patches of a batch of images are in memory at once.
_BATCH: Final = 50
# Added to the diagonal, as a share of the mean variance: bounds the weights of inputs that hardly
# vary on these images.
_DAMPING: Final = 0.01
# Likewise, as a share of the trace of the moments about 0: above the rounding errors, up to 1e-14
# of it, that are left of the variance of constant inputs.
_MIN_DAMPING: Final = 1e-12

Floats = NDArray[np.float64]
Scales = Mapping[str, NDArray[np.float32]]


@dataclass(frozen=True)
class Convolution:
    """A two-dimensional convolution of several input channels, one group, undilated.

    Attributes:
        node: The node in the graph.
        kernel: Height and width of the kernel in pixels.
        weights: float64 (filters, inputs); an input is a channel, row and column of the kernel.
    """

    node: onnx.NodeProto
    kernel: tuple[int, ...]
    weights: Floats

    @classmethod
    def all_of(cls, graph: Graph) -> list[Convolution]:
        """Find such convolutions, in the order in which they run."""
        plain = [node for node in graph.nodes if node.op_type == "Conv" and is_plain(node)]
        pairs = [(node, graph.values(node.input[1]).astype(np.float64)) for node in plain]
        return [
            cls(node, values.shape[2:], values.reshape(len(values), -1))
            for node, values in pairs
            if values.shape[1] > 1
        ]

    def patches(self, activations: NDArray[np.float32]) -> NDArray[np.float32]:
        """Lay out the inputs of the kernel at every place, float32 (n * places, inputs).

        Args:
            activations: float32 (n, channels, rows, columns).
        """
        stated = attributes(self.node)
        top, left, bottom, right = stated.get("pads", [0, 0, 0, 0])
        row_step, column_step = stated.get("strides", [1, 1])
        padded = np.pad(activations, ((0, 0), (0, 0), (top, bottom), (left, right)))
        kernel: Any = self.kernel
        windows = np.lib.stride_tricks.sliding_window_view(padded, kernel, axis=(2, 3))
        seen = windows[:, :, ::row_step, ::column_step].transpose(0, 2, 3, 1, 4, 5)
        return seen.reshape(-1, self.weights.shape[1])


@dataclass(frozen=True)
class Moments:
    """Moments of a convolution's inputs: the expected ones are those of the float network.

    Attributes:
        second: float64 (inputs, inputs), of the actual inputs about their mean; damped.
        crossed: float64 (inputs, inputs), of expected with actual inputs; damped alike.
        mean: float64 (inputs,), of the actual inputs.
        expected_mean: float64 (inputs,), of the expected inputs.
    """

    second: Floats
    crossed: Floats
    mean: Floats
    expected_mean: Floats

    @classmethod
    def measure(
        cls, expected: Graph, actual: Graph, convolution: Convolution, images_u8: NDArray[np.uint8]
    ) -> Moments:
        """Run two backbones up to a convolution, on images, uint8 (n, 28, 28), n at least 1."""
        size = convolution.weights.shape[1]
        # A last input that is always 1 gives the means together with the moments.
        second, crossed = np.zeros((size + 1, size + 1)), np.zeros((size + 1, size + 1))
        tensor = convolution.node.input[0]
        sources = (iterate_tensor(one, tensor, images_u8, _BATCH) for one in (expected, actual))
        for pair in zip(*sources, strict=True):
            patches = (convolution.patches(one).astype(np.float64) for one in pair)
            ideal, real = (np.insert(one, size, 1, axis=1) for one in patches)
            second += real.T @ real
            crossed += ideal.T @ real
        second, crossed = second / second[-1, -1], crossed / second[-1, -1]
        mean, expected_mean = second[-1, :-1], crossed[:-1, -1]
        variance = second[:-1, :-1] - np.outer(mean, mean)
        share = _DAMPING * np.trace(variance) / size + _MIN_DAMPING * np.trace(second)
        damping = share * np.eye(size)
        covariance = crossed[:-1, :-1] - np.outer(expected_mean, mean)
        return cls(variance + damping, covariance + damping, mean, expected_mean)


def round_weights(graph: Graph, backbone: Graph, images_u8: NDArray[np.uint8]) -> Scales:
    """Round the weights of convolutions of several input channels to four bits.

    Args:
        graph: A copy of ``backbone``; weights and biases of its convolutions are changed.
        backbone: The float backbone.
        images_u8: uint8 (n, 28, 28), n at least 1; about 1,000 of them are used.

    Returns:
        Scales, float32 (filters,), by the name of the weights: integers in -7..7 times a scale.

    Raises:
        UsageError: There is no such convolution.
    """
    images = images_u8[:: -(-len(images_u8) // _IMAGES)]
    scales: dict[str, NDArray[np.float32]] = {}
    convolutions = Convolution.all_of(graph)
    if not convolutions:
        raise UsageError("--four-bit: the network has no convolution of several channels to round")
    for convolution in convolutions:
        moments = Moments.measure(backbone, graph, convolution, images)
        weights = convolution.weights
        # The weights that come nearest to the expected outputs with the inputs that there are.
        solved = np.linalg.solve(moments.second, (weights @ moments.crossed).T)
        integers, scale = round_filters(np.asarray(solved.T, np.float64), moments.second)
        shift = weights @ moments.expected_mean - (integers * scale) @ moments.mean
        _, name, *bias_names = convolution.node.input
        shape = graph.values(name).shape
        graph.set_values(name, (integers * scale).reshape(shape).astype(np.float32))
        for bias in bias_names:
            graph.set_values(bias, graph.values(bias) + shift.astype(np.float32))
        scales[name] = scale[:, 0].astype(np.float32)
    return scales


def round_filters(weights: Floats, moments: Floats) -> tuple[Floats, Floats]:
    """Find integers and scales by which the outputs of a layer change little.

    Args:
        weights: float64 (filters, inputs).
        moments: float64 (inputs, inputs), second moments of the inputs, positive definite.

    Returns:
        Integers in -7..7 (filters, inputs) and scales above 0 (filters, 1), as float64.
    """
    # Inputs that vary most come first.
    order = np.argsort(-np.diag(moments), kind="stable")
    inverse = np.linalg.inv(moments[np.ix_(order, order)])
    factors = np.asarray(np.linalg.cholesky(inverse).T, np.float64)
    highest = np.abs(weights).max(axis=1, keepdims=True)
    largest = np.where(highest > 0, highest, 1) / MAX_LEVEL
    least = np.full_like(largest, np.inf)
    integers, scales = np.zeros_like(weights), largest
    for share in _SCALE_SHARES:
        candidate = _round_in_turn(weights, share * largest, order, factors)
        rest = candidate * share * largest - weights
        error = ((rest @ moments) * rest).sum(axis=1, keepdims=True)
        is_better = error < least
        integers = np.where(is_better, candidate, integers)
        scales = np.where(is_better, share * largest, scales)
        least = np.minimum(error, least)
    return integers, scales


def _round_in_turn(
    weights: Floats, scales: Floats, order: NDArray[np.intp], factors: Floats
) -> Floats:
    """Round one input after another; the inputs that are left compensate for each."""
    left, rounded = weights[:, order], np.empty_like(weights)
    for place, column in enumerate(order):
        levels = np.clip(np.rint(left[:, place] / scales[:, 0]), -MAX_LEVEL, MAX_LEVEL)
        rounded[:, column] = levels
        error = (left[:, place] - levels * scales[:, 0]) / factors[place, place]
        left[:, place:] -= np.outer(error, factors[place, place:])
    return rounded
