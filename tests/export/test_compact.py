"""Compacting: smaller files that onnxruntime optimizes to the same nodes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from onnx import NodeProto, TensorProto, helper, numpy_helper

from edge_export.graph import Graph, float_value
from edge_export.passes.compact import (
    multiply_scales,
    remove_defaults,
    remove_zero_points,
    share_constants,
    shorten_names,
)

PASSES = (remove_zero_points, multiply_scales, share_constants, remove_defaults, shorten_names)


def build_graph(nodes: list[NodeProto], **constants: NDArray[Any]) -> Graph:
    """Return a graph from float ``image`` [batch, 2] to float ``probabilities``."""
    output = helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["batch", None])
    tensors = {name: numpy_helper.from_array(array, name) for name, array in constants.items()}
    return Graph(nodes, tensors, [float_value("image", 2)], [output])


@pytest.mark.parametrize("precision", ["float32", "int8"])
@pytest.mark.parametrize("network", ["edge", "nano", "walkthrough", "6x6"])
def test_same_answers_from_the_same_nodes(
    files: Any,
    apply: Any,
    answer: Any,
    optimized_ops: Any,
    pictures: Any,
    network: str,
    precision: str,
) -> None:
    plain = files(network, precision)
    compact = apply(plain, *PASSES)
    assert optimized_ops(compact) == optimized_ops(plain)
    assert np.array_equal(answer(compact, pictures), answer(plain, pictures))
    assert apply(compact, *PASSES) == compact


def test_a_sixth_of_the_smallest_file_goes(files: Any, apply: Any) -> None:
    plain = files("nano")
    compact = apply(plain, *PASSES)
    assert compact.to_model().ByteSize() < 5 / 6 * plain.to_model().ByteSize()


@pytest.mark.parametrize(("zero_point", "inputs"), [(0, 2), (5, 3)])
def test_only_a_zero_point_of_zero_goes(zero_point: int, inputs: int) -> None:
    make = helper.make_node
    graph = build_graph(
        [
            make("DequantizeLinear", ["weight", "scale", "offset"], ["kernel"]),
            make("Unsqueeze", ["image", "axes"], ["plane"]),
            make("Conv", ["plane", "kernel"], ["sums"]),
            make("Flatten", ["sums"], ["probabilities"]),
        ],
        weight=np.ones((3, 1, 2), np.int8),
        scale=np.array(1, np.float32),
        offset=np.array(zero_point, np.int8),
        axes=np.array([1]),
    )
    remove_zero_points(graph)
    assert len(graph.nodes[0].input) == inputs
    assert ("offset" in graph.constants) == (inputs == 3)


def test_equal_constants_are_shared_where_type_and_shape_are_equal_too(answer: Any) -> None:
    make = helper.make_node
    nodes = [
        make("Add", ["image", "row"], ["first"]),
        make("Add", ["first", "column"], ["second"]),
        make("Add", ["second", "again"], ["third"]),
        make("Cast", ["integers"], ["cast"], to=TensorProto.FLOAT),
        make("Add", ["third", "cast"], ["probabilities"]),
    ]
    ones = np.ones((1, 2), np.float32)
    constants = {"row": ones, "column": ones.T, "again": ones, "integers": ones.view(np.int32)}
    graph = build_graph(nodes, **constants)
    zeros: Any = np.zeros((1, 2), np.float32)
    before = answer(graph, zeros)
    share_constants(graph)
    assert len(graph.constants) == 3
    assert np.array_equal(answer(graph, zeros), before)


def test_only_attributes_that_state_a_default_go() -> None:
    make = helper.make_node
    default: dict[str, Any] = {"dilations": [1, 1], "group": 1, "kernel_shape": [3, 3]}
    nodes = [
        make("Conv", ["image", "w"], ["sums"], **default, pads=[0, 0, 0, 0], strides=[2, 1]),
        make("MaxPool", ["sums"], ["most"], kernel_shape=[2, 2], strides=[1, 1]),
        make("Flatten", ["most"], ["flat"], axis=1),
        make("Softmax", ["flat"], ["probabilities"], axis=1),
    ]
    graph = build_graph(nodes, w=np.ones((1, 1, 3, 3), np.float32))
    remove_defaults(graph)
    stated = [[entry.name for entry in node.attribute] for node in graph.nodes]
    assert stated == [["strides"], ["kernel_shape"], [], ["axis"]]
