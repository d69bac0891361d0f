"""Exporting a run and verifying the file: what the file is, and when it is kept."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import cv2
import keras
import numpy as np
import onnx
import pytest

from edge_export import ExportConfig, GateOptions, export_run, verify_file
from edge_export.graph import Graph
from edge_export.metadata import add_metadata
from edge_infer.errors import EdgeMnistError, ModelError, OutputError, RunError, VerificationError
from edge_infer.glyph.classifier import Classifier
from edge_infer.model.run_folder import UNLABELLED, RunFolder
from edge_train.config import TrainConfig
from edge_train.presets import find_preset
from edge_train.train import train

pytestmark = pytest.mark.slow

NETWORKS = ("edge", "walkthrough")
IMPOSSIBLE = GateOptions(max_delta=0.0)
REPORTS = ("notify", "progress", "epoch_started", "step_done", "epoch_done")
L = keras.layers


@pytest.mark.parametrize("network", NETWORKS)
def test_float_file_is_the_keras_model(exports, network: str) -> None:
    report = exports[network, "float32"].report
    assert report.agreement == 1
    assert report.max_delta <= 1e-5
    assert report.accuracy.fraction > 0.9


@pytest.mark.parametrize("network", NETWORKS)
def test_int8_file_loses_next_to_nothing(exports, runs, network: str) -> None:
    result = exports[network, "int8"]
    assert result.report.agreement >= 0.99
    assert 0 < result.report.max_delta < 0.5
    assert result.sizes_bytes["int8"] < 0.35 * result.sizes_bytes["float32"]
    assert result.sizes_bytes["int8"] == result.path.stat().st_size
    keras_size = RunFolder(runs[network]).model_path.stat().st_size
    assert result.sizes_bytes["model.keras"] == keras_size


@pytest.mark.parametrize("precision", ["float32", "int8"])
def test_metadata_describe_the_file(exports, runs, precision: str) -> None:
    record = RunFolder(runs["edge"]).read_record()
    result = exports["edge", precision]
    metadata = Classifier.load(result.path).metadata
    assert metadata == result.metadata
    assert (metadata.precision, metadata.preset) == (precision, "edge")
    assert metadata.class_names == record.class_names
    assert metadata.data_sha256 == record.data_sha256
    assert metadata.test_accuracy == result.report.accuracy
    assert metadata.test_accuracy_keras == result.report.accuracy_keras
    assert metadata.validation_accuracy.n == 300
    assert {"keras", "tf2onnx", "onnxruntime", "edge-mnist"} <= set(metadata.versions)


@pytest.mark.parametrize(("quantize", "bits"), [(True, 4), (False, 8)])
def test_metadata_state_the_bits_of_weights(edge_config, quantize: bool, bits: int) -> None:
    config = replace(edge_config, quantize=quantize, weight_bits=4, verify=False)
    result = export_run(config, str)
    assert Classifier.load(result.path).metadata.weight_bits == bits


def test_int8_file_rejects_one_percent_of_validation_and_takes_any_batch(exports, runs) -> None:
    calibration = RunFolder(runs["edge"]).read_calibration()
    classifier = Classifier.load(exports["edge", "int8"].path)
    batch = classifier.classify_batch(calibration.validation_images)
    assert np.count_nonzero(batch.rejected) == 3
    images = calibration.test_images[:5]
    together = classifier.probabilities(images)
    alone = np.concatenate([classifier.probabilities(image[None]) for image in images])
    assert np.array_equal(together, alone)
    assert together.sum(axis=1) == pytest.approx(np.ones(5), abs=1e-6)


def test_same_run_gives_the_same_bytes(exports, edge_config) -> None:
    path = export_run(edge_config, str).path
    assert path.read_bytes() == exports["edge", "int8"].path.read_bytes()


def test_existing_file_is_kept_before_any_work(edge_config) -> None:
    edge_config.output.write_text("precious")
    notes: list[str] = []
    with pytest.raises(OutputError, match="--force"):
        export_run(edge_config, notes.append)
    assert edge_config.output.read_text() == "precious"
    assert notes == []


@pytest.mark.parametrize("keep_failed", [False, True])
def test_failed_file_takes_no_place(edge_config, keep_failed: bool) -> None:
    edge_config.output.write_text("precious")
    config = replace(edge_config, force=True, gates=IMPOSSIBLE, keep_failed=keep_failed)
    with pytest.raises(VerificationError):
        export_run(config, str)
    assert edge_config.output.read_text() == "precious"
    others = {path.name for path in edge_config.output.parent.iterdir()} - {"digits.onnx"}
    assert others == ({"digits.failed.onnx"} if keep_failed else set())
    if keep_failed:
        failed = edge_config.output.with_name("digits.failed.onnx")
        assert Classifier.load(failed).metadata.precision == "int8"


def test_without_verification_any_file_is_kept(edge_config) -> None:
    result = export_run(replace(edge_config, verify=False, gates=IMPOSSIBLE), str)
    assert result.report.failures
    assert result.path.is_file()


def test_default_output_is_in_the_run(untrained_run, tmp_path: Path) -> None:
    def body(plane: Any) -> Any:
        return L.GlobalAveragePooling2D()(L.Conv2D(2, 3)(plane))

    run = untrained_run(tmp_path / "run", body)
    assert export_run(ExportConfig(run=run), str).path == run / "edge.onnx"
    config = ExportConfig(run=run, quantize=True, verify=False)
    assert export_run(config, str).path == run / "edge.int8.onnx"


def test_residual_sums_are_folded_and_class_names_kept(untrained_run, tmp_path: Path) -> None:
    def body(plane: Any) -> Any:
        first = L.Conv2D(4, 3, padding="same", activation="relu")(plane)
        second = L.Conv2D(4, 3, padding="same", activation="relu6")(first)
        return L.GlobalAveragePooling2D()(L.Add()([first, second]))

    run = untrained_run(tmp_path / "run", body, ("a", "b", "ü"))
    result = export_run(ExportConfig(run=run, output=tmp_path / "digits.onnx"), str)
    assert result.report.max_delta < 1e-5
    assert result.metadata.class_names == ("a", "b", "ü")


def test_layers_that_leave_other_nodes_are_refused(untrained_run, tmp_path: Path) -> None:
    def body(plane: Any) -> Any:
        return L.Flatten()(L.Conv2D(2, 3, activation="gelu")(plane))

    run = untrained_run(tmp_path / "run", body)
    with pytest.raises(ModelError, match="Erf") as caught:
        export_run(ExportConfig(run=run, output=tmp_path / "digits.onnx"), str)
    assert caught.value.code == "leftover_nodes"
    assert not (tmp_path / "digits.onnx").exists()


def test_images_without_a_label_change_no_figure(runs, tmp_path: Path) -> None:
    run = Path(shutil.copytree(runs["walkthrough"], tmp_path / "run"))
    config = ExportConfig(run=run, output=tmp_path / "digits.onnx", force=True)
    plain = export_run(config, str).metadata
    folder = RunFolder(run)
    before = folder.read_calibration()
    noise = np.random.default_rng(0).integers(0, 256, (20, 28, 28), np.uint8)
    change_calibration(
        folder,
        validation_images=np.concatenate((noise, before.validation_images)),
        validation_labels=np.concatenate((np.full(20, UNLABELLED), before.validation_labels)),
    )
    assert export_run(config, str).metadata == plain


def change_calibration(run: RunFolder, **arrays: Any) -> None:
    replace(run.read_calibration(), **arrays).save(run.calibration_path)


def cut_model(run: RunFolder) -> None:
    run.model_path.write_bytes(run.model_path.read_bytes()[:5000])


def add_classes(run: RunFolder) -> None:
    run.write_record(replace(run.read_record(), class_names=tuple("0123456789ab")))


@pytest.mark.parametrize(
    ("damage", "arrays", "named"),
    [
        (lambda run: run.record_path.unlink(), {}, "run"),
        (cut_model, {}, "model.keras"),
        (add_classes, {}, "12"),
        (change_calibration, {"validation_labels": np.full(300, -2)}, "-2"),
        (change_calibration, {"validation_labels": np.full(300, UNLABELLED)}, "validation"),
        (
            change_calibration,
            {"test_images": np.zeros((0, 28, 28), np.uint8), "test_labels": np.zeros(0, np.int64)},
            "test",
        ),
    ],
    ids=["record", "model", "classes", "labels", "unlabelled", "no test images"],
)
def test_damaged_run_is_refused_and_makes_nothing(
    runs, tmp_path: Path, damage: Callable[..., None], arrays: dict[str, Any], named: str
) -> None:
    run = Path(shutil.copytree(runs["walkthrough"], tmp_path / "run"))
    damage(RunFolder(run), **arrays)
    with pytest.raises(RunError, match=named):
        export_run(ExportConfig(run=run, output=tmp_path / "digits.onnx"), str)
    assert not (tmp_path / "digits.onnx").exists()


def test_output_may_not_be_a_file_of_the_run(runs) -> None:
    output = RunFolder(runs["edge"]).model_path
    with pytest.raises(EdgeMnistError, match="-o"):
        export_run(ExportConfig(run=runs["edge"], output=output, force=True), str)


# Verification ---------------------------------------------------------------------------


@pytest.mark.parametrize("precision", ["float32", "int8"])
def test_verify_repeats_what_export_reported(exports, runs, precision: str) -> None:
    result = exports["edge", precision]
    report = verify_file(runs["edge"], result.path, str, gates=GateOptions())
    assert replace(report, gates=result.report.gates) == result.report


def test_verify_finds_and_draws_what_a_spoiled_file_changes(exports, runs, tmp_path: Path) -> None:
    graph = Graph.of(onnx.load(exports["edge", "float32"].path))
    (dense,) = (node for node in graph.nodes if node.op_type == "Gemm")
    bias = graph.values(dense.input[2]).copy()
    bias[3] += 3
    graph.set_values(dense.input[2], bias)
    file, picture = tmp_path / "spoiled.onnx", tmp_path / "changed.png"
    file.write_bytes(add_metadata(graph.to_model(), exports["edge", "float32"].metadata))
    report = verify_file(runs["edge"], file, str, gates=GateOptions(), show_changed=picture)
    assert report.failures
    assert report.changed_indices
    assert np.asarray(cv2.imread(str(picture))).shape[1] == 960


def test_verify_refuses_a_file_of_another_run(exports, runs, untrained_run, tmp_path: Path) -> None:
    classes = untrained_run(tmp_path / "run", L.GlobalAveragePooling2D(), ("a", "b"))
    for run, named in ((runs["walkthrough"], "walkthrough"), (classes, "class_names")):
        with pytest.raises(ModelError, match=named) as caught:
            verify_file(run, exports["edge", "int8"].path, str, gates=GateOptions())
        assert caught.value.code == "another_run"


def test_verify_misses_a_file_before_it_starts_keras(runs, tmp_path: Path) -> None:
    notes: list[str] = []
    with pytest.raises(ModelError, match=r"no\.onnx"):
        verify_file(runs["edge"], tmp_path / "no.onnx", notes.append, gates=GateOptions())
    assert notes == []


@pytest.mark.slow
def test_exports_answer_as_keras_does_on_all_test_images_of_mnist(tmp_path: Path) -> None:
    if "EDGE_MNIST_DATA" not in os.environ:
        pytest.skip("EDGE_MNIST_DATA is not set")
    recipe = replace(find_preset("walkthrough").recipe, epochs=1)
    out, file = tmp_path / "run", tmp_path / "digits.onnx"
    silent: Any = SimpleNamespace(**dict.fromkeys(REPORTS, lambda *values, **named: None))
    train(TrainConfig(preset="walkthrough", data="mnist", out=out, seed=0, recipe=recipe), silent)
    for quantize in (False, True):
        export_run(ExportConfig(run=out, output=file, quantize=quantize, force=True), str)
        report = verify_file(out, file, str, gates=GateOptions())
        assert report.n == 10_000
        assert report.failures == ()
        assert report.accuracy.fraction > 0.97
