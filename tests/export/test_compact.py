from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from edge_export.compact import compact
from edge_export.face import add_face
from edge_infer.model.metadata import IR_VERSION, OPSET

ImageU8 = NDArray[np.uint8]
Answer = Callable[[onnx.ModelProto, ImageU8], NDArray[np.float32]]
OptimizedOps = Callable[[onnx.ModelProto], list[str]]
PlainFace = Callable[[onnx.ModelProto], onnx.ModelProto]
PRECISIONS = ("float32", "int8")
NETWORKS = ("edge", "nano", "walkthrough", "6x6")


def build_model(nodes: list[onnx.NodeProto], **constants: NDArray[Any]) -> onnx.ModelProto:
    """A model from float ``image`` [batch, 2] to float ``probabilities``."""
    graph = helper.make_graph(
        nodes,
        "graph",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, ["batch", 2])],
        [helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["batch", None])],
        [numpy_helper.from_array(values, name) for name, values in constants.items()],
    )
    opset = [helper.make_opsetid("", OPSET)]
    return helper.make_model(graph, opset_imports=opset, ir_version=IR_VERSION)


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("network", NETWORKS)
def test_face_changes_no_answer_when_it_folds_and_compacts(
    trunks: Any,
    plain_face: PlainFace,
    answer: Answer,
    pictures: ImageU8,
    network: str,
    precision: str,
) -> None:
    trunk = getattr(trunks[network], precision)
    assert np.array_equal(answer(add_face(trunk), pictures), answer(plain_face(trunk), pictures))


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("network", NETWORKS)
def test_compact_graph_is_optimized_to_the_same_nodes(
    trunks: Any, plain_face: PlainFace, optimized_ops: OptimizedOps, network: str, precision: str
) -> None:
    plain = plain_face(getattr(trunks[network], precision))
    assert optimized_ops(compact(plain)) == optimized_ops(plain)


def test_compact_takes_a_sixth_off_the_smallest_file(trunks: Any, plain_face: PlainFace) -> None:
    plain = plain_face(trunks["nano"].int8)
    assert compact(plain).ByteSize() < 5 / 6 * plain.ByteSize()


@pytest.mark.parametrize("precision", PRECISIONS)
def test_compact_leaves_its_argument_alone_and_is_done_once(
    trunks: Any, plain_face: PlainFace, precision: str
) -> None:
    plain = plain_face(getattr(trunks["walkthrough"], precision))
    before = plain.SerializeToString()
    small = compact(plain)
    assert plain.SerializeToString() == before
    assert compact(small) == small


@pytest.mark.parametrize("network", NETWORKS)
def test_compact_keeps_zero_points_where_integers_need_them(trunks: Any, network: str) -> None:
    graph = add_face(trunks[network].int8).graph
    constants = {tensor.name for tensor in graph.initializer}
    for node in graph.node:
        if node.op_type == "DequantizeLinear":
            has_zero_point = len(node.input) == 3
            is_dense_weight = node.input[0].endswith("wq") and node.input[0][0] in "dl"
            assert has_zero_point == (node.input[0] not in constants or is_dense_weight)


def test_compact_keeps_a_zero_point_that_is_not_zero() -> None:
    make = helper.make_node
    nodes = [
        make("DequantizeLinear", ["weight", "scale", "offset"], ["kernel"]),
        make("Unsqueeze", ["image", "axes"], ["plane"]),
        make("Conv", ["plane", "kernel"], ["sums"]),
        make("Flatten", ["sums"], ["probabilities"]),
    ]
    model = build_model(
        nodes,
        weight=np.ones((3, 1, 2), np.int8),
        scale=np.array(1, np.float32),
        offset=np.array(5, np.int8),
        axes=np.array([1]),
    )
    assert list(compact(model).graph.node[0].input) == ["weight", "scale", "offset"]


@pytest.mark.parametrize("network", NETWORKS)
def test_compact_keeps_one_of_equal_constants(trunks: Any, network: str) -> None:
    tensors = add_face(trunks[network].int8).graph.initializer
    contents = {
        (tensor.data_type, tuple(tensor.dims), numpy_helper.to_array(tensor).tobytes())
        for tensor in tensors
    }
    assert len(contents) == len(tensors)


def test_compact_tells_equal_bytes_of_other_types_and_shapes_apart(answer: Answer) -> None:
    make = helper.make_node
    nodes = [
        make("Add", ["image", "row"], ["first"]),
        make("Add", ["first", "column"], ["second"]),
        make("Cast", ["integers"], ["cast"], to=TensorProto.FLOAT),
        make("Add", ["second", "cast"], ["probabilities"]),
    ]
    ones = np.ones((1, 2), np.float32)
    model = build_model(nodes, row=ones, column=ones.T, integers=ones.view(np.int32))
    small = compact(model)
    assert len(small.graph.initializer) == 3
    zeros: Any = np.zeros((1, 2), np.float32)
    assert np.array_equal(answer(model, zeros), answer(small, zeros))


def test_compact_drops_attributes_that_say_the_usual_and_no_others() -> None:
    make = helper.make_node
    usual: dict[str, Any] = {
        "dilations": [1, 1],
        "group": 1,
        "kernel_shape": [3, 3],
        "pads": [0, 0, 0, 0],
    }
    nodes = [
        make("Conv", ["image", "weight"], ["sums"], **usual, strides=[2, 1]),
        make("MaxPool", ["sums"], ["most"], kernel_shape=[2, 2], strides=[1, 1]),
        make("Flatten", ["most"], ["flat"], axis=1),
        make("Softmax", ["flat"], ["probabilities"], axis=1),
    ]
    small = compact(build_model(nodes, weight=np.ones((1, 1, 3, 3), np.float32)))
    stated = [[entry.name for entry in node.attribute] for node in small.graph.node]
    assert stated == [["strides"], ["kernel_shape"], [], ["axis"]]


def test_compact_shortens_known_names_and_never_makes_two_one() -> None:
    make = helper.make_node
    nodes = [
        make("QuantizeLinear", ["image", "relu1_scale"], ["relu1_quantized"]),
        make("DequantizeLinear", ["relu1_quantized", "relu1_quantized_scale"], ["c1"]),
        make("Relu", ["c1"], ["conv1"]),
        make("Identity", ["conv1"], ["probabilities"], "a name"),
    ]
    scales = {"relu1_scale": 1, "relu1_quantized_scale": 2}
    model = build_model(nodes, **{name: np.array([n], np.float32) for name, n in scales.items()})
    graph = compact(model).graph
    assert list(graph.node[0].input) == ["image", "r1s"]
    assert list(graph.node[1].input) == ["r1q", "relu1_quantized_scale"]
    assert list(graph.node[2].output) == ["conv1"]
    assert [node.name for node in graph.node] == [""] * 4
