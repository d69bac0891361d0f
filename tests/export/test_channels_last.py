from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from onnx import numpy_helper

from edge_export.channels_last import flatten_channels_last

ImageU8 = NDArray[np.uint8]
Answer = Callable[[onnx.ModelProto, ImageU8], NDArray[np.float32]]
OptimizedOps = Callable[[onnx.ModelProto], list[str]]
PlainFace = Callable[[onnx.ModelProto], onnx.ModelProto]


def node_of(model: onnx.ModelProto, op_type: str) -> onnx.NodeProto:
    return next(node for node in model.graph.node if node.op_type == op_type)


def weights_of(model: onnx.ModelProto) -> tuple[onnx.NodeProto, NDArray[Any]]:
    """What dequantizes the first dense layer's weights, and their integers."""
    wanted = node_of(model, "Gemm").input[1]
    source = next(node for node in model.graph.node if wanted in node.output)
    weights = next(each for each in model.graph.initializer if each.name == source.input[0])
    return source, numpy_helper.to_array(weights)


@pytest.mark.parametrize("network", ["edge", "nano", "walkthrough"])
def test_flatten_channels_last_changes_no_answer_and_saves_a_node(
    trunks: Any,
    plain_face: PlainFace,
    answer: Answer,
    optimized_ops: OptimizedOps,
    pictures: ImageU8,
    network: str,
) -> None:
    plain = plain_face(trunks[network].int8)
    before = plain.SerializeToString()
    changed = flatten_channels_last(plain)
    assert plain.SerializeToString() == before
    onnx.checker.check_model(changed, full_check=True)
    assert np.array_equal(answer(plain, pictures), answer(changed, pictures))
    assert len(optimized_ops(changed)) == len(optimized_ops(plain)) - 1


def test_flatten_channels_last_moves_the_rows_of_the_first_dense_layer(
    trunks: Any, plain_face: PlainFace
) -> None:
    plain = plain_face(trunks["walkthrough"].int8)
    (_, before), (_, after) = weights_of(plain), weights_of(flatten_channels_last(plain))
    assert before.shape == after.shape == (64 * 5 * 5, before.shape[1])
    # Channel 1 of the pixel in row 2, column 3.
    assert (after[(2 * 5 + 3) * 64 + 1] == before[(1 * 5 + 2) * 5 + 3]).all()


@pytest.mark.parametrize("network", ["edge", "nano", "walkthrough"])
def test_flatten_channels_last_leaves_every_float_graph(
    trunks: Any, plain_face: PlainFace, network: str
) -> None:
    plain = plain_face(trunks[network].float32)
    assert flatten_channels_last(plain) == plain


def _transpose_weights(model: onnx.ModelProto) -> None:
    node_of(model, "Gemm").attribute.append(onnx.helper.make_attribute("transB", 1))


def _scale_rows(model: onnx.ModelProto) -> None:
    source, _ = weights_of(model)
    del source.attribute[:]
    source.attribute.append(onnx.helper.make_attribute("axis", 0))


def _read_twice(model: onnx.ModelProto) -> None:
    flat = node_of(model, "Flatten").output[0]
    model.graph.node.append(onnx.helper.make_node("Identity", [flat], ["copy"]))


def _share_weights(model: onnx.ModelProto) -> None:
    source, _ = weights_of(model)
    model.graph.node.append(onnx.helper.make_node("Identity", [source.input[0]], ["copy"]))


@pytest.mark.parametrize(
    "edit", [_transpose_weights, _scale_rows, _read_twice, _share_weights], ids=lambda e: e.__name__
)
def test_flatten_channels_last_leaves_what_it_does_not_fit(
    trunks: Any, plain_face: PlainFace, edit: Callable[[onnx.ModelProto], None]
) -> None:
    model = plain_face(trunks["edge"].int8)
    edit(model)
    assert flatten_channels_last(model) == model
