from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import onnx
import onnxruntime as ort
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from edge_export.face import add_face
from edge_export.packing import pack_weights
from edge_infer.model.metadata import IR_VERSION, OPSET

ImageU8 = NDArray[np.uint8]
Answer = Callable[[onnx.ModelProto, ImageU8], NDArray[np.float32]]
OptimizedOps = Callable[[onnx.ModelProto], list[str]]
NETWORKS = ("edge", "nano", "walkthrough")


def coarse(trunk: onnx.ModelProto) -> onnx.ModelProto:
    """The file of an int8 trunk, its convolutions' weights in -7..7; not the first one's."""
    model = add_face(trunk)
    for tensor in model.graph.initializer:
        if tensor.data_type == TensorProto.INT8 and len(tensor.dims) == 4 and tensor.dims[1] > 4:
            values = np.rint(numpy_helper.to_array(tensor) / 9.2).astype(np.int8)
            tensor.CopyFrom(numpy_helper.from_array(values, tensor.name))
    return model


def build_model(*tensors: NDArray[Any]) -> onnx.ModelProto:
    """A graph that gives its own int8 constants as float."""
    names = [f"w{number}" for number, _ in enumerate(tensors)]
    graph = helper.make_graph(
        [helper.make_node("Cast", [name], [f"{name}f"], to=TensorProto.FLOAT) for name in names],
        "test",
        [],
        [helper.make_tensor_value_info(f"{name}f", TensorProto.FLOAT, None) for name in names],
        [numpy_helper.from_array(*pair) for pair in zip(tensors, names, strict=True)],
    )
    opset = [helper.make_opsetid("", OPSET)]
    return helper.make_model(graph, opset_imports=opset, ir_version=IR_VERSION)


def run(model: onnx.ModelProto) -> list[Any]:
    session: Any = ort.InferenceSession(
        model.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    answers: list[Any] = session.run(None, {})
    return answers


@pytest.mark.parametrize("network", NETWORKS)
def test_packed_graph_runs_the_same_nodes_with_the_same_answers(
    trunks: Any, answer: Answer, optimized_ops: OptimizedOps, pictures: ImageU8, network: str
) -> None:
    plain = coarse(trunks[network].int8)
    packed = pack_weights(plain)
    onnx.checker.check_model(packed, full_check=True)
    assert packed.ByteSize() < plain.ByteSize()
    assert optimized_ops(packed) == optimized_ops(plain)
    assert np.array_equal(answer(packed, pictures), answer(plain, pictures))


def test_packed_weights_take_half_their_bytes_and_little_more(trunks: Any) -> None:
    plain = coarse(trunks["nano"].int8)
    weights = 4 * 16 * 16 * 3 * 3
    saved = plain.ByteSize() - pack_weights(plain).ByteSize()
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
    packed = pack_weights(build_model(*tensors))
    assert np.array_equal(run(packed), tensors.astype(np.float32))
    is_even = count * shape[0] % 2 == 0
    kinds = {tensor.data_type for tensor in packed.graph.initializer}
    assert (TensorProto.UINT8 in kinds) == is_even


def test_tensors_of_several_shapes_are_packed_apart() -> None:
    rng = np.random.default_rng(0)
    shapes = ((32, 32), (64, 9), (32, 32), (32, 32, 1))
    tensors = [rng.integers(-8, 8, shape).astype(np.int8) for shape in shapes]
    packed = pack_weights(build_model(*tensors))
    assert [node.op_type for node in packed.graph.node].count("Gather") == 3
    for found, wanted in zip(run(packed), tensors, strict=True):
        assert np.array_equal(found, wanted.astype(np.float32))


@pytest.mark.parametrize("value", [-9, 8])
def test_one_value_beyond_four_bits_leaves_a_tensor_as_it_is(value: int) -> None:
    tensor = np.zeros((32, 32), np.int8)
    tensor[3, 4] = value
    model = build_model(tensor)
    assert pack_weights(model) == model


def test_few_values_and_weights_of_eight_bits_stay_as_they_are(trunks: Any) -> None:
    few = build_model(np.zeros((2, 255), np.int8))
    assert pack_weights(few) == few
    file = add_face(trunks["nano"].int8)
    assert pack_weights(file) == file


def test_packing_leaves_its_argument_alone_and_is_done_once(trunks: Any) -> None:
    plain = coarse(trunks["nano"].int8)
    before = plain.SerializeToString()
    packed = pack_weights(plain)
    assert plain.SerializeToString() == before
    assert pack_weights(packed) == packed
