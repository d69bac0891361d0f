from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from edge_export.space_to_depth import fold_first_stride

ImageU8 = NDArray[np.uint8]
Answer = Callable[[onnx.ModelProto, ImageU8], NDArray[np.float32]]
PlainFace = Callable[[onnx.ModelProto], onnx.ModelProto]
STRIDED = ("edge", "nano", "3x3", "4x4", "5x5", "6x6")
sizes = st.integers(2, 7)
paddings = st.integers(0, 3)


def convolution_of(model: onnx.ModelProto) -> tuple[onnx.NodeProto, NDArray[Any]]:
    """The first convolution and its integers."""
    graph = model.graph
    node = next(node for node in graph.node if node.op_type == "Conv")
    source = next(other for other in graph.node if node.input[1] in other.output)
    weights = next(tensor for tensor in graph.initializer if tensor.name == source.input[0])
    return node, numpy_helper.to_array(weights)


def numbers(node: onnx.NodeProto, name: str) -> list[int]:
    return next((list(entry.ints) for entry in node.attribute if entry.name == name), [])


@dataclass(frozen=True)
class Layer:
    """A first convolution of two filters; pads are those of ONNX."""

    kernel: tuple[int, int]
    pads: Sequence[int] = (0, 0, 0, 0)
    strides: tuple[int, int] = (2, 2)
    dilations: tuple[int, int] = (1, 1)
    weight_zero_point: int = 0
    weight_axis: int = 0
    auto_pad: str = ""
    readers: int = 1

    def build(self) -> onnx.ModelProto:
        """A QDQ graph of the layer alone, with random weights."""
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
        graph = helper.make_graph(
            nodes,
            "layer",
            [helper.make_tensor_value_info("image", TensorProto.UINT8, ["batch", 28, 28])],
            [helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, [None] * 4)],
            [numpy_helper.from_array(values, name) for name, values in constants.items()],
        )
        opset = [helper.make_opsetid("", 17)]
        return helper.make_model(graph, opset_imports=opset, ir_version=8)


@settings(max_examples=30, deadline=None)
@given(kernel=st.tuples(sizes, sizes), pads=st.lists(paddings, min_size=4, max_size=4))
def test_fold_changes_no_answer_whatever_kernel_and_padding(
    answer: Answer, pictures: ImageU8, kernel: tuple[int, int], pads: list[int]
) -> None:
    layer = Layer(kernel, pads).build()
    folded = fold_first_stride(layer)
    onnx.checker.check_model(folded, full_check=True)
    assert numbers(convolution_of(folded)[0], "strides") == []
    assert np.array_equal(answer(layer, pictures[-20:]), answer(folded, pictures[-20:]))


@pytest.mark.parametrize("network", STRIDED)
def test_fold_changes_no_answer_of_a_network(
    trunks: Any, plain_face: PlainFace, answer: Answer, pictures: ImageU8, network: str
) -> None:
    plain = plain_face(trunks[network].int8)
    folded = fold_first_stride(plain)
    node, weights = convolution_of(folded)
    assert weights.shape[1] == 4
    assert numbers(node, "strides") == []
    assert np.array_equal(answer(plain, pictures), answer(folded, pictures))


def test_fold_takes_padding_that_is_called_explicit() -> None:
    layer = Layer((5, 5), auto_pad="NOTSET").build()
    assert convolution_of(fold_first_stride(layer))[1].shape == (2, 4, 3, 3)


@pytest.mark.parametrize("size", [5, 6])
def test_fold_makes_the_usual_kernels_three_wide(size: int) -> None:
    pads = (1, 1, 2, 2) if size == 5 else (2, 2, 2, 2)
    node, weights = convolution_of(fold_first_stride(Layer((size, size), pads).build()))
    assert weights.shape == (2, 4, 3, 3)
    assert np.count_nonzero(weights) <= 2 * size * size
    assert numbers(node, "pads") == [1, 1, 1, 1]


def test_fold_leaves_its_argument_alone_and_is_done_once() -> None:
    layer = Layer((5, 5)).build()
    before = layer.SerializeToString()
    folded = fold_first_stride(layer)
    assert layer.SerializeToString() == before != folded.SerializeToString()
    assert fold_first_stride(folded) == folded


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
def test_fold_leaves_what_it_does_not_fit(layer: Layer) -> None:
    model = layer.build()
    assert fold_first_stride(model) == model


@pytest.mark.parametrize("network", ["walkthrough", "unstrided"])
def test_fold_leaves_a_network_without_a_first_stride(
    trunks: Any, plain_face: PlainFace, network: str
) -> None:
    plain = plain_face(trunks[network].int8)
    assert fold_first_stride(plain) == plain


@pytest.mark.parametrize("network", ["edge", "walkthrough"])
def test_fold_leaves_every_float_graph(trunks: Any, plain_face: PlainFace, network: str) -> None:
    plain = plain_face(trunks[network].float32)
    assert fold_first_stride(plain) == plain
