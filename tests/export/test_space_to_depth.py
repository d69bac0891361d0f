"""Folding the first stride into channels: the same answers from other kernels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import NodeProto, TensorProto, helper, numpy_helper

from edge_export.graph import Graph, attributes
from edge_export.passes.space_to_depth import fold_first_stride

sizes = st.integers(2, 7)
paddings = st.integers(0, 3)


def first_convolution(graph: Graph) -> tuple[NodeProto, tuple[int, ...]]:
    """Return the first convolution, and the shape of its integers."""
    node = next(node for node in graph.nodes if node.op_type == "Conv")
    source = graph.dequantizer(node.input[1], axis=0)
    assert source is not None
    return node, graph.values(source.input[0]).shape


@dataclass(frozen=True)
class Layer:
    """A first convolution of two filters; padding as in ONNX."""

    kernel: tuple[int, int]
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
        make = helper.make_node
        padding: dict[str, Any] = (
            {"auto_pad": self.auto_pad} if self.auto_pad else {"pads": self.pads}
        )
        geometry: dict[str, Any] = {"strides": self.strides, "dilations": self.dilations}
        axis = self.weight_axis
        nodes = [
            make("Unsqueeze", ["image", "axes"], ["plane"]),
            make("DequantizeLinear", ["plane", "one", "zero"], ["pixels"]),
            make("DequantizeLinear", ["weight", "scale", "zeros"], ["kernel"], axis=axis),
            make("DequantizeLinear", ["bias", "scale"], ["shift"], axis=0),
            make("Conv", ["pixels", "kernel", "shift"], ["sums"], **padding, **geometry),
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
def test_same_answers_whatever_kernel_and_padding(
    apply: Any, answer: Any, pictures: Any, kernel: tuple[int, int], pads: list[int]
) -> None:
    layer = Layer(kernel, pads).build()
    folded = apply(layer, fold_first_stride)
    assert "strides" not in attributes(first_convolution(folded)[0])
    assert np.array_equal(answer(layer, pictures[-20:]), answer(folded, pictures[-20:]))


@pytest.mark.parametrize("network", ["edge", "nano", "3x3", "4x4", "5x5", "6x6"])
def test_same_answers_of_a_network(
    files: Any, apply: Any, answer: Any, pictures: Any, network: str
) -> None:
    plain = files(network)
    folded = apply(plain, fold_first_stride)
    node, shape = first_convolution(folded)
    assert shape[1] == 4
    assert "strides" not in attributes(node)
    assert np.array_equal(answer(plain, pictures), answer(folded, pictures))
    assert apply(folded, fold_first_stride) == folded


@pytest.mark.parametrize(
    "layer",
    [
        Layer((5, 5), (1, 1, 2, 2)),
        Layer((6, 6), (2, 2, 2, 2)),
        Layer((5, 5), auto_pad="NOTSET"),
    ],
    ids=str,
)
def test_usual_kernels_become_three_wide(apply: Any, layer: Layer) -> None:
    assert first_convolution(apply(layer.build(), fold_first_stride))[1] == (2, 4, 3, 3)


@pytest.mark.parametrize(
    "layer",
    [
        Layer((3, 3), strides=(1, 1)),
        Layer((3, 3), strides=(3, 3)),
        Layer((3, 3), strides=(2, 1)),
        Layer((1, 1)),
        Layer((3, 3), dilations=(2, 2)),
        Layer((5, 5), weight_zero_point=1),
        Layer((5, 5), weight_axis=1),
        Layer((5, 5), auto_pad="SAME_UPPER"),
        Layer((5, 5), readers=2),
    ],
    ids=str,
)
def test_layers_that_it_does_not_fit_stay(layer: Layer) -> None:
    graph = layer.build()
    before = graph.copy()
    fold_first_stride(graph)
    assert graph == before


@pytest.mark.parametrize(
    ("network", "precision"),
    [
        ("walkthrough", "int8"),
        ("unstrided", "int8"),
        ("edge", "float32"),
        ("walkthrough", "float32"),
    ],
)
def test_networks_without_a_stride_and_float_graphs_stay(
    files: Any, apply: Any, network: str, precision: str
) -> None:
    plain = files(network, precision)
    assert apply(plain, fold_first_stride) == plain
