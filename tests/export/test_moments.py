from __future__ import annotations

from typing import Any

import numpy as np
import onnx
import onnxruntime as ort
import pytest
from onnx import TensorProto, helper, numpy_helper

from edge_export.four_bit import round_weights
from edge_export.moments import Convolution, Moments
from edge_export.trunk import TRUNK_INPUT
from edge_infer.model.metadata import IR_VERSION, OPSET


def build_layer(shape: tuple[int, ...], **attributes: Any) -> onnx.ModelProto:
    """A convolution of nine rows and ten columns alone, without bias."""
    weights = np.random.default_rng(0).normal(size=shape).astype(np.float32)
    channels = shape[1] * attributes.get("group", 1)
    graph = helper.make_graph(
        [helper.make_node("Conv", ["x", "w"], ["y"], **attributes)],
        "test",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", channels, 9, 10])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
        [numpy_helper.from_array(weights, "w")],
    )
    opset = [helper.make_opsetid("", OPSET)]
    return helper.make_model(graph, opset_imports=opset, ir_version=IR_VERSION)


def build_steady(level: float, spread: float) -> onnx.ModelProto:
    """Two convolutions; the second sees nothing but values near a level."""
    rng = np.random.default_rng(0)
    constants = {
        "w1": spread * rng.normal(size=(64, 1, 3, 3)),
        "b1": np.full(64, level),
        "w2": rng.normal(size=(4, 64, 3, 3)),
    }
    nodes = [
        helper.make_node("Conv", [TRUNK_INPUT, "w1", "b1"], ["sums"], strides=[2, 2]),
        helper.make_node("Relu", ["sums"], ["inputs"]),
        helper.make_node("Conv", ["inputs", "w2"], ["outputs"]),
    ]
    graph = helper.make_graph(
        nodes,
        "test",
        [helper.make_tensor_value_info(TRUNK_INPUT, TensorProto.FLOAT, ["n", 1, 28, 28])],
        [helper.make_tensor_value_info("outputs", TensorProto.FLOAT, None)],
        [numpy_helper.from_array(np.float32(array), name) for name, array in constants.items()],
    )
    opset = [helper.make_opsetid("", OPSET)]
    return helper.make_model(graph, opset_imports=opset, ir_version=IR_VERSION)


@pytest.mark.parametrize("attributes", [{}, {"pads": [0, 1, 2, 3], "strides": [2, 3]}])
def test_patches_times_weights_are_the_convolution(attributes: dict[str, Any]) -> None:
    model = build_layer((4, 5, 2, 3), **attributes)
    (convolution,) = Convolution.all_of(model.graph)
    inputs = np.random.default_rng(1).normal(size=(6, 5, 9, 10)).astype(np.float32)
    session: Any = ort.InferenceSession(
        model.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    wanted = session.run(None, {"x": inputs})[0].transpose(0, 2, 3, 1).reshape(-1, 4)
    found = convolution.patches(inputs) @ convolution.read_weights().T
    assert np.allclose(found, wanted, atol=1e-4)


@pytest.mark.parametrize(
    ("shape", "attributes"),
    [
        ((4, 1, 3, 3), {}),
        ((4, 2, 3, 3), {"group": 2}),
        ((4, 2, 3, 3), {"dilations": [2, 2]}),
        ((4, 2, 3, 3), {"auto_pad": "SAME_UPPER"}),
    ],
)
def test_convolutions_of_other_kinds_are_left_out(
    shape: tuple[int, ...], attributes: dict[str, Any]
) -> None:
    assert not Convolution.all_of(build_layer(shape, **attributes).graph)


def test_moments_of_one_trunk_with_itself_agree(trunks: Any, digits: Any) -> None:
    trunk, images = trunks["nano"].float32, digits.images[:7]
    convolution = Convolution.all_of(trunk.graph)[1]
    moments = Moments.measure(trunk, trunk, convolution, images)
    assert np.allclose(moments.second, moments.crossed)
    assert np.array_equal(moments.mean, moments.wanted_mean)
    assert np.linalg.eigvalsh(moments.second).min() > 0


def test_moments_of_inputs_that_never_vary_can_be_inverted(trunks: Any) -> None:
    trunk = trunks["nano"].float32
    convolution = Convolution.all_of(trunk.graph)[-1]
    blank = np.zeros((1, 28, 28), np.uint8)
    moments = Moments.measure(trunk, trunk, convolution, blank)
    assert np.linalg.eigvalsh(moments.second).min() > 0


@pytest.mark.parametrize(("level", "spread"), [(0.3, 0), (0.7, 0), (3, 0), (3, 0.01)])
def test_inputs_far_from_zero_that_hardly_vary_can_be_rounded(
    digits: Any, level: float, spread: float
) -> None:
    trunk, images = build_steady(level, spread), digits.images[:100]
    (convolution,) = Convolution.all_of(trunk.graph)
    moments = Moments.measure(trunk, trunk, convolution, images)
    assert np.linalg.eigvalsh(moments.second).min() > 0
    rounded, _ = round_weights(trunk, images)
    (convolution,) = Convolution.all_of(rounded.graph)
    assert np.isfinite(convolution.read_weights()).all()
