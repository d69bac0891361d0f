from __future__ import annotations

from typing import Any

import numpy as np
import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import helper, numpy_helper

from edge_export.bias_correction import run_trunk
from edge_export.four_bit import HIGHEST, round_filters, round_weights
from edge_export.moments import Floats
from edge_infer.errors import UsageError

FILTERS, INPUTS = 6, 24


def correlated(rng: np.random.Generator) -> Floats:
    """Second moments of inputs that go together, as those of neighbouring pixels do."""
    mixed = rng.normal(size=(200, 4)) @ rng.normal(size=(4, INPUTS))
    inputs = mixed + 0.3 * rng.normal(size=(200, INPUTS))
    return inputs.T @ inputs / 200


def error(rest: Floats, moments: Floats) -> float:
    return float(((rest @ moments) * rest).sum())


def constants(trunk: onnx.ModelProto) -> dict[str, Any]:
    return {tensor.name: numpy_helper.to_array(tensor) for tensor in trunk.graph.initializer}


@settings(max_examples=50, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_filters_become_small_integers_of_less_error_than_the_nearest(seed: int) -> None:
    rng = np.random.default_rng(seed)
    weights, moments = rng.normal(size=(FILTERS, INPUTS)), correlated(rng)
    integers, scales = round_filters(weights, moments)
    assert np.array_equal(integers, np.clip(np.rint(integers), -HIGHEST, HIGHEST))
    assert scales.shape == (FILTERS, 1)
    assert (scales > 0).all()
    steps = np.abs(weights).max(axis=1, keepdims=True) / HIGHEST
    nearest = np.rint(weights / steps) * steps
    assert error(integers * scales - weights, moments) < error(nearest - weights, moments)


def test_filters_on_the_levels_already_are_found_again() -> None:
    rng = np.random.default_rng(0)
    levels = rng.integers(-HIGHEST, HIGHEST + 1, (FILTERS, INPUTS)).astype(np.float64)
    levels[:, 0] = HIGHEST
    steps = rng.uniform(0.01, 1, (FILTERS, 1))
    integers, scales = round_filters(levels * steps, correlated(rng))
    assert np.array_equal(integers, levels)
    assert np.allclose(scales, steps, rtol=1e-12)


def test_filter_of_nothing_but_zeros_stays_so() -> None:
    integers, scales = round_filters(np.zeros((2, INPUTS)), np.eye(INPUTS))
    assert not integers.any()
    assert (scales > 0).all()


def test_rounded_weights_are_integers_times_scales(trunks: Any, digits: Any) -> None:
    trunk = trunks["nano"].float32
    before = trunk.SerializeToString()
    rounded, scales = round_weights(trunk, digits.images[:20])
    assert trunk.SerializeToString() == before
    old, new = constants(trunk), constants(rounded)
    large = {name for name, values in old.items() if values.ndim == 4 and values.shape[1] > 1}
    assert scales.keys() == large
    for name, scale in scales.items():
        levels = new[name] / scale[:, np.newaxis, np.newaxis, np.newaxis]
        assert np.allclose(levels, np.rint(levels), atol=1e-5)
        assert np.abs(levels).max() <= HIGHEST + 1e-5
    kept = old.keys() - large - {name.replace("weight", "bias") for name in large}
    assert all(np.array_equal(old[name], new[name]) for name in kept)


def test_network_without_anything_to_round_is_refused(digits: Any) -> None:
    gemm = helper.make_node("Gemm", ["x", "w"], ["y"])
    dense = helper.make_model(helper.make_graph([gemm], "dense", [], []))
    with pytest.raises(UsageError, match="no convolution of several channels"):
        round_weights(dense, digits.images[:1])


def test_rounding_keeps_the_logits_better_than_the_nearest_levels(trunks: Any, digits: Any) -> None:
    trunk, images = trunks["nano"].float32, digits.images[:100]
    rounded, scales = round_weights(trunk, images)
    nearest = onnx.ModelProto()
    nearest.CopyFrom(trunk)
    for tensor in nearest.graph.initializer:
        if tensor.name in scales:
            values = numpy_helper.to_array(tensor)
            step = np.abs(values).max(axis=(1, 2, 3), keepdims=True) / np.float32(HIGHEST)
            tensor.CopyFrom(numpy_helper.from_array(np.rint(values / step) * step, tensor.name))
    wanted = run_trunk(trunk, images)
    close, far = (np.square(run_trunk(one, images) - wanted).mean() for one in (rounded, nearest))
    assert close < far / 4
