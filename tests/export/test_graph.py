"""The graph that passes edit, and the contract of the finished one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import onnx
import pytest
from onnx import helper, numpy_helper

from edge_export import ExportConfig, ExportResult, export_run
from edge_export.export import build_model
from edge_export.graph import Graph, float_value
from edge_infer.errors import ModelError
from edge_infer.model.metadata import IR_VERSION, OPSET

Exports = dict[tuple[str, str], ExportResult]
PRECISIONS = ("float32", "int8")
NETWORKS = ("edge", "walkthrough")
LAYERS = {"edge": (5, 1), "walkthrough": (2, 2)}
QDQ = {"QuantizeLinear", "DequantizeLinear"}


@pytest.fixture
def graph() -> Graph:
    """Return ``y = relu(x + one)`` with a constant that no node reads."""
    nodes = [
        helper.make_node("Add", ["x", "one"], ["sum"]),
        helper.make_node("Relu", ["sum"], ["y"]),
    ]
    constants = {
        name: numpy_helper.from_array(np.ones(3, np.float32), name) for name in ("one", "unused")
    }
    return Graph(nodes, constants, [float_value("x", 3)], [float_value("y", 3)])


def test_copy_shares_nothing(graph: Graph) -> None:
    copy = graph.copy()
    copy.nodes[0].input[1] = "two"
    copy.set_values("two", np.full(3, 2, np.float32))
    copy.remove_unused_constants()
    assert list(copy.constants) == ["two"]
    assert list(graph.constants) == ["one", "unused"]
    assert graph.nodes[0].input[1] == "one"


def test_producers_consumers_and_chains_are_found(graph: Graph) -> None:
    add, relu = graph.nodes
    assert graph.producer("sum") is add
    assert graph.producer("x") is None
    assert graph.only_consumer("sum") is relu
    assert graph.chain("x", ("Add", "Relu")) == [add, relu]
    assert graph.chain("x", ("Relu",)) is None
    graph.nodes.append(helper.make_node("Neg", ["sum"], ["z"]))
    assert graph.only_consumer("sum") is None


def test_replaced_nodes_give_their_place_to_others(graph: Graph) -> None:
    graph.replace(graph.nodes[:2], [helper.make_node("Identity", ["x"], ["y"])])
    assert [node.op_type for node in graph.nodes] == ["Identity"]
    assert graph.shapes() == {"x": (0, 3), "y": (0, 3)}


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("network", NETWORKS)
def test_graph_keeps_the_contract(exports: Exports, network: str, precision: str) -> None:
    model = onnx.load(exports[network, precision].path)
    assert model.ir_version == IR_VERSION
    assert [(entry.domain, entry.version) for entry in model.opset_import] == [("", OPSET)]
    (image,), (output,) = model.graph.input, model.graph.output
    axes = image.type.tensor_type.shape.dim
    assert (axes[0].dim_param, axes[1].dim_value, axes[2].dim_value) == ("batch", 28, 28)
    assert output.type.tensor_type.shape.dim[0].dim_param == "batch"
    assert (image.name, output.name) == ("image", "probabilities")


@pytest.mark.parametrize("network", NETWORKS)
def test_float_graph_holds_layers_and_nothing_left_over(
    backbones: dict[str, Any], network: str
) -> None:
    convolutions, dense = LAYERS[network]
    counts = Counter(node.op_type for node in backbones[network].float32.nodes)
    assert (counts["Conv"], counts["Gemm"], counts["Flatten"]) == (convolutions, dense, 1)
    assert counts.keys() <= {"Conv", "Gemm", "Flatten", "Relu", "MaxPool"}


@pytest.mark.parametrize("network", NETWORKS)
def test_int8_weights_are_per_channel_and_fit_seven_bits(
    backbones: dict[str, Any], network: str
) -> None:
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
def test_int8_graph_runs_in_integers_from_pixels_to_logits(
    exports: Exports, network: str, optimized_ops: Any
) -> None:
    counts = Counter(optimized_ops(Graph.of(onnx.load(exports[network, "int8"].path))))
    convolutions, dense = LAYERS[network]
    assert not QDQ & set(counts)
    assert (counts["QLinearConv"], counts["QGemm"]) == (convolutions, dense)
    assert counts["Conv"] == counts["Gemm"] == counts["Relu"] == 0
    # The layout of the image makes one of onnxruntime's own moves of channels superfluous, the
    # flattening channels last the other one.
    assert counts["Transpose"] == 1


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("network", ["edge", "nano", "walkthrough", "6x6"])
def test_optimized_file_gives_the_same_answers(
    backbones: dict[str, Any],
    files: Any,
    answer: Any,
    pictures: Any,
    network: str,
    precision: str,
) -> None:
    optimized = Graph.of(build_model(getattr(backbones[network], precision)))
    plain = files(network, precision)
    assert len(optimized.to_model().SerializeToString()) < plain.to_model().ByteSize()
    assert np.array_equal(answer(optimized, pictures), answer(plain, pictures))


def test_export_refuses_layers_that_leave_strange_nodes(
    untrained_run: Callable[..., Path], tmp_path: Path
) -> None:
    def body(plane: Any) -> Any:
        return keras.layers.Flatten()(keras.layers.Conv2D(2, 3, activation="gelu")(plane))

    run = untrained_run(tmp_path / "run", body)
    with pytest.raises(ModelError, match="Erf") as caught:
        export_run(ExportConfig(run=run, output=tmp_path / "digits.onnx"), str)
    assert caught.value.code == "leftover_nodes"
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
