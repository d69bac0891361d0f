"""Packing: weights of four bits, two in a byte, and the same answers."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnxruntime as ort
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from edge_export.graph import Graph
from edge_export.passes.packing import pack_weights
from edge_export.passes.space_to_depth import fold_first_stride


def round_to_four_bits(graph: Graph) -> None:
    """Bring the weights of convolutions, but the first, to -7..7."""
    for name, tensor in graph.constants.items():
        if tensor.data_type == TensorProto.INT8 and len(tensor.dims) == 4 and tensor.dims[1] > 4:
            graph.set_values(name, np.rint(graph.values(name) / 9.2).astype(np.int8))


def build_graph(*tensors: NDArray[Any]) -> Graph:
    """Return a graph that outputs its own int8 constants as float."""
    names = [f"w{number}" for number, _ in enumerate(tensors)]
    outputs = [
        helper.make_tensor_value_info(f"{name}f", TensorProto.FLOAT, tensor.shape)
        for name, tensor in zip(names, tensors, strict=True)
    ]
    return Graph(
        [helper.make_node("Cast", [name], [f"{name}f"], to=TensorProto.FLOAT) for name in names],
        {n: numpy_helper.from_array(array, n) for n, array in zip(names, tensors, strict=True)},
        [],
        outputs,
    )


def run(graph: Graph) -> list[Any]:
    session: Any = ort.InferenceSession(
        graph.to_model().SerializeToString(), providers=["CPUExecutionProvider"]
    )
    answers: list[Any] = session.run(None, {})
    return answers


@pytest.mark.parametrize("network", ["edge", "nano", "walkthrough"])
def test_same_answers_from_the_same_nodes(
    files: Any,
    apply: Any,
    answer: Any,
    optimized_ops: Any,
    pictures: Any,
    network: str,
) -> None:
    plain = apply(files(network), fold_first_stride, round_to_four_bits)
    packed = apply(plain, pack_weights)
    assert packed.to_model().ByteSize() < plain.to_model().ByteSize()
    assert optimized_ops(packed) == optimized_ops(plain)
    assert np.array_equal(answer(packed, pictures), answer(plain, pictures))
    assert apply(packed, pack_weights) == packed


def test_packed_weights_take_half_their_bytes_and_little_more(files: Any, apply: Any) -> None:
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
def test_every_value_is_kept(apply: Any, count: int, shape: tuple[int, ...], seed: int) -> None:
    rng = np.random.default_rng(seed)
    tensors = rng.integers(-8, 8, (count, *shape)).astype(np.int8)
    packed = apply(build_graph(*tensors), pack_weights)
    assert np.array_equal(run(packed), tensors.astype(np.float32))
    kinds = {tensor.data_type for tensor in packed.constants.values()}
    assert (TensorProto.UINT8 in kinds) == (count * shape[0] % 2 == 0)


def test_tensors_of_several_shapes_are_packed_apart(apply: Any) -> None:
    rng = np.random.default_rng(0)
    shapes = ((32, 32), (64, 9), (32, 32), (32, 32, 1))
    tensors = [rng.integers(-8, 8, shape).astype(np.int8) for shape in shapes]
    packed = apply(build_graph(*tensors), pack_weights)
    assert [node.op_type for node in packed.nodes].count("Gather") == 3
    for found, expected in zip(run(packed), tensors, strict=True):
        assert np.array_equal(found, expected.astype(np.float32))


@pytest.mark.parametrize(
    ("value", "shape"), [(-9, (32, 32)), (8, (32, 32)), (7, (2, 255))], ids=str
)
def test_larger_values_and_few_values_stay(apply: Any, value: int, shape: tuple[int, ...]) -> None:
    tensor = np.zeros(shape, np.int8)
    tensor[1, 4] = value
    graph = build_graph(tensor)
    assert apply(graph, pack_weights) == graph


def test_weights_of_eight_bits_stay(files: Any, apply: Any) -> None:
    plain = files("nano")
    assert apply(plain, pack_weights) == plain
