"""The script that times one network under several runtimes: its files, worker and a small run."""

from __future__ import annotations

import json
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper
from onnxruntime import InferenceSession
from run_records import run_record

import peers
import peers_runtimes
from edge_infer import Classifier
from edge_infer.errors import ModelError
from edge_infer.model.run_folder import Calibration, RunFolder
from edge_infer.model.shipped import read_shipped_model
from peers_runtimes import Lane

SCALING, SOFTMAX = ("Unsqueeze", "DequantizeLinear"), ("Cast", "Softmax", "Cast")
IMAGES = np.random.default_rng(0).integers(0, 256, (70, 28, 28), np.uint8)


def _write_model(path: Path, *kinds: str) -> None:
    """A chain of nodes from bytes to probabilities, as exports have it."""
    constants = {"Unsqueeze": "axes", "DequantizeLinear": "scale"}
    tensors = [
        helper.make_tensor("axes", TensorProto.INT64, [1], [1]),
        helper.make_tensor("scale", TensorProto.FLOAT, [], [1 / 255]),
    ]
    casts = iter((TensorProto.DOUBLE, TensorProto.FLOAT))
    nodes = [
        helper.make_node(
            kind,
            [f"t{at}", *([constants[kind]] if kind in constants else [])],
            [f"t{at + 1}"],
            **({"to": next(casts)} if kind == "Cast" else {}),
        )
        for at, kind in enumerate(kinds)
    ]
    image = helper.make_tensor_value_info("t0", TensorProto.UINT8, ["batch", 28, 28])
    output = helper.make_tensor_value_info(f"t{len(kinds)}", TensorProto.FLOAT, None)
    graph = helper.make_graph(nodes, "chain", [image], [output], tensors)
    onnx.save(
        helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path
    )


def test_plain_file_takes_float_pixels_and_gives_the_same_probabilities(tmp_path: Path) -> None:
    source, target = tmp_path / "a.onnx", tmp_path / "b.onnx"
    _write_model(source, *SCALING, "Relu", *SOFTMAX)
    peers_runtimes.write_plain(source, target, batch=1)
    graph = onnx.load(target).graph
    assert [node.op_type for node in graph.node] == ["Relu", "Softmax"]
    assert [axis.dim_value for axis in graph.input[0].type.tensor_type.shape.dim] == [1, 1, 28, 28]
    (expected,) = InferenceSession(source).run(None, {"t0": IMAGES[:1]})
    pixels = IMAGES[:1, None] / np.float32(255)
    (found,) = InferenceSession(target).run(None, {graph.input[0].name: pixels})
    np.testing.assert_allclose(found, expected, atol=1e-6)


@pytest.mark.parametrize(
    "kinds", [("Relu", "DequantizeLinear", *SOFTMAX), (*SCALING, "Relu", "Softmax")]
)
def test_file_of_another_form_is_refused(tmp_path: Path, kinds: tuple[str, ...]) -> None:
    _write_model(tmp_path / "a.onnx", *kinds)
    with pytest.raises(ModelError, match="float file of `edge-mnist export`"):
        peers_runtimes.write_plain(tmp_path / "a.onnx", tmp_path / "b.onnx")


def test_lane_classifies_in_full_batches_and_times_calls(tmp_path: Path) -> None:
    (tmp_path / "int8.onnx").write_bytes(read_shipped_model("nano"))
    np.save(tmp_path / "images.npy", IMAGES)
    lane = Lane("classifier", "int8", 1, tmp_path)
    expected = Classifier.load("nano").probabilities(IMAGES).argmax(axis=1)
    with ProcessPoolExecutor(1, get_context("spawn"), peers_runtimes.silence) as process:
        version, class_ids = process.submit(peers_runtimes.start, lane).result()
        process.submit(peers_runtimes.warm_up, lane, 1).result()
        seconds = process.submit(peers_runtimes.turn, lane, 1).result()
    assert version == onnxruntime.__version__
    assert class_ids.tolist() == expected.tolist()
    assert len(seconds) > 1
    assert seconds.min() > 0


def test_ratio_is_of_medians_in_the_same_turns() -> None:
    theirs, ours = ([2e-5], [4e-5, 4e-5, 9e-5], [2e-5]), ([1e-5], [2e-5], [1e-5])
    latency = peers.compare(*([np.array(turn) for turn in turns] for turns in (theirs, ours)))
    assert (latency["calls"], latency["p50_us"], latency["turns_us"]) == (5, 20, [20, 40, 20])
    assert (latency["ratio"], latency["low"], latency["high"]) == (2, 2, 2)


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A finished run whose conversion gives the int8 file of ``nano`` alone."""
    folder = RunFolder(tmp_path / "run")
    folder.write_record(run_record())
    folder.model_path.write_bytes(b"")
    labels = np.zeros(len(IMAGES), np.int64)
    Calibration(IMAGES, labels, IMAGES, labels).save(folder.calibration_path)

    def convert(run: RunFolder, out: Path, stacks: object) -> dict[str, str]:
        out.mkdir()
        np.save(out / "images.npy", run.read_calibration().test_images)
        (out / "int8.onnx").write_bytes(read_shipped_model("nano"))
        return {"litert": "LiteRT not converted: no memory"}

    monkeypatch.setattr(peers, "convert", convert)
    return folder.path


def test_script_compares_what_can_be_had(run: Path, tmp_path: Path, capsys) -> None:
    out, results = tmp_path / "out", tmp_path / "results"
    words = [str(run), "--stacks", "litert", "opencv", "--threads", "1", "--rounds", "2"]
    assert peers.main([*words, "--out", str(out), "--results", str(results)]) == 0
    document = json.loads((results / "peers.json").read_text())
    (ours,) = document["peers"]
    assert (ours["stack"], ours["form"], ours["accuracy"]["n"]) == ("classifier", "int8", 70)
    assert [(one["batch"], one["ratio"]) for one in ours["latencies"]] == [(1, 1.0), (64, 1.0)]
    text = (out / "peers.md").read_text()
    assert text in capsys.readouterr().out
    assert "| Classifier (onnxruntime) " in text
    assert "- LiteRT not converted: no memory\n" in text
    assert "OpenCV DNN, float" in text
    assert str(tmp_path) not in document["command"]
