"""Quantization of a backbone, correction of its last bias, and weights of four bits."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper

from edge_export.backbone import PIXELS, compute_logits
from edge_export.graph import Graph, float_value
from edge_export.passes.four_bit import (
    MAX_LEVEL,
    Convolution,
    Floats,
    round_filters,
    round_weights,
)
from edge_export.passes.quantize import correct_bias, quantize
from edge_infer.errors import UsageError

FILTERS, INPUTS = 6, 24


@pytest.mark.parametrize("count", [1, 100, 139, 1001])
def test_any_number_of_images_gives_ranges(backbones, digits, count: int) -> None:
    images = np.resize(digits.images, (count, 28, 28))
    quantized = quantize(backbones["nano"].float32, images)
    assert np.isfinite(compute_logits(quantized, images)).all()


@pytest.mark.parametrize("network", ["edge", "walkthrough"])
def test_mean_logits_become_those_of_the_float_backbone(backbones, digits, network: str) -> None:
    backbone, images = backbones[network].float32, digits.images[:200]
    shifted = backbones[network].int8.copy()
    dense = [node for node in shifted.nodes if node.op_type == "Gemm"][-1]
    source = shifted.dequantizer(dense.input[2], axis=0)
    assert source is not None
    shifted.set_values(source.input[0], shifted.values(source.input[0]) + np.int32(10_000))
    corrected = shifted.copy()
    correct_bias(corrected, backbone, images)
    expected = compute_logits(backbone, images).mean(axis=0)
    before, after = (
        np.abs(compute_logits(one, images).mean(axis=0) - expected).max()
        for one in (shifted, corrected)
    )
    assert before > 0.02
    assert after < before / 4
    changed = [n for n in shifted.constants if (shifted.values(n) != corrected.values(n)).any()]
    assert changed == [source.input[0]]


# Four bits ------------------------------------------------------------------------------


def build_layer(shape: tuple[int, ...], **attributes: Any) -> Graph:
    """Return a convolution of 9 rows and 10 columns, without bias."""
    weights = np.random.default_rng(0).normal(size=shape).astype(np.float32)
    return Graph(
        [helper.make_node("Conv", ["x", "w"], ["y"], **attributes)],
        {"w": numpy_helper.from_array(weights, "w")},
        [float_value("x", shape[1] * attributes.get("group", 1), 9, 10)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
    )


def build_steady(level: float, spread: float) -> Graph:
    """Return two convolutions; the inputs of the second lie near a level."""
    rng = np.random.default_rng(0)
    constants = {
        "w1": spread * rng.normal(size=(64, 1, 3, 3)),
        "b1": np.full(64, level),
        "w2": rng.normal(size=(4, 64, 3, 3)),
    }
    nodes = [
        helper.make_node("Conv", [PIXELS, "w1", "b1"], ["sums"], strides=[2, 2]),
        helper.make_node("Relu", ["sums"], ["inputs"]),
        helper.make_node("Conv", ["inputs", "w2"], ["outputs"]),
    ]
    return Graph(
        nodes,
        {name: numpy_helper.from_array(np.float32(a), name) for name, a in constants.items()},
        [float_value(PIXELS, 1, 28, 28)],
        [helper.make_tensor_value_info("outputs", TensorProto.FLOAT, None)],
    )


def correlated(rng: np.random.Generator) -> Floats:
    """Return second moments of inputs that are correlated, as neighbouring pixels are."""
    mixed = rng.normal(size=(200, 4)) @ rng.normal(size=(4, INPUTS))
    inputs = mixed + 0.3 * rng.normal(size=(200, INPUTS))
    return inputs.T @ inputs / 200


def error(rest: Floats, moments: Floats) -> float:
    return float(((rest @ moments) * rest).sum())


@pytest.mark.parametrize(
    ("channels", "attributes"),
    [(1, {}), (2, {"group": 2}), (2, {"dilations": [2, 2]}), (2, {"auto_pad": "SAME_UPPER"})],
)
def test_other_convolutions_are_not_rounded(digits, channels: int, attributes) -> None:
    graph = build_layer((4, channels, 3, 3), **attributes)
    with pytest.raises(UsageError):
        round_weights(graph.copy(), graph, digits.images[:1])


@pytest.mark.parametrize(("level", "spread"), [(0.3, 0), (0.7, 0), (3, 0), (3, 0.01)])
def test_inputs_far_from_zero_that_hardly_vary_can_be_rounded(digits, level, spread) -> None:
    backbone, images = build_steady(level, spread), digits.images[:100]
    rounded = backbone.copy()
    round_weights(rounded, backbone, images)
    (convolution,) = Convolution.all_of(rounded)
    assert np.isfinite(convolution.weights).all()


@settings(max_examples=50, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_filters_become_small_integers_of_less_error_than_the_nearest(seed: int) -> None:
    rng = np.random.default_rng(seed)
    weights, moments = rng.normal(size=(FILTERS, INPUTS)), correlated(rng)
    integers, scales = round_filters(weights, moments)
    assert np.array_equal(integers, np.clip(np.rint(integers), -MAX_LEVEL, MAX_LEVEL))
    assert scales.shape == (FILTERS, 1)
    assert (scales > 0).all()
    steps = np.abs(weights).max(axis=1, keepdims=True) / MAX_LEVEL
    nearest = np.rint(weights / steps) * steps
    assert error(integers * scales - weights, moments) < error(nearest - weights, moments)


def test_filters_on_the_levels_already_are_found_again() -> None:
    rng = np.random.default_rng(0)
    levels = rng.integers(-MAX_LEVEL, MAX_LEVEL + 1, (FILTERS, INPUTS)).astype(np.float64)
    levels[:, 0] = MAX_LEVEL
    levels[-1] = 0
    steps = rng.uniform(0.01, 1, (FILTERS, 1))
    integers, scales = round_filters(levels * steps, correlated(rng))
    assert np.array_equal(integers, levels)
    assert np.allclose(scales[:-1], steps[:-1], rtol=1e-12)
    assert scales[-1] > 0


def test_rounded_weights_are_integers_times_scales_and_keep_the_logits(backbones, digits) -> None:
    backbone, images = backbones["nano"].float32, digits.images[:100]
    rounded, nearest = backbone.copy(), backbone.copy()
    scales = round_weights(rounded, backbone, images)
    assert len(scales) == len(Convolution.all_of(backbone))
    for name, scale in scales.items():
        levels = rounded.values(name) / scale[:, np.newaxis, np.newaxis, np.newaxis]
        assert np.allclose(levels, np.rint(levels), atol=1e-5)
        assert np.abs(levels).max() <= MAX_LEVEL + 1e-5
        values = backbone.values(name)
        step = np.abs(values).max(axis=(1, 2, 3), keepdims=True) / np.float32(MAX_LEVEL)
        nearest.set_values(name, np.rint(values / step) * step)
    expected = compute_logits(backbone, images)
    close, far = (
        np.square(compute_logits(one, images) - expected).mean() for one in (rounded, nearest)
    )
    assert close < far / 4
