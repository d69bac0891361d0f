"""An ONNX graph as the passes edit it: a list of nodes, and constants by name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper, shape_inference

from edge_infer.model.metadata import IR_VERSION, METADATA_KEY, OPSET

BATCH_AXIS: Final = "batch"
_PLAIN: Final = {"auto_pad": b"NOTSET", "dilations": [1, 1], "group": 1}


@dataclass
class Graph:
    """A graph that passes edit in place: nodes in the order in which they run, and initializers."""

    nodes: list[onnx.NodeProto]
    constants: dict[str, onnx.TensorProto]
    inputs: list[onnx.ValueInfoProto]
    outputs: list[onnx.ValueInfoProto]

    @classmethod
    def of(cls, model: onnx.ModelProto) -> Graph:
        """Copy the graph of a model."""
        graph = onnx.GraphProto()
        graph.CopyFrom(model.graph)
        constants = {tensor.name: tensor for tensor in graph.initializer}
        return cls(list(graph.node), constants, list(graph.input), list(graph.output))

    def to_model(self) -> onnx.ModelProto:
        """Return a copy as a model of the versions that model files have."""
        constants = list(self.constants.values())
        return helper.make_model(
            helper.make_graph(self.nodes, METADATA_KEY, self.inputs, self.outputs, constants),
            opset_imports=[helper.make_opsetid("", OPSET)],
            ir_version=IR_VERSION,
            producer_name="edge-mnist",
        )

    def copy(self) -> Graph:
        """Return a graph that shares nothing with this one."""
        return Graph.of(self.to_model())

    def values(self, name: str) -> NDArray[Any]:
        """Return a constant as an array."""
        return numpy_helper.to_array(self.constants[name])

    def set_values(self, name: str, values: NDArray[Any]) -> None:
        """Replace a constant, or add it as the last one."""
        self.constants[name] = numpy_helper.from_array(values, name)

    def producer(self, tensor: str) -> onnx.NodeProto | None:
        """Return the node that computes a tensor; None for constants and inputs."""
        return next((node for node in self.nodes if tensor in node.output), None)

    def only_consumer(self, tensor: str) -> onnx.NodeProto | None:
        """Return the one node that reads a tensor; None where several or none do."""
        consumers = [node for node in self.nodes if tensor in node.input]
        return consumers[0] if len(consumers) == 1 else None

    def chain(self, tensor: str, op_types: Sequence[str]) -> list[onnx.NodeProto] | None:
        """Return nodes of these types, each the only consumer of the one before, from a tensor."""
        nodes: list[onnx.NodeProto] = []
        for op_type in op_types:
            node = self.only_consumer(nodes[-1].output[0] if nodes else tensor)
            if node is None or node.op_type != op_type:
                return None
            nodes.append(node)
        return nodes

    def dequantizer(self, tensor: str, *, axis: int) -> onnx.NodeProto | None:
        """Return the node that dequantizes constants to a tensor.

        None where the tensor is computed otherwise, where its scales are not along ``axis``, or
        where another node reads the tensor or the integers.
        """
        source = self.producer(tensor)
        if source is None or source.op_type != "DequantizeLinear":
            return None
        is_alone = None not in map(self.only_consumer, (tensor, source.input[0]))
        is_constant = self.constants.keys() >= set(source.input)
        is_along = attributes(source).get("axis", 1) == axis
        return source if is_alone and is_constant and is_along else None

    def replace(self, old: Sequence[onnx.NodeProto], new: Sequence[onnx.NodeProto]) -> None:
        """Remove nodes, and put others in the place of the last one."""
        place = self.nodes.index(old[-1])
        self.nodes[place : place + 1] = new
        self.nodes = [node for node in self.nodes if node not in old]

    def remove_unused_constants(self) -> None:
        """Remove the constants that no node reads, or that a node computes."""
        read = {name for node in self.nodes for name in node.input}
        read.difference_update(name for node in self.nodes for name in node.output)
        self.constants = {name: self.constants[name] for name in self.constants if name in read}

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Infer the shapes of tensors; an axis of unknown length counts as 0."""
        graph = shape_inference.infer_shapes(self.to_model()).graph
        return {
            value.name: tuple(axis.dim_value for axis in value.type.tensor_type.shape.dim)
            for value in (*graph.input, *graph.value_info, *graph.output)
        }


def float_value(name: str, *shape: int) -> onnx.ValueInfoProto:
    """Describe a float32 input or output: the batch axis, then ``shape``."""
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, [BATCH_AXIS, *shape])


def attributes(node: onnx.NodeProto) -> dict[str, Any]:
    """Return the attributes that a node states, by name."""
    return {entry.name: helper.get_attribute_value(entry) for entry in node.attribute}


def is_plain(convolution: onnx.NodeProto) -> bool:
    """Return whether a convolution has no dilation, one group and explicit padding."""
    stated = attributes(convolution)
    return all(stated.get(name, value) == value for name, value in _PLAIN.items())
