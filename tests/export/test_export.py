"""Exporting a run: what the file is, and when it is kept."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from edge_export import ExportConfig, ExportResult, GateOptions, export_run
from edge_infer.errors import EdgeMnistError, OutputError, RunError, VerificationError
from edge_infer.glyph.classifier import Classifier
from edge_infer.model.run_folder import UNLABELLED, RunFolder

Exports = dict[tuple[str, str], ExportResult]
NETWORKS = ("edge", "walkthrough")
IMPOSSIBLE = GateOptions(max_delta=0.0)


@pytest.mark.parametrize("network", NETWORKS)
def test_float_file_is_the_keras_model(exports: Exports, network: str) -> None:
    report = exports[network, "float32"].report
    assert report.agreement == 1
    assert report.max_delta <= 1e-5
    assert report.accuracy.fraction > 0.9


@pytest.mark.parametrize("network", NETWORKS)
def test_int8_file_loses_next_to_nothing(
    exports: Exports, runs: dict[str, Path], network: str
) -> None:
    result = exports[network, "int8"]
    assert result.report.agreement >= 0.99
    assert 0 < result.report.max_delta < 0.5
    assert result.sizes_bytes["int8"] < 0.35 * result.sizes_bytes["float32"]
    assert result.sizes_bytes["int8"] == result.path.stat().st_size
    keras_size = RunFolder(runs[network]).model_path.stat().st_size
    assert result.sizes_bytes["model.keras"] == keras_size


@pytest.mark.parametrize("precision", ["float32", "int8"])
def test_metadata_describe_the_file(
    exports: Exports, runs: dict[str, Path], precision: str
) -> None:
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
def test_metadata_state_the_bits_of_weights(
    edge_config: ExportConfig, quantize: bool, bits: int
) -> None:
    config = replace(edge_config, quantize=quantize, weight_bits=4, verify=False)
    result = export_run(config, str)
    assert Classifier.load(result.path).metadata.weight_bits == bits


def test_int8_file_rejects_one_percent_of_validation_and_takes_any_batch(
    exports: Exports, runs: dict[str, Path]
) -> None:
    calibration = RunFolder(runs["edge"]).read_calibration()
    classifier = Classifier.load(exports["edge", "int8"].path)
    batch = classifier.classify_batch(calibration.validation_images)
    assert np.count_nonzero(batch.rejected) == 3
    images = calibration.test_images[:5]
    together = classifier.probabilities(images)
    alone = np.concatenate([classifier.probabilities(image[None]) for image in images])
    assert np.array_equal(together, alone)
    assert together.sum(axis=1) == pytest.approx(np.ones(5), abs=1e-6)


def test_same_run_gives_the_same_bytes(exports: Exports, edge_config: ExportConfig) -> None:
    path = export_run(edge_config, str).path
    assert path.read_bytes() == exports["edge", "int8"].path.read_bytes()


def test_existing_file_is_kept_before_any_work(edge_config: ExportConfig) -> None:
    assert edge_config.output is not None
    edge_config.output.write_text("precious")
    notes: list[str] = []
    with pytest.raises(OutputError, match="--force"):
        export_run(edge_config, notes.append)
    assert edge_config.output.read_text() == "precious"
    assert notes == []


@pytest.mark.parametrize("keep_failed", [False, True])
def test_failed_file_takes_no_place(edge_config: ExportConfig, keep_failed: bool) -> None:
    assert edge_config.output is not None
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


def test_without_verification_any_file_is_kept(edge_config: ExportConfig) -> None:
    result = export_run(replace(edge_config, verify=False, gates=IMPOSSIBLE), str)
    assert result.report.failures
    assert result.path.is_file()


def test_default_output_is_in_the_run(untrained_run: Callable[..., Path], tmp_path: Path) -> None:
    def body(plane: Any) -> Any:
        return keras.layers.GlobalAveragePooling2D()(keras.layers.Conv2D(2, 3)(plane))

    run = untrained_run(tmp_path / "run", body)
    assert export_run(ExportConfig(run=run), str).path == run / "edge.onnx"
    config = ExportConfig(run=run, quantize=True, verify=False)
    assert export_run(config, str).path == run / "edge.int8.onnx"


def test_images_without_a_label_change_no_figure(runs: dict[str, Path], tmp_path: Path) -> None:
    run = Path(shutil.copytree(runs["walkthrough"], tmp_path / "run"))
    config = ExportConfig(run=run, output=tmp_path / "digits.onnx", force=True)
    plain = export_run(config, str).metadata
    folder = RunFolder(run)
    before = folder.read_calibration()
    noise = np.random.default_rng(0).integers(0, 256, (20, 28, 28), np.uint8)
    labels = np.concatenate((np.full(20, UNLABELLED), before.validation_labels))
    images = np.concatenate((noise, before.validation_images))
    replace(before, validation_images=images, validation_labels=labels).save(
        folder.calibration_path
    )
    assert export_run(config, str).metadata == plain


def _no_run(folder: RunFolder) -> None:
    folder.record_path.unlink()


def _cut_keras(folder: RunFolder) -> None:
    folder.model_path.write_bytes(folder.model_path.read_bytes()[:5000])


def _other_classes(folder: RunFolder) -> None:
    names = tuple("0123456789ab")
    folder.write_record(replace(folder.read_record(), class_names=names))


def _wrong_label(folder: RunFolder) -> None:
    calibration = folder.read_calibration()
    calibration.validation_labels[0] = -2
    calibration.save(folder.calibration_path)


def _no_labels(folder: RunFolder) -> None:
    calibration = folder.read_calibration()
    calibration.validation_labels[:] = UNLABELLED
    calibration.save(folder.calibration_path)


def _no_test_images(folder: RunFolder) -> None:
    whole = folder.read_calibration()
    empty = replace(whole, test_images=whole.test_images[:0], test_labels=whole.test_labels[:0])
    empty.save(folder.calibration_path)


@pytest.mark.parametrize(
    ("damage", "named"),
    [
        (_no_run, "run"),
        (_cut_keras, "model.keras"),
        (_other_classes, "12"),
        (_wrong_label, "-2"),
        (_no_labels, "validation"),
        (_no_test_images, "test"),
    ],
    ids=lambda value: getattr(value, "__name__", value),
)
def test_damaged_run_is_refused_and_makes_nothing(
    runs: dict[str, Path], tmp_path: Path, damage: Callable[[RunFolder], None], named: str
) -> None:
    run = Path(shutil.copytree(runs["walkthrough"], tmp_path / "run"))
    damage(RunFolder(run))
    with pytest.raises(RunError, match=named):
        export_run(ExportConfig(run=run, output=tmp_path / "digits.onnx"), str)
    assert not (tmp_path / "digits.onnx").exists()


def test_output_may_not_be_a_file_of_the_run(runs: dict[str, Path]) -> None:
    output = RunFolder(runs["edge"]).model_path
    with pytest.raises(EdgeMnistError, match="-o"):
        export_run(ExportConfig(run=runs["edge"], output=output, force=True), str)
