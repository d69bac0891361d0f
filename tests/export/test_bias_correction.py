from __future__ import annotations

from typing import Any

import numpy as np
import onnx
import pytest
from onnx import numpy_helper

from edge_export.bias_correction import correct_bias, run_trunk

NETWORKS = ("edge", "walkthrough")


def shifted(quantized: onnx.ModelProto, by: int) -> onnx.ModelProto:
    """Return the trunk with a bias that many steps too high in its last layer."""
    model = onnx.ModelProto()
    model.CopyFrom(quantized)
    dense = [node for node in model.graph.node if node.op_type == "Gemm"][-1]
    source = next(n for n in model.graph.node if n.output[0] == dense.input[2]).input[0]
    bias = next(tensor for tensor in model.graph.initializer if tensor.name == source)
    raised = numpy_helper.to_array(bias) + np.int32(by)
    bias.CopyFrom(numpy_helper.from_array(raised, source))
    return model


@pytest.mark.parametrize("network", NETWORKS)
def test_mean_logits_become_those_of_the_float_trunk(
    trunks: dict[str, Any], digits: Any, network: str
) -> None:
    trunk, quantized = trunks[network].float32, trunks[network].int8
    images = digits.images[:200]
    wrong = shifted(quantized, 10_000)
    wanted = run_trunk(trunk, images).mean(axis=0)
    before = np.abs(run_trunk(wrong, images).mean(axis=0) - wanted)
    after = np.abs(run_trunk(correct_bias(wrong, trunk, images), images).mean(axis=0) - wanted)
    assert before.max() > 0.02
    assert after.max() < before.max() / 4


def test_nothing_but_the_last_bias_changes(trunks: dict[str, Any], digits: Any) -> None:
    trunk, quantized = trunks["edge"].float32, trunks["edge"].int8
    wrong = shifted(quantized, 10_000)
    corrected = correct_bias(wrong, trunk, digits.images[:100])
    old = {t.name: numpy_helper.to_array(t) for t in wrong.graph.initializer}
    new = {t.name: numpy_helper.to_array(t) for t in corrected.graph.initializer}
    assert old.keys() == new.keys()
    changed = [name for name in old if not np.array_equal(old[name], new[name])]
    assert len(changed) == 1
