from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from edge_export import ExportConfig, ExportResult, GateOptions, export_run
from edge_infer.errors import OutputError, RunError, VerificationError
from edge_infer.glyph.classifier import Classifier
from edge_infer.model.run_folder import RunFolder

Exports = dict[tuple[str, str], ExportResult]
IMPOSSIBLE = GateOptions(max_delta=0.0)


def test_float_file_is_the_keras_model(exports: Exports) -> None:
    for network in ("edge", "walkthrough"):
        report = exports[network, "float32"].report
        assert report.agreement == 1
        assert report.max_delta <= 1e-5
        assert report.accuracy.fraction > 0.9


def test_int8_file_loses_next_to_nothing(exports: Exports) -> None:
    for network in ("edge", "walkthrough"):
        result = exports[network, "int8"]
        assert result.report.agreement >= 0.99
        assert 0 < result.report.max_delta < 0.5
        assert result.sizes_bytes["int8"] < 0.35 * result.sizes_bytes["float32"]


def test_result_gives_the_sizes_on_disk(exports: Exports, runs: dict[str, Path]) -> None:
    result = exports["edge", "int8"]
    assert result.sizes_bytes["int8"] == result.path.stat().st_size
    keras_size = RunFolder(runs["edge"]).model_path.stat().st_size
    assert result.sizes_bytes["model.keras"] == keras_size


def test_file_says_what_it_is(exports: Exports, runs: dict[str, Path]) -> None:
    record = RunFolder(runs["edge"]).read_record()
    for precision in ("float32", "int8"):
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
def test_file_says_how_many_bits_its_weights_have(
    edge_config: ExportConfig, quantize: bool, bits: int
) -> None:
    config = replace(edge_config, quantize=quantize, weight_bits=4, verify=False)
    result = export_run(config, str)
    assert Classifier.load(result.path).metadata.weight_bits == bits


def test_reject_threshold_leaves_one_percent_of_validation(
    exports: Exports, runs: dict[str, Path]
) -> None:
    images = RunFolder(runs["edge"]).read_calibration().validation_images
    classifier = Classifier.load(exports["edge", "int8"].path)
    assert np.count_nonzero(classifier.classify_batch(images).rejected) == 3


def test_file_takes_any_batch(exports: Exports, runs: dict[str, Path]) -> None:
    images = RunFolder(runs["edge"]).read_calibration().test_images[:5]
    classifier = Classifier.load(exports["edge", "int8"].path)
    together = classifier.probabilities(images)
    alone = np.concatenate([classifier.probabilities(image[None]) for image in images])
    assert together.sum(axis=1) == pytest.approx(np.ones(5), abs=1e-6)
    assert np.array_equal(together.argmax(axis=1), alone.argmax(axis=1))
    assert together == pytest.approx(alone, abs=1e-6)


def test_export_of_one_run_gives_the_same_bytes(
    exports: Exports, edge_config: ExportConfig
) -> None:
    assert edge_config.output is not None
    export_run(edge_config, str)
    assert edge_config.output.read_bytes() == exports["edge", "int8"].path.read_bytes()


def test_export_refuses_to_overwrite_before_it_works(edge_config: ExportConfig) -> None:
    assert edge_config.output is not None
    edge_config.output.write_text("precious")
    notes: list[str] = []
    with pytest.raises(OutputError, match="--force"):
        export_run(edge_config, notes.append)
    assert edge_config.output.read_text() == "precious"
    assert notes == []


def test_failed_verification_leaves_what_was_there(edge_config: ExportConfig) -> None:
    assert edge_config.output is not None
    edge_config.output.write_text("precious")
    with pytest.raises(VerificationError, match=r"a probability differs by .*, allowed 0"):
        export_run(replace(edge_config, force=True, gates=IMPOSSIBLE), str)
    assert edge_config.output.read_text() == "precious"
    assert list(edge_config.output.parent.iterdir()) == [edge_config.output]


def test_failed_file_is_kept_under_another_name_on_request(edge_config: ExportConfig) -> None:
    assert edge_config.output is not None
    failed = edge_config.output.with_name("digits.failed.onnx")
    with pytest.raises(VerificationError, match="digits.failed.onnx"):
        export_run(replace(edge_config, keep_failed=True, gates=IMPOSSIBLE), str)
    assert list(edge_config.output.parent.iterdir()) == [failed]
    assert Classifier.load(failed).metadata.precision == "int8"


def test_export_without_verification_keeps_any_file(edge_config: ExportConfig) -> None:
    result = export_run(replace(edge_config, verify=False, gates=IMPOSSIBLE), str)
    assert result.report.failures
    assert result.path.is_file()


def test_default_output_stands_in_the_run(
    untrained_run: Callable[..., Path], tmp_path: Path
) -> None:
    def body(plane: Any) -> Any:
        return keras.layers.GlobalAveragePooling2D()(keras.layers.Conv2D(2, 3)(plane))

    run = untrained_run(tmp_path / "run", body)
    assert export_run(ExportConfig(run=run), str).path == run / "edge.onnx"
    config = ExportConfig(run=run, quantize=True, verify=False)
    assert export_run(config, str).path == run / "edge.int8.onnx"


def test_export_of_no_run_makes_nothing(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="not a run folder"):
        export_run(ExportConfig(run=tmp_path / "no", output=tmp_path / "a" / "b.onnx"), str)
    assert not (tmp_path / "a").exists()


def test_export_names_the_damaged_keras_file(runs: dict[str, Path], tmp_path: Path) -> None:
    whole, broken = RunFolder(runs["edge"]), RunFolder(tmp_path / "run")
    broken.path.mkdir()
    broken.write_record(whole.read_record())
    whole.read_calibration().save(broken.calibration_path)
    broken.model_path.write_bytes(whole.model_path.read_bytes()[:5000])
    with pytest.raises(RunError, match=r"Keras cannot read .*model\.keras"):
        export_run(ExportConfig(run=broken.path), str)


def test_export_refuses_a_run_whose_parts_disagree(runs: dict[str, Path], tmp_path: Path) -> None:
    whole, other = RunFolder(runs["edge"]), RunFolder(tmp_path / "run")
    other.path.mkdir()
    other.model_path.write_bytes(whole.model_path.read_bytes())
    whole.read_calibration().save(other.calibration_path)
    names = tuple("0123456789ab")
    other.write_record(replace(whole.read_record(), class_names=names))
    with pytest.raises(RunError, match=r"10 classes, .* names 12"):
        export_run(ExportConfig(run=other.path), str)
