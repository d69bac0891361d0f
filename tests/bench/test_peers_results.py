from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper
from onnxruntime import InferenceSession

from edge_bench.peers.bare import write_bare
from edge_bench.peers.footprint import import_times_ms, installed_bytes
from edge_bench.peers.report import mark_lines, write_report
from edge_bench.peers.results import Latency, PeerResult, PeerResults
from edge_bench.peers.stacks import STACKS, Stack
from edge_infer.errors import ModelError
from edge_infer.model.metadata import Accuracy

Make = Callable[..., PeerResults]


def _latency(ratio: float, batch: int = 1, threads: int = 1) -> Latency:
    return Latency(
        threads=threads,
        batch=batch,
        calls=10,
        p50_us=20.0 * ratio * batch,
        turns_us=(20.0,),
        ratio=ratio,
        low=ratio - 0.02,
        high=ratio + 0.02,
    )


def _peer(stack: str, name: str, ratio: float) -> PeerResult:
    return PeerResult(
        stack=stack,
        name=name,
        form="int8",
        version="1.2",
        accuracy=Accuracy(correct=9971, n=10_000),
        changed=3,
        installed_bytes=123_400_000,
        import_ms=45.6,
        latencies=(_latency(ratio), _latency(ratio, batch=64)),
    )


@pytest.fixture
def make_results() -> Make:
    """Return ``make(ratio)``: ours, and LiteRT with that ratio to ours."""

    def make(ratio: float = 1.25) -> PeerResults:
        return PeerResults(
            command="python benchmarks/peers.py RUN",
            machine="a CPU, 2 cores",
            measured_at="2026-01-02T03:04:05+00:00",
            preset="edge",
            parameters=58_570,
            peers=(_peer("classifier", "Classifier", 1.0), _peer("litert", "LiteRT", ratio)),
            absent=("ncnn: not installed",),
        )

    return make


def test_report_has_times_ratios_and_what_was_left_out(make_results: Make) -> None:
    report = write_report(make_results())
    row = "| LiteRT, int8 | 99.71 % | 3 | 25.0 µs | 1.25 (1.23-1.27) | 25.0 µs |"
    assert row in report
    assert "| LiteRT 1.2 | 123 MB | 46 ms |" in report
    assert "- ncnn: not installed" in report
    assert "## 2 threads" not in report
    assert "## Pages" not in report


@pytest.mark.parametrize(
    ("ratio", "verdict"),
    [(1.25, "met"), (0.8, "missed: `Classifier` takes 1.25 times as long"), (1.01, "level")],
)
def test_mark_follows_from_the_interval(make_results: Make, ratio: float, verdict: str) -> None:
    one, many = mark_lines(make_results(ratio))[-3:-1]
    assert verdict in one
    assert verdict in many


def test_mark_needs_the_rival(make_results: Make) -> None:
    results = make_results()
    assert mark_lines(replace(results, peers=results.peers[:1])) == []


def test_pages_are_told_of_with_their_own_command(make_results: Make) -> None:
    summary = {"error_rate": 0.0793, "exact": 32, "pages": 40, "p50_ms": 22.5}
    pages = {
        "command": "python benchmarks/reading.py FOLDER",
        "machine": "another CPU",
        "measured_at": "2026-01-01T00:00:00+00:00",
        "readers": [{"name": "edge-mnist", "summary": summary}],
    }
    report = write_report(replace(make_results(), pages=pages))
    assert "| edge-mnist | 7.93 % | 32/40 | 22.5 ms |" in report
    assert "reading.py FOLDER` on another CPU, 2026-01-01" in report


def test_results_are_kept_whole(make_results: Make, tmp_path: Path) -> None:
    make_results().write(tmp_path / "peers.json")
    document = json.loads((tmp_path / "peers.json").read_text(encoding="utf-8"))
    assert document["format_version"] == 1
    assert document["peers"][1]["latencies"][1]["p50_us"] == 1600


