"""Finding one's way in an ONNX graph: who reads a tensor, who makes it, with which attributes."""

from __future__ import annotations

from typing import Any, Final

import onnx
from onnx import helper

_PLAIN: Final = {"auto_pad": b"NOTSET", "dilations": [1, 1], "group": 1}


def only_reader(graph: onnx.GraphProto, tensor: str) -> onnx.NodeProto | None:
    """The one node that reads a tensor; None when there are several or none."""
    readers = [node for node in graph.node if tensor in node.input]
    return readers[0] if len(readers) == 1 else None


def maker(graph: onnx.GraphProto, tensor: str) -> onnx.NodeProto | None:
    """The node that makes a tensor; None for constants and the graph's inputs."""
    return next((node for node in graph.node if tensor in node.output), None)


def attributes(node: onnx.NodeProto) -> dict[str, Any]:
    """Attributes of a node that are stated, by name."""
    return {entry.name: helper.get_attribute_value(entry) for entry in node.attribute}


def is_plain(convolution: onnx.NodeProto) -> bool:
    """Whether a convolution has no dilation, no groups and no implicit padding."""
    stated = attributes(convolution)
    return all(stated.get(name, value) == value for name, value in _PLAIN.items())
