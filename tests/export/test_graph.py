"""The contract of the finished graph, and what is in it."""

from __future__ import annotations

from collections import Counter

import numpy as np
import onnx
import pytest
from onnx_graphs import answer, optimized_ops

from edge_export.export import build_model
from edge_export.graph import Graph
from edge_infer.model.metadata import IR_VERSION, OPSET

PRECISIONS = ("float32", "int8")
NETWORKS = ("edge", "walkthrough")
LAYERS = {"edge": (5, 1), "walkthrough": (2, 2)}


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("network", NETWORKS)
def test_graph_keeps_the_contract(exports, network: str, precision: str) -> None:
    model = onnx.load(exports[network, precision].path)
    assert model.ir_version == IR_VERSION
    assert [(entry.domain, entry.version) for entry in model.opset_import] == [("", OPSET)]
    (image,), (output,) = model.graph.input, model.graph.output
    axes = image.type.tensor_type.shape.dim
    assert (axes[0].dim_param, axes[1].dim_value, axes[2].dim_value) == ("batch", 28, 28)
    assert output.type.tensor_type.shape.dim[0].dim_param == "batch"
    assert (image.name, output.name) == ("image", "probabilities")


@pytest.mark.parametrize("network", NETWORKS)
def test_float_graph_holds_layers_and_nothing_left_over(backbones, network: str) -> None:
    convolutions, dense = LAYERS[network]
    counts = Counter(node.op_type for node in backbones[network].float32.nodes)
    assert (counts["Conv"], counts["Gemm"], counts["Flatten"]) == (convolutions, dense, 1)
    assert counts.keys() <= {"Conv", "Gemm", "Flatten", "Relu", "MaxPool"}


@pytest.mark.parametrize("network", NETWORKS)
def test_int8_weights_are_per_channel_and_fit_seven_bits(backbones, network: str) -> None:
    graph = backbones[network].int8
    layers = [node for node in graph.nodes if node.op_type in {"Conv", "Gemm"}]
    assert len(layers) == sum(LAYERS[network])
    for layer in layers:
        axis = 0 if layer.op_type == "Conv" else 1
        source = graph.dequantizer(layer.input[1], axis=axis)
        assert source is not None
        values, scales = graph.values(source.input[0]), graph.values(source.input[1])
        assert values.dtype == np.int8
        assert np.abs(values.astype(int)).max() <= 64
        assert scales.size == values.shape[axis]


@pytest.mark.parametrize("network", NETWORKS)
def test_int8_graph_runs_in_integers_from_pixels_to_logits(exports, network: str) -> None:
    counts = Counter(optimized_ops(Graph.of(onnx.load(exports[network, "int8"].path))))
    convolutions, dense = LAYERS[network]
    assert (counts["QLinearConv"], counts["QGemm"]) == (convolutions, dense)
    unwanted = ("QuantizeLinear", "DequantizeLinear", "Conv", "Gemm", "Relu")
    assert not any(counts[op_type] for op_type in unwanted)
    # The layout of the image makes one of onnxruntime's own moves of channels superfluous, the
    # flattening channels last the other one.
    assert counts["Transpose"] == 1


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("network", ["edge", "nano", "walkthrough", "6x6"])
def test_optimized_file_gives_the_same_answers(
    backbones, files, pictures, network: str, precision: str
) -> None:
    optimized = Graph.of(build_model(getattr(backbones[network], precision)))
    plain = files(network, precision)
    assert optimized.to_model().ByteSize() < plain.to_model().ByteSize()
    assert np.array_equal(answer(optimized, pictures), answer(plain, pictures))
