"""Quantization of a backbone, and the correction of its last bias."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from edge_export.backbone import compute_logits
from edge_export.graph import Graph
from edge_export.passes.bias_correction import correct_bias
from edge_export.passes.quantize import quantize


@pytest.mark.parametrize("count", [1, 100, 139, 1001])
def test_any_number_of_images_gives_ranges(
    backbones: dict[str, Any], digits: Any, count: int
) -> None:
    images = np.resize(digits.images, (count, 28, 28))
    quantized = quantize(backbones["nano"].float32, images)
    assert np.isfinite(compute_logits(quantized, images)).all()


def shift_bias(quantized: Graph, steps: int) -> Graph:
    """Return a copy whose last bias is so many integer steps too high."""
    shifted = quantized.copy()
    dense = [node for node in shifted.nodes if node.op_type == "Gemm"][-1]
    source = shifted.dequantizer(dense.input[2], axis=0)
    assert source is not None
    bias = source.input[0]
    shifted.set_values(bias, shifted.values(bias) + np.int32(steps))
    return shifted


@pytest.mark.parametrize("network", ["edge", "walkthrough"])
def test_mean_logits_become_those_of_the_float_backbone(
    backbones: dict[str, Any], digits: Any, network: str
) -> None:
    backbone, images = backbones[network].float32, digits.images[:200]
    quantized = shift_bias(backbones[network].int8, 10_000)
    before = quantized.copy()
    correct_bias(quantized, backbone, images)
    expected = compute_logits(backbone, images).mean(axis=0)
    errors = [
        np.abs(compute_logits(one, images).mean(axis=0) - expected).max()
        for one in (before, quantized)
    ]
    assert errors[0] > 0.02
    assert errors[1] < errors[0] / 4
    changed = [
        name
        for name in before.constants
        if not np.array_equal(before.values(name), quantized.values(name))
    ]
    assert len(changed) == 1
