from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import onnx
import pytest
from onnx import numpy_helper

from edge_export import ExportConfig, ExportResult, export_run
from edge_infer.errors import ModelError
from edge_infer.model.metadata import IR_VERSION, OPSET

Exports = dict[tuple[str, str], ExportResult]
OptimizedOps = Callable[[onnx.ModelProto], list[str]]
PRECISIONS = ("float32", "int8")
NETWORKS = ("edge", "walkthrough")
BODIES = {
    "edge": ["Conv", "Conv", "Conv", "Conv", "Conv", "Flatten", "Gemm"],
    "walkthrough": ["Conv", "MaxPool", "Conv", "MaxPool", "Flatten", "Gemm", "Gemm"],
}
LEFTOVERS = {"Transpose", "Shape", "Gather", "Cast", "Squeeze", "Reshape", "BatchNormalization"}
# The int8 edge network has the stride of its first convolution folded into channels.
ENTRANCES = {("edge", "int8"): ["Reshape", "Transpose", "Reshape", "Transpose"]}
QDQ = {"QuantizeLinear", "DequantizeLinear"}


def load(exports: Exports, network: str, precision: str) -> onnx.ModelProto:
    return onnx.load(exports[network, precision].path)


def op_types(model: onnx.ModelProto) -> list[str]:
    return [node.op_type for node in model.graph.node]


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("network", NETWORKS)
def test_graph_holds_no_leftovers(exports: Exports, network: str, precision: str) -> None:
    found = op_types(load(exports, network, precision))
    # Mul: the scales of biases, of constants alone; onnxruntime computes them as it loads.
    plain = [op for op in found if op not in QDQ | {"Relu", "Mul"}]
    entrance = ENTRANCES.get((network, precision), ["Unsqueeze"])
    body = BODIES[network]
    if precision == "int8":
        # onnxruntime has the channels last here, and they are flattened so.
        at = body.index("Flatten")
        body = [*body[:at], "Transpose", *body[at:]]
    assert plain == [*entrance, *body, "Cast", "Softmax", "Cast"]


@pytest.mark.parametrize("network", NETWORKS)
def test_float_graph_scales_pixels_and_nothing_else(exports: Exports, network: str) -> None:
    model = load(exports, network, "float32")
    counts = Counter(op_types(model))
    assert counts["DequantizeLinear"] == 1
    assert counts["QuantizeLinear"] == 0
    assert [node.output[0] for node in model.graph.node][:2] == ["i", "x"]


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("network", NETWORKS)
def test_graph_keeps_the_contract(exports: Exports, network: str, precision: str) -> None:
    model = load(exports, network, precision)
    assert model.ir_version == IR_VERSION
    assert [(entry.domain, entry.version) for entry in model.opset_import] == [("", OPSET)]
    axes = model.graph.input[0].type.tensor_type.shape.dim
    assert (axes[0].dim_param, axes[1].dim_value, axes[2].dim_value) == ("batch", 28, 28)
    assert model.graph.output[0].type.tensor_type.shape.dim[0].dim_param == "batch"


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("network", NETWORKS)
def test_graph_names_are_short_and_say_what_they_name(
    exports: Exports, network: str, precision: str
) -> None:
    graph = load(exports, network, precision).graph
    outputs = [name for node in graph.node for name in node.output]
    tensors = {*outputs, *(name for node in graph.node for name in node.input)}
    assert len(set(outputs)) == len(outputs)
    assert {"image", "probabilities"} < tensors
    assert all(
        re.fullmatch(r"[acdefijklmprtx]\d*[abnw]?[dqsz]?|image|probabilities", name)
        for name in tensors
    )
    assert not [node.name for node in graph.node if node.name]
    assert (graph.input[0].name, graph.output[0].name) == ("image", "probabilities")


@pytest.mark.parametrize("network", NETWORKS)
def test_int8_graph_takes_the_bytes_of_the_picture(exports: Exports, network: str) -> None:
    graph = load(exports, network, "int8").graph
    constants = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    first = next(node for node in graph.node if node.input[0] == "i")
    assert first.op_type == "DequantizeLinear"
    assert constants[first.input[1]] == np.float32(1 / 255)
    assert constants[first.input[2]] == 0
    assert constants[first.input[2]].dtype == np.uint8


@pytest.mark.parametrize("network", NETWORKS)
def test_int8_weights_are_per_channel_and_fit_seven_bits(exports: Exports, network: str) -> None:
    graph = load(exports, network, "int8").graph
    constants = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    weights = {name: value for name, value in constants.items() if name.endswith("wq")}
    assert len(weights) == BODIES[network].count("Conv") + BODIES[network].count("Gemm")
    for name, values in weights.items():
        assert values.dtype == np.int8
        assert np.abs(values.astype(int)).max() <= 64
        scales = constants[name.replace("wq", "ws")]
        assert scales.size == values.shape[0 if name.startswith("c") else 1]


@pytest.mark.parametrize("network", NETWORKS)
def test_int8_graph_runs_in_integers_from_pixels_to_logits(
    exports: Exports, network: str, optimized_ops: OptimizedOps
) -> None:
    found = optimized_ops(load(exports, network, "int8"))
    counts = Counter(found)
    assert not QDQ & set(counts)
    assert counts["QLinearConv"] == BODIES[network].count("Conv")
    assert counts["QGemm"] == BODIES[network].count("Gemm")
    assert counts["Conv"] == counts["Gemm"] == counts["Relu"] == 0
    # onnxruntime itself moves channels last for its integer kernels, and back. What lays
    # out the picture makes the first of these moves needless, what flattens it the last.
    entrance = {"edge": ["Reshape", "Transpose", "Reshape"]}.get(
        network, ["Unsqueeze", "Transpose"]
    )
    assert found[: len(entrance) + 1] == [*entrance, "QLinearConv"]
    assert counts["Transpose"] == 1


def test_export_refuses_layers_that_leave_strange_nodes(
    untrained_run: Callable[..., Path], tmp_path: Path
) -> None:
    def body(plane: Any) -> Any:
        return keras.layers.Flatten()(keras.layers.Conv2D(2, 3, activation="gelu")(plane))

    run = untrained_run(tmp_path / "run", body)
    with pytest.raises(ModelError, match=r"the conversion left .*Erf"):
        export_run(ExportConfig(run=run, output=tmp_path / "digits.onnx"), str)
    assert not (tmp_path / "digits.onnx").exists()


def test_export_folds_residual_sums_and_class_names_of_any_number(
    untrained_run: Callable[..., Path], tmp_path: Path
) -> None:
    layers = keras.layers

    def body(plane: Any) -> Any:
        first = layers.Conv2D(4, 3, padding="same", activation="relu")(plane)
        second = layers.Conv2D(4, 3, padding="same", activation="relu6")(first)
        return layers.GlobalAveragePooling2D()(layers.Add()([first, second]))

    run = untrained_run(tmp_path / "run", body, ("a", "b", "ü"))
    result = export_run(ExportConfig(run=run, output=tmp_path / "digits.onnx"), str)
    assert result.report.max_delta < 1e-5
    assert result.metadata.class_names == ("a", "b", "ü")
    # The Casts around Softmax are meant.
    assert not LEFTOVERS & set(op_types(onnx.load(result.path))[:-3])