def test_size_counts_what_is_required() -> None:
    stack = Stack(
        key="x", name="X", forms=(), module="numpy", distributions=("pytest",), package="edge_infer"
    )
    alone = replace(stack, distributions=("pluggy",), package=None)
    assert installed_bytes(stack) > installed_bytes(alone) > 0
    assert installed_bytes(replace(alone, distributions=("no-such-thing",))) == 0


def test_import_is_timed_in_fresh_processes() -> None:
    light = replace(STACKS[0], key="light", module="string")
    heavy = replace(STACKS[0], key="heavy", module="cv2")
    times_ms = import_times_ms([light, heavy], rounds=1)
    assert 0 < times_ms["light"] < times_ms["heavy"]


def _model(*ops: str) -> onnx.ModelProto:
    """A chain of operators: each takes what the one before it makes, and what is its own."""
    constants = {
        "axes": helper.make_tensor("axes", TensorProto.INT64, [1], [1]),
        "scale": helper.make_tensor("scale", TensorProto.FLOAT, [], [1 / 255]),
    }
    own = {"Unsqueeze": ["axes"], "DequantizeLinear": ["scale"]}
    nodes: list[onnx.NodeProto] = []
    for at, op in enumerate(ops):
        casts = {"to": TensorProto.DOUBLE if at < len(ops) - 1 else TensorProto.FLOAT}
        inputs = [f"t{at}", *own.get(op, [])]
        node = helper.make_node(op, inputs, [f"t{at + 1}"], **(casts if op == "Cast" else {}))
        nodes.append(node)
    image = helper.make_tensor_value_info("t0", TensorProto.UINT8, ["batch", 28, 28])
    output = helper.make_tensor_value_info(f"t{len(ops)}", TensorProto.FLOAT, ["batch", 1, 28, 28])
    graph = helper.make_graph(nodes, "g", [image], [output], list(constants.values()))
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


FACE = ("Unsqueeze", "DequantizeLinear")
TAIL = ("Cast", "Softmax", "Cast")


def test_bare_file_takes_floats_and_knows_no_double(tmp_path: Path) -> None:
    source, target = tmp_path / "a.onnx", tmp_path / "b.onnx"
    onnx.save(_model(*FACE, "Relu", *TAIL), source)
    write_bare(source, target, batch=1)
    graph = onnx.load(target).graph
    assert [node.op_type for node in graph.node] == ["Relu", "Softmax"]
    assert [axis.dim_value for axis in graph.input[0].type.tensor_type.shape.dim] == [1, 1, 28, 28]
    assert not graph.initializer


def test_bare_file_gives_the_same_probabilities(tmp_path: Path) -> None:
    source, target = tmp_path / "a.onnx", tmp_path / "b.onnx"
    onnx.save(_model(*FACE, "Relu", *TAIL), source)
    write_bare(source, target)
    image = np.arange(28 * 28).reshape(1, 28, 28).astype(np.uint8)
    before, after = map(InferenceSession, (str(source), str(target)))
    (expected,) = before.run(None, {"t0": image})
    (found,) = after.run(None, {"t2": image[:, None] / np.float32(255)})
    np.testing.assert_allclose(found, expected, atol=1e-6)


@pytest.mark.parametrize(
    ("ops", "message"),
    [
        (("Relu", "DequantizeLinear", *TAIL), "begins with Relu, DequantizeLinear, expected"),
        ((*FACE, "Relu", "Softmax"), "ends with DequantizeLinear, Relu, Softmax, expected"),
    ],
)
def test_file_with_another_face_is_refused(
    tmp_path: Path, ops: tuple[str, ...], message: str
) -> None:
    onnx.save(_model(*ops), tmp_path / "a.onnx")
    with pytest.raises(ModelError, match=message):
        write_bare(tmp_path / "a.onnx", tmp_path / "b.onnx")
