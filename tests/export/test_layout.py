"""Folding the first stride into channels, and flattening channels last: the same answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import NodeProto, TensorProto, helper, numpy_helper
from onnx_graphs import answer, apply, optimized_ops

from edge_export.graph import Graph, attributes
from edge_export.passes.layout import flatten_channels_last, fold_first_stride

sizes = st.integers(2, 7)
paddings = st.integers(0, 3)


def first(graph: Graph, op_type: str) -> NodeProto:
    return next(node for node in graph.nodes if node.op_type == op_type)


def integers(graph: Graph, op_type: str, axis: int) -> NodeProto:
    """Return the node that dequantizes the weights of the first such layer."""
    source = graph.dequantizer(first(graph, op_type).input[1], axis=axis)
    assert source is not None
    return source


def kernel_shape(graph: Graph) -> tuple[int, ...]:
    return graph.values(integers(graph, "Conv", axis=0).input[0]).shape


@dataclass(frozen=True)
class Layer:
    """A first convolution of two filters; padding as in ONNX."""

    kernel: tuple[int, int] = (5, 5)
    pads: Sequence[int] = (0, 0, 0, 0)
    strides: tuple[int, int] = (2, 2)
    dilations: tuple[int, int] = (1, 1)
    weight_zero_point: int = 0
    weight_axis: int = 0
    auto_pad: str = ""
    readers: int = 1

    def build(self) -> Graph:
        """Return a QDQ graph of the layer alone, with random weights."""
        rng = np.random.default_rng(0)
        constants = {
            "axes": np.array([1]),
            "one": np.array(1, np.float32),
            "zero": np.array(0, np.uint8),
            "weight": rng.integers(-64, 65, (2, 1, *self.kernel)).astype(np.int8),
            "scale": np.array([0.5, 0.25], np.float32),
            "zeros": np.full(2, self.weight_zero_point, np.int8),
            "bias": rng.integers(-99, 99, 2).astype(np.int32),
            "large": np.array(64, np.float32),
        }
        make, axis = helper.make_node, self.weight_axis
        geometry: dict[str, Any] = {"strides": self.strides, "dilations": self.dilations}
        geometry |= {"auto_pad": self.auto_pad} if self.auto_pad else {"pads": self.pads}
        nodes = [
            make("Unsqueeze", ["image", "axes"], ["plane"]),
            make("DequantizeLinear", ["plane", "one", "zero"], ["pixels"]),
            make("DequantizeLinear", ["weight", "scale", "zeros"], ["kernel"], axis=axis),
            make("DequantizeLinear", ["bias", "scale"], ["shift"], axis=0),
            make("Conv", ["pixels", "kernel", "shift"], ["sums"], **geometry),
            make("QuantizeLinear", ["sums", "large", "zero"], ["rounded"]),
            make("DequantizeLinear", ["rounded", "large", "zero"], ["probabilities"]),
            *(make("Identity", ["pixels"], [f"copy{i}"]) for i in range(1, self.readers)),
        ]
        return Graph(
            nodes,
            {name: numpy_helper.from_array(values, name) for name, values in constants.items()},
            [helper.make_tensor_value_info("image", TensorProto.UINT8, ["batch", 28, 28])],
            [helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, [None] * 4)],
        )


@settings(max_examples=30, deadline=None)
@given(kernel=st.tuples(sizes, sizes), pads=st.lists(paddings, min_size=4, max_size=4))
def test_folded_stride_gives_the_same_answers_for_any_kernel(pictures, kernel, pads) -> None:
    layer = Layer(kernel, pads).build()
    folded = apply(layer, fold_first_stride)
    assert "strides" not in attributes(first(folded, "Conv"))
    assert np.array_equal(answer(layer, pictures[-20:]), answer(folded, pictures[-20:]))


@pytest.mark.parametrize("network", ["edge", "nano", "3x3", "4x4", "5x5", "6x6"])
def test_folded_stride_gives_the_same_answers_of_a_network(files, pictures, network: str) -> None:
    plain = files(network)
    folded = apply(plain, fold_first_stride)
    assert kernel_shape(folded)[1] == 4
    assert "strides" not in attributes(first(folded, "Conv"))
    assert np.array_equal(answer(plain, pictures), answer(folded, pictures))
    assert apply(folded, fold_first_stride) == folded


@pytest.mark.parametrize(
    "layer",
    [Layer(pads=(1, 1, 2, 2)), Layer((6, 6), (2, 2, 2, 2)), Layer(auto_pad="NOTSET")],
    ids=str,
)
def test_usual_kernels_become_three_wide(layer: Layer) -> None:
    assert kernel_shape(apply(layer.build(), fold_first_stride)) == (2, 4, 3, 3)


@pytest.mark.parametrize(
    "layer",
    [
        Layer((3, 3), strides=(1, 1)),
        Layer((3, 3), strides=(3, 3)),
        Layer((3, 3), strides=(2, 1)),
        Layer((1, 1)),
        Layer((3, 3), dilations=(2, 2)),
        Layer(weight_zero_point=1),
        Layer(weight_axis=1),
        Layer(auto_pad="SAME_UPPER"),
        Layer(readers=2),
    ],
    ids=str,
)
def test_other_layers_keep_their_stride(layer: Layer) -> None:
    graph = layer.build()
    before = graph.copy()
    fold_first_stride(graph)
    assert graph == before


@pytest.mark.parametrize("network", ["edge", "nano", "walkthrough"])
def test_flattening_channels_last_gives_the_same_answers_a_node_less(
    files, pictures, network: str
) -> None:
    plain = files(network)
    changed = apply(plain, flatten_channels_last)
    assert np.array_equal(answer(plain, pictures), answer(changed, pictures))
    assert len(optimized_ops(changed)) == len(optimized_ops(plain)) - 1


@pytest.mark.parametrize(
    ("network", "precision", "change"),
    [
        ("walkthrough", "int8", fold_first_stride),
        ("unstrided", "int8", fold_first_stride),
        ("edge", "float32", fold_first_stride),
        ("edge", "float32", flatten_channels_last),
        ("walkthrough", "float32", flatten_channels_last),
    ],
)
def test_networks_without_a_stride_and_float_graphs_stay(files, network, precision, change) -> None:
    plain = files(network, precision)
    assert apply(plain, change) == plain


def _transpose_weights(graph: Graph) -> None:
    first(graph, "Gemm").attribute.append(helper.make_attribute("transB", 1))


def _scale_rows(graph: Graph) -> None:
    source = integers(graph, "Gemm", axis=1)
    del source.attribute[:]
    source.attribute.append(helper.make_attribute("axis", 0))


def _read_twice(graph: Graph) -> None:
    graph.nodes.append(helper.make_node("Identity", first(graph, "Flatten").output, ["copy"]))


def _share_weights(graph: Graph) -> None:
    source = integers(graph, "Gemm", axis=1)
    graph.nodes.append(helper.make_node("Identity", source.input[:1], ["copy"]))


@pytest.mark.parametrize(
    "edit", [_transpose_weights, _scale_rows, _read_twice, _share_weights], ids=lambda e: e.__name__
)
def test_other_dense_layers_are_flattened_as_before(files, edit) -> None:
    graph = files("edge")
    edit(graph)
    before = graph.copy()
    flatten_channels_last(graph)
    assert graph == before
