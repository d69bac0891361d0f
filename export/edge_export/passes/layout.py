"""Arrange pixels and feature maps of an int8 graph as onnxruntime's integer kernels read them.

:func:`fold_first_stride`: with one input channel and a stride of 2, onnxruntime's integer
convolution spends its time on gathering single bytes. Each 2x2 block of the image therefore becomes
four channels, and the kernel is laid out alike::

    image uint8 [batch, 28, 28] -> Reshape [batch, 14, 2, 14, 2] -> Transpose
        -> Reshape [batch, 14, 14, 4] -> Transpose -> plane uint8 [batch, 4, 14, 14]

A 5x5 or 6x6 kernel of stride 2 becomes a 3x3 kernel of stride 1, padded with weights of 0. The
operator ``SpaceToDepth`` takes no uint8 in the oldest supported onnxruntime, and costs more:
onnxruntime's own move of the channels cancels the last Transpose here.

:func:`flatten_channels_last`: integer kernels hold channels last, and onnxruntime moves them to the
front before a ``Flatten``. A Transpose to channels last cancels that move::

    [batch, c, h, w] -> Flatten -> Gemm
    [batch, c, h, w] -> Transpose -> [batch, h, w, c] -> Flatten -> Gemm with permuted rows

The integer sums have the same terms, so all answers are the same to the bit.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper

from edge_export.graph import Graph, attributes, is_plain
from edge_infer.model.metadata import IMAGE_SIZE, INPUT_NAME

_BLOCK: Final = 2
_BLOCKS: Final = IMAGE_SIZE // _BLOCK
# A 0 keeps the length of the batch.
_SPLIT_SHAPE: Final = (0, _BLOCKS, _BLOCK, _BLOCKS, _BLOCK)
_JOINED_SHAPE: Final = (0, _BLOCKS, _BLOCKS, _BLOCK * _BLOCK)
_CHANNELS_LAST: Final = [0, 2, 3, 1]


class _Axis(NamedTuple):
    """One axis of a convolution of stride 2, as one of stride 1 over blocks of 2.

    ``lead`` zeros come before the first weight. The kernel has ``size`` blocks, and the image
    ``begin`` and ``end`` blocks of padding.
    """

    lead: int
    size: int
    begin: int
    end: int

    @classmethod
    def of(cls, kernel: int, begin: int, end: int) -> _Axis:
        outputs = (IMAGE_SIZE + begin + end - kernel) // _BLOCK + 1
        blocks_before = -(-begin // _BLOCK)
        size = blocks_before + (kernel - 1 - begin) // _BLOCK + 1
        # Never below 0: the last output reads no block outside the padded image.
        blocks_behind = outputs + size - 1 - blocks_before - _BLOCKS
        return cls(_BLOCK * blocks_before - begin, size, blocks_before, blocks_behind)


def fold_first_stride(graph: Graph) -> None:
    """Rewrite the first convolution where it is the only consumer of the image.

    It must have stride 2, no dilation, a kernel larger than 1x1, explicit padding, and int8
    weights of zero point 0. Other graphs, and all float graphs, stay as they are.
    """
    path = graph.chain(INPUT_NAME, ("Unsqueeze", "DequantizeLinear", "Conv"))
    if path is None:
        return
    unsqueeze, _, convolution = path
    dequantizer = graph.dequantizer(convolution.input[1], axis=0)
    is_strided = attributes(convolution).get("strides") == [_BLOCK, _BLOCK]
    if dequantizer is None or not is_strided or not is_plain(convolution):
        return
    weights, _, *zero_points = dequantizer.input
    values = graph.values(weights)
    is_symmetric = not any(graph.values(name).any() for name in zero_points)
    if values.shape[1] > 1 or min(values.shape[2:]) < 2 or not is_symmetric:
        return
    pads = attributes(convolution).get("pads", [0, 0, 0, 0])
    rows, columns = (
        _Axis.of(values.shape[2 + axis], pads[axis], pads[2 + axis]) for axis in (0, 1)
    )
    graph.set_values(weights, _fold(values, rows, columns))
    stated = {
        "kernel_shape": [rows.size, columns.size],
        "pads": [rows.begin, columns.begin, rows.end, columns.end],
    }
    del convolution.attribute[:]
    convolution.attribute.extend(helper.make_attribute(*entry) for entry in stated.items())
    _replace_unsqueeze(graph, unsqueeze)


def _fold(weights: NDArray[np.int8], rows: _Axis, columns: _Axis) -> NDArray[np.int8]:
    """Lay out [filters, 1, kernel, kernel] as [filters, 4, blocks, blocks]."""
    filters, _, height, width = weights.shape
    filled = np.zeros((filters, _BLOCK * rows.size, _BLOCK * columns.size), np.int8)
    filled[:, rows.lead : rows.lead + height, columns.lead : columns.lead + width] = weights[:, 0]
    blocks = filled.reshape(filters, rows.size, _BLOCK, columns.size, _BLOCK)
    return blocks.transpose(0, 2, 4, 1, 3).reshape(filters, -1, rows.size, columns.size)


def _replace_unsqueeze(graph: Graph, unsqueeze: onnx.NodeProto) -> None:
    plane = unsqueeze.output[0]
    split, paired, joined = (f"{plane}{step}" for step in (1, 2, 3))
    split_shape, joined_shape = f"{split}n", f"{joined}n"
    for name, shape in ((split_shape, _SPLIT_SHAPE), (joined_shape, _JOINED_SHAPE)):
        # Not as raw bytes: a small int64 then takes one byte of the file instead of eight.
        graph.constants[name] = helper.make_tensor(name, TensorProto.INT64, [len(shape)], shape)
    graph.nodes.remove(unsqueeze)
    graph.nodes[:0] = [
        helper.make_node("Reshape", [INPUT_NAME, split_shape], [split]),
        helper.make_node("Transpose", [split], [paired], perm=[0, 1, 3, 2, 4]),
        helper.make_node("Reshape", [paired, joined_shape], [joined]),
        helper.make_node("Transpose", [joined], [plane], perm=[0, 3, 1, 2]),
    ]
    graph.remove_unused_constants()


def flatten_channels_last(graph: Graph) -> None:
    """Flatten channels last where [batch, c, h, w] goes to one dense layer of int8 weights only."""
    shapes = graph.shapes()
    for flatten in [node for node in graph.nodes if node.op_type == "Flatten"]:
        source = flatten.input[0]
        _, *chw = shapes.get(source, (0,))
        path = graph.chain(flatten.output[0], ("QuantizeLinear", "DequantizeLinear", "Gemm"))
        # Attributes of Gemm may transpose the weights.
        if path is None or attributes(path[-1]) or attributes(flatten).get("axis", 1) != 1:
            continue
        # Scales belong to columns; scales of rows would have to be permuted too.
        dequantizer = graph.dequantizer(path[-1].input[1], axis=1)
        if dequantizer is None or len(chw) != 3 or not all(chw):
            continue
        weights = dequantizer.input[0]
        rows = graph.values(weights)
        permuted = rows.reshape(*chw, -1).transpose(1, 2, 0, 3).reshape(rows.shape)
        graph.set_values(weights, np.ascontiguousarray(permuted))
        output = f"t{sum(node.op_type == 'Transpose' for node in graph.nodes) + 1}"
        transpose = helper.make_node("Transpose", [source], [output], perm=_CHANNELS_LAST)
        graph.nodes.insert(graph.nodes.index(flatten), transpose)
        flatten.input[0] = output
