"""Make the first convolution of an int8 graph read four channels at stride 1.

With one input channel and a stride of 2, onnxruntime's integer convolution spends its
time on gathering single bytes, not on multiplying. Each 2x2 block of the picture is
therefore laid out as four channels, and the kernel with it::

    image uint8 [batch, 28, 28] -> Reshape [batch, 14, 2, 14, 2] -> Transpose
        -> Reshape [batch, 14, 14, 4] -> Transpose -> plane uint8 [batch, 4, 14, 14]

A 5x5 or 6x6 kernel of stride 2 becomes a 3x3 kernel of stride 1, filled up with weights of
0. The sums are those of before, integer for integer, and so are all answers. The float
file keeps its convolution: there the same change makes it slower.

``SpaceToDepth`` says the same in one node, but takes uint8 only in later versions of
onnxruntime than the oldest that edge-mnist serves, and costs more: onnxruntime moves the
channels last for its integer kernels, and that undoes the last Transpose here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from edge_export.graph_walk import attributes, is_plain, maker, only_reader
from edge_infer.model.metadata import IMAGE_SIZE, INPUT_NAME

_PATH: Final = ("Unsqueeze", "DequantizeLinear", "Conv")
_BLOCK: Final = 2
_CELLS: Final = IMAGE_SIZE // _BLOCK
# A 0 keeps the batch as long as it is.
_BLOCKS_SHAPE: Final = (0, _CELLS, _BLOCK, _CELLS, _BLOCK)
_CELLS_SHAPE: Final = (0, _CELLS, _CELLS, _BLOCK * _BLOCK)


@dataclass(frozen=True)
class _Entrance:
    """The nodes from the picture to the first convolution, and its int8 weights."""

    unsqueeze: onnx.NodeProto
    convolution: onnx.NodeProto
    weights: onnx.TensorProto


@dataclass(frozen=True)
class _Axis:
    """One axis of a convolution of stride 2 as one of stride 1 over blocks of 2.

    Attributes:
        lead: Zeros to put before the first weight.
        size: Length of the kernel in blocks.
        begin: Padding before, in blocks.
        end: Padding behind, in blocks.
    """

    lead: int
    size: int
    begin: int
    end: int

    @classmethod
    def of(cls, kernel: int, begin: int, end: int) -> _Axis:
        """Fold a kernel of a length and padding in pixels."""
        outputs = (IMAGE_SIZE + begin + end - kernel) // _BLOCK + 1
        blocks_before = -(-begin // _BLOCK)
        size = blocks_before + (kernel - 1 - begin) // _BLOCK + 1
        # Never below 0: the last output reads no block that the padded picture has not.
        blocks_behind = outputs + size - 1 - blocks_before - _CELLS
        return cls(_BLOCK * blocks_before - begin, size, blocks_before, blocks_behind)


def fold_first_stride(model: onnx.ModelProto) -> onnx.ModelProto:
    """Turn the stride of an int8 graph's first convolution into channels.

    Args:
        model: What ``add_face`` makes of a trunk, before names are shortened; left as
            it is.

    Returns:
        A copy, rewritten where the picture goes to nothing but one convolution of
        stride 2, undilated, with a kernel larger than 1x1, explicit padding and int8
        weights whose zero point is 0. Elsewhere the copy is unchanged.
    """
    folded = onnx.ModelProto()
    folded.CopyFrom(model)
    graph = folded.graph
    entrance = _find_entrance(graph)
    if entrance is None:
        return folded
    weights = numpy_helper.to_array(entrance.weights)
    pads = attributes(entrance.convolution).get("pads", [0, 0, 0, 0])
    rows, columns = (
        _Axis.of(weights.shape[2 + axis], pads[axis], pads[2 + axis]) for axis in (0, 1)
    )
    values = numpy_helper.from_array(_fold(weights, rows, columns), entrance.weights.name)
    entrance.weights.CopyFrom(values)
    _set_attributes(entrance.convolution, rows, columns)
    _replace_unsqueeze(graph, entrance.unsqueeze)
    return folded


def _find_entrance(graph: onnx.GraphProto) -> _Entrance | None:
    path: list[onnx.NodeProto] = []
    for op_type in _PATH:
        node = only_reader(graph, path[-1].output[0] if path else INPUT_NAME)
        if node is None or node.op_type != op_type:
            return None
        path.append(node)
    unsqueeze, _, convolution = path
    weights = _find_weights(graph, convolution.input[1])
    if weights is None or not is_plain(convolution):
        return None
    if attributes(convolution).get("strides") != [_BLOCK, _BLOCK]:
        return None
    return _Entrance(unsqueeze, convolution, weights)


def _find_weights(graph: onnx.GraphProto, dequantized: str) -> onnx.TensorProto | None:
    """The integers [filters, 1, kernel, kernel] of symmetric weights that are read once."""
    constants = {tensor.name: tensor for tensor in graph.initializer}
    source = maker(graph, dequantized)
    if source is None or source.op_type != "DequantizeLinear":
        return None
    if attributes(source).get("axis") != 0:
        return None
    weights, *zero_point = (constants.get(name) for name in (source.input[0], *source.input[2:]))
    if weights is None or only_reader(graph, weights.name) is not source:
        return None
    is_symmetric = not any(t is None or numpy_helper.to_array(t).any() for t in zero_point)
    is_one_channel = weights.dims[1] == 1 and min(weights.dims[2:]) > 1
    return weights if is_symmetric and is_one_channel else None


def _fold(weights: NDArray[np.int8], rows: _Axis, columns: _Axis) -> NDArray[np.int8]:
    """[filters, 1, kernel, kernel] -> [filters, 4, blocks, blocks]."""
    filters, _, height, width = weights.shape
    filled = np.zeros((filters, _BLOCK * rows.size, _BLOCK * columns.size), np.int8)
    filled[:, rows.lead : rows.lead + height, columns.lead : columns.lead + width] = weights[:, 0]
    blocks = filled.reshape(filters, rows.size, _BLOCK, columns.size, _BLOCK)
    return blocks.transpose(0, 2, 4, 1, 3).reshape(filters, -1, rows.size, columns.size)


def _set_attributes(convolution: onnx.NodeProto, rows: _Axis, columns: _Axis) -> None:
    stated = {
        "kernel_shape": [rows.size, columns.size],
        "pads": [rows.begin, columns.begin, rows.end, columns.end],
    }
    del convolution.attribute[:]
    convolution.attribute.extend(helper.make_attribute(*entry) for entry in stated.items())


def _replace_unsqueeze(graph: onnx.GraphProto, unsqueeze: onnx.NodeProto) -> None:
    """Put four nodes in the place of the one that gave the picture its channel."""
    plane, axes = unsqueeze.output[0], unsqueeze.input[1]
    shapes = {f"{plane}1.shape": _BLOCKS_SHAPE, f"{plane}3.shape": _CELLS_SHAPE}
    blocks, paired, cells = (f"{plane}{step}" for step in (1, 2, 3))
    blocks_shape, cells_shape = shapes
    # Not as raw bytes: a small int64 then takes one byte of the file, not eight.
    constants = [
        helper.make_tensor(name, TensorProto.INT64, [len(shape)], shape)
        for name, shape in shapes.items()
    ]
    kept = [tensor for tensor in graph.initializer if tensor.name != axes]
    nodes = [
        helper.make_node("Reshape", [INPUT_NAME, blocks_shape], [blocks]),
        helper.make_node("Transpose", [blocks], [paired], perm=[0, 1, 3, 2, 4]),
        helper.make_node("Reshape", [paired, cells_shape], [cells]),
        helper.make_node("Transpose", [cells], [plane], perm=[0, 3, 1, 2]),
        *(node for node in graph.node if node is not unsqueeze),
    ]
    del graph.initializer[:], graph.node[:]
    graph.initializer.extend([*kept, *constants])
    graph.node.extend(nodes)
