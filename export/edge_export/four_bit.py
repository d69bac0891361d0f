"""Round the weights of convolutions to four bits, so that their outputs change least.

Rounding each weight to the nearest of fifteen levels costs a network of some thousand
weights too much. But where one weight has been rounded, those that are not rounded yet can
make up for it, as far as their inputs go together; how far that is, the second moments of a
layer's inputs tell (Frantar et al. 2023, GPTQ, after Hassibi & Stork 1993).

Layer by layer, on images that the network was not trained on:

* The inputs are those that the layers before give once they are rounded, and what is wanted
  are the outputs of the float network. So a layer makes up for those before it, too.
* The scale of a filter is that among a few by which its outputs come nearest.
* The mean of the outputs is made that of the float network, by the bias.

Seen on ``nano`` (one seed, 5,000 validation images, 1,000 of which gave the moments; 4,977
right in float, 4,978 in eight bits): rounded to the nearest level, with the scales of least
squared error of the weights, 4,968 were right and 14 labels changed; so, between 4,974 and
4,978, with 1 to 5 changed, as the last bits of the moments fall. Fine-tuning in Keras with
rounded weights, 16 epochs, came to 4,971. More images for the moments made no difference.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import numpy_helper

from edge_export.moments import Convolution, Floats, Moments
from edge_infer.errors import UsageError

# Of the levels -7..7; -8 would have no counterpart.
HIGHEST: Final = 7
_IMAGES: Final = 1000
# Of the scale at which a filter's largest weight has the highest level.
_SCALE_SHARES: Final = tuple(percent / 100 for percent in range(60, 101, 5))

Scales = Mapping[str, NDArray[np.float32]]


def round_weights(
    trunk: onnx.ModelProto, images_u8: NDArray[np.uint8]
) -> tuple[onnx.ModelProto, Scales]:
    """Round the weights of a trunk's convolutions to four bits.

    Args:
        trunk: What ``tidy_trunk`` returns; left as it is.
        images_u8: uint8 (n, 28, 28), n at least 1, not of those it was trained on; some
            1,000 of them are used.

    Returns:
        A copy with other weights and biases in its convolutions, but for those of one
        input channel. And the scales, float32 (filters,), by the names of the weights,
        which are integers in -7..7 times the scale of their filter.

    Raises:
        UsageError: There is no such convolution.
    """
    images = images_u8[:: -(-len(images_u8) // _IMAGES)]
    rounded = onnx.ModelProto()
    rounded.CopyFrom(trunk)
    scales: dict[str, NDArray[np.float32]] = {}
    convolutions = Convolution.all_of(rounded.graph)
    if not convolutions:
        raise UsageError("--four-bit: the network has no convolution of several channels to round")
    for convolution in convolutions:
        moments = Moments.measure(trunk, rounded, convolution, images)
        weights = convolution.read_weights()
        # What comes nearest to the wanted outputs with the inputs that there are.
        solved = np.linalg.solve(moments.second, (weights @ moments.crossed).T)
        nearest = np.asarray(solved.T, np.float64)
        integers, scale = round_filters(nearest, moments.second)
        shift = weights @ moments.wanted_mean - (integers * scale) @ moments.mean
        _write(rounded.graph, convolution, integers * scale, shift)
        scales[convolution.weights.name] = scale[:, 0].astype(np.float32)
    return rounded, scales


def round_filters(weights: Floats, moments: Floats) -> tuple[Floats, Floats]:
    """Find integers and scales by which a layer's outputs change little.

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
    largest = np.where(highest > 0, highest, 1) / HIGHEST
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
    """Round input after input in an order; those that are left make up for each.

    ``factors`` is triangular, of the inverse of the moments in that order.
    """
    left, rounded = weights[:, order], np.empty_like(weights)
    for place, column in enumerate(order):
        levels = np.clip(np.rint(left[:, place] / scales[:, 0]), -HIGHEST, HIGHEST)
        rounded[:, column] = levels
        error = (left[:, place] - levels * scales[:, 0]) / factors[place, place]
        left[:, place:] -= np.outer(error, factors[place, place:])
    return rounded


def _write(
    graph: onnx.GraphProto, convolution: Convolution, weights: Floats, shift: Floats
) -> None:
    """Give a convolution other weights (filters, inputs), and add to its bias if it has one."""
    tensors = {tensor.name: tensor for tensor in graph.initializer}
    values = weights.reshape(tuple(convolution.weights.dims)).astype(np.float32)
    convolution.weights.CopyFrom(numpy_helper.from_array(values, convolution.weights.name))
    for name in convolution.node.input[2:]:
        bias = numpy_helper.to_array(tensors[name]) + shift.astype(np.float32)
        tensors[name].CopyFrom(numpy_helper.from_array(bias, name))
