"""Store weights of four bits two in a byte, and unpack them when a session is opened.

The 4-bit types of ONNX are newer than opset 17. But onnxruntime computes what depends on constants
alone once, when it opens a session, and looks for integer layers afterwards. So the first operators
of a packed graph compute int8 tensors from bytes, and what runs is the int8 graph, node for node::

    packed uint8 -> Mod 16 --------> low --+
                 -> BitShift by 4 -> high -+-> Concat -> Cast -> Gather in -8..7 -> Split

One such chain serves all tensors of one shape and costs about 200 bytes. onnxruntime 1.20 has
integer kernels for no shorter one. The answers are the same to the bit.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Final

import numpy as np
import onnx
from onnx import TensorProto, helper

from edge_export.graph import Graph

_LOWEST: Final = -8
_LEVELS: Final = 16
_BITS: Final = 4
# For fewer weights of one shape the chain takes more bytes than it saves.
_MIN_WEIGHTS: Final = 512
_TABLE: Final = "levels"
_SIXTEEN: Final = "sixteen"
_FOUR: Final = "four"


def pack_weights(graph: Graph) -> None:
    """Pack the int8 constants whose values all lie in -8..7.

    Shapes with few values, or with an odd number along the first axis, stay as they are.
    """
    groups = _groups(graph)
    if not groups:
        return
    graph.set_values(_TABLE, np.arange(_LOWEST, _LOWEST + _LEVELS).astype(np.int8))
    graph.set_values(_SIXTEEN, np.array(_LEVELS, np.uint8))
    graph.set_values(_FOUR, np.array(_BITS, np.uint8))
    chains: list[onnx.NodeProto] = []
    for number, names in enumerate(groups, start=1):
        values = np.concatenate([graph.values(name) for name in names]) - np.int8(_LOWEST)
        low, high = np.split(values.astype(np.uint8), 2)
        graph.set_values(f"q{number}", low | high << np.uint8(_BITS))
        chains += _unpack(f"q{number}", names)
    graph.nodes[:0] = chains
    graph.remove_unused_constants()


def _groups(graph: Graph) -> list[list[str]]:
    """Return the names of tensors to pack together, by shape."""
    groups: defaultdict[tuple[int, ...], list[str]] = defaultdict(list)
    for name, tensor in graph.constants.items():
        if tensor.data_type == TensorProto.INT8 and tensor.dims:
            values = graph.values(name)
            if np.array_equal(values, values.clip(_LOWEST, _LOWEST + _LEVELS - 1)):
                groups[tuple(tensor.dims)].append(name)
    return [
        names
        for shape, names in groups.items()
        if len(names) * int(np.prod(shape)) >= _MIN_WEIGHTS and len(names) * shape[0] % 2 == 0
    ]


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
