"""Store weights of four bits two to a byte; the graph takes them apart where it is loaded.

Tensors of four bits came to ONNX long after opset 17. But onnxruntime computes what hangs
on constants alone once, when it opens a session, before it looks for integer layers. So the
first operators of a packed graph make int8 tensors of bytes, and what is run is the graph
of int8, node for node::

    packed uint8 -> Mod 16 --------> low --+
                 -> BitShift by 4 -> high -+-> Concat -> Cast -> Gather in -8..7 -> Split

One such chain serves all tensors of one shape and costs some 200 bytes; a table is the one
way from 0..15 to -8..7 for which onnxruntime 1.20 has integer kernels. ``Div`` by 16 on
bytes, which would be shorter, it lacks too.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Final

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

_LOWEST: Final = -8
_LEVELS: Final = 16
_BITS: Final = 4
# Weights of one shape below which the chain takes more bytes than it saves.
_LEAST: Final = 512
_TABLE: Final = "levels"
_SIXTEEN: Final = "sixteen"
_FOUR: Final = "four"
# What all chains read.
_SHARED: Final = {
    _TABLE: np.arange(_LOWEST, _LOWEST + _LEVELS).astype(np.int8),
    _SIXTEEN: np.array(_LEVELS, np.uint8),
    _FOUR: np.array(_BITS, np.uint8),
}


def pack_weights(model: onnx.ModelProto) -> onnx.ModelProto:
    """Pack the int8 tensors of a model whose values all lie in -8..7.

    Args:
        model: Of opset 17; left as it is.

    Returns:
        A copy that onnxruntime optimizes to the same graph. Tensors of a shape of which
        there are few values, or an odd number along the first axis, stay as they are.
    """
    packed = onnx.ModelProto()
    packed.CopyFrom(model)
    graph = packed.graph
    groups = _groups(graph)
    if not groups:
        return packed
    taken = {tensor.name for tensors in groups for tensor in tensors}
    constants = [tensor for tensor in graph.initializer if tensor.name not in taken]
    constants += [numpy_helper.from_array(values, name) for name, values in _SHARED.items()]
    nodes: list[onnx.NodeProto] = []
    for number, tensors in enumerate(groups, start=1):
        constants.append(_pack(f"q{number}", tensors))
        nodes += _unpack(f"q{number}", [tensor.name for tensor in tensors])
    nodes += graph.node
    del graph.initializer[:], graph.node[:]
    graph.initializer.extend(constants)
    graph.node.extend(nodes)
    return packed


def _groups(graph: onnx.GraphProto) -> list[list[onnx.TensorProto]]:
    """Tensors to pack together, by shape."""
    groups: defaultdict[tuple[int, ...], list[onnx.TensorProto]] = defaultdict(list)
    for tensor in graph.initializer:
        if _is_small(tensor):
            groups[tuple(tensor.dims)].append(tensor)
    return [
        tensors
        for shape, tensors in groups.items()
        if len(tensors) * int(np.prod(shape)) >= _LEAST and len(tensors) * shape[0] % 2 == 0
    ]


def _is_small(tensor: onnx.TensorProto) -> bool:
    if tensor.data_type != TensorProto.INT8 or not tensor.dims:
        return False
    values = numpy_helper.to_array(tensor)
    return np.array_equal(values, values.clip(_LOWEST, _LOWEST + _LEVELS - 1))


def _pack(name: str, tensors: list[onnx.TensorProto]) -> onnx.TensorProto:
    """The first half in the low bits, the second in the high ones."""
    values = np.concatenate([numpy_helper.to_array(tensor) for tensor in tensors])
    low, high = np.split((values - np.int8(_LOWEST)).astype(np.uint8), 2)
    return numpy_helper.from_array(low | high << np.uint8(_BITS), name)


def _unpack(name: str, tensors: list[str]) -> list[onnx.NodeProto]:
    low, high, codes, places, values = (f"{name}{letter}" for letter in "lhcpv")
    make = helper.make_node
    nodes = [
        make("Mod", [name, _SIXTEEN], [low]),
        make("BitShift", [name, _FOUR], [high], direction="RIGHT"),
        make("Concat", [low, high], [codes], axis=0),
        make("Cast", [codes], [places], to=TensorProto.INT32),
        make("Gather", [_TABLE, places], [values]),
        make("Split", [values], tensors),
    ]
    if len(tensors) == 1:
        del nodes[-1]
        nodes[-1].output[:] = tensors
    return nodes
