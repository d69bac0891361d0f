"""Compacting and packing: smaller files that onnxruntime optimizes to the same nodes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from onnx import NodeProto, TensorProto, helper, numpy_helper
from onnx_graphs import answer, apply, optimized_ops, run

from edge_export.graph import Graph, float_value
from edge_export.passes.compact import (
    multiply_scales,
    remove_defaults,
    remove_zero_points,
    share_constants,
    shorten_names,
)
from edge_export.passes.layout import fold_first_stride
from edge_export.passes.packing import pack_weights

COMPACT = (remove_zero_points, multiply_scales, share_constants, remove_defaults, shorten_names)


def build_graph(nodes: list[NodeProto], **constants: NDArray[Any]) -> Graph:
    """Return a graph from float ``image`` [batch, 2] to float ``probabilities``."""
    output = helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["batch", None])
    tensors = {name: numpy_helper.from_array(array, name) for name, array in constants.items()}
    return Graph(nodes, tensors, [float_value("image", 2)], [output])


def round_to_four_bits(graph: Graph) -> None:
    """Bring the weights of convolutions, but the first, to -7..7."""
    for name, tensor in graph.constants.items():
        if tensor.data_type == TensorProto.INT8 and len(tensor.dims) == 4 and tensor.dims[1] > 4:
            graph.set_values(name, np.rint(graph.values(name) / 9.2).astype(np.int8))


def build_constants(*tensors: NDArray[Any]) -> Graph:
    """Return a graph that outputs its own int8 constants as float."""
    constants = {f"w{n}": numpy_helper.from_array(t, f"w{n}") for n, t in enumerate(tensors)}
    make, info = helper.make_node, helper.make_tensor_value_info
    return Graph(
        [make("Cast", [name], [f"{name}f"], to=TensorProto.FLOAT) for name in constants],
        constants,
        [],
        [info(f"w{n}f", TensorProto.FLOAT, tensor.shape) for n, tensor in enumerate(tensors)],
    )


@pytest.mark.parametrize("precision", ["float32", "int8", "packed"])
@pytest.mark.parametrize("network", ["edge", "nano", "walkthrough", "6x6"])
def test_same_answers_from_the_same_nodes(files, pictures, network: str, precision: str) -> None:
    passes, plain = COMPACT, files(network, "int8" if precision == "packed" else precision)
    if precision == "packed":
        passes, plain = (pack_weights,), apply(plain, fold_first_stride, round_to_four_bits)
    small = apply(plain, *passes)
    assert small.to_model().ByteSize() < plain.to_model().ByteSize()
    assert optimized_ops(small) == optimized_ops(plain)
    assert np.array_equal(answer(small, pictures), answer(plain, pictures))
    assert apply(small, *passes) == small


@pytest.mark.parametrize(("zero_point", "inputs"), [(0, 2), (5, 3)])
def test_only_a_zero_point_of_zero_is_removed(zero_point: int, inputs: int) -> None:
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


def test_constants_of_equal_type_shape_and_values_are_shared() -> None:
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
    shared = apply(graph, share_constants)
    assert len(shared.constants) == 3
    assert np.array_equal(answer(shared, ones), answer(graph, ones))


def test_only_attributes_that_state_a_default_are_removed() -> None:
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


def test_packed_weights_take_little_more_than_half_their_bytes(files) -> None:
    plain = apply(files("nano"), fold_first_stride, round_to_four_bits)
    weights = 4 * 16 * 16 * 3 * 3
    saved = plain.to_model().ByteSize() - apply(plain, pack_weights).to_model().ByteSize()
    assert weights // 2 - 250 < saved <= weights // 2


@settings(max_examples=30, deadline=None)
@given(
    count=st.integers(1, 5),
    shape=st.sampled_from([(2, 16, 16), (1, 512), (3, 8, 8, 3), (7, 80), (512,)]),
    seed=st.integers(0, 2**32 - 1),
)
def test_packing_keeps_every_value(count: int, shape: tuple[int, ...], seed: int) -> None:
    rng = np.random.default_rng(seed)
    tensors = rng.integers(-8, 8, (count, *shape)).astype(np.int8)
    packed = apply(build_constants(*tensors), pack_weights)
    assert np.array_equal(run(packed), tensors.astype(np.float32))
    kinds = {tensor.data_type for tensor in packed.constants.values()}
    assert (TensorProto.UINT8 in kinds) == (count * shape[0] % 2 == 0)


def test_tensors_of_several_shapes_are_packed_apart() -> None:
    rng = np.random.default_rng(0)
    shapes = ((32, 32), (64, 9), (32, 32), (32, 32, 1))
    tensors = [rng.integers(-8, 8, shape).astype(np.int8) for shape in shapes]
    packed = apply(build_constants(*tensors), pack_weights)
    assert [node.op_type for node in packed.nodes].count("Gather") == 3
    for found, expected in zip(run(packed), tensors, strict=True):
        assert np.array_equal(found, expected.astype(np.float32))


@pytest.mark.parametrize(
    ("value", "shape"), [(-9, (32, 32)), (8, (32, 32)), (7, (2, 255))], ids=str
)
def test_larger_values_and_few_values_are_not_packed(value: int, shape: tuple[int, ...]) -> None:
    tensor = np.zeros(shape, np.int8)
    tensor[1, 4] = value
    graph = build_constants(tensor)
    assert apply(graph, pack_weights) == graph
