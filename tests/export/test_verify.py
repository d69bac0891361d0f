from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import keras
import numpy as np
import onnx
import pytest
from onnx import numpy_helper

from edge_export import ExportConfig, ExportResult, VerifyConfig, export_run, verify_file
from edge_infer.errors import ModelError, RunError
from edge_infer.model.run_folder import RunFolder

Exports = dict[tuple[str, str], ExportResult]


@pytest.fixture
def spoiled_file(exports: Exports, tmp_path: Path) -> Path:
    """The edge network in float with a logit that is too high by 3."""
    model = onnx.load(exports["edge", "float32"].path)
    (dense,) = (node for node in model.graph.node if node.op_type == "Gemm")
    bias = next(tensor for tensor in model.graph.initializer if tensor.name == dense.input[2])
    values = numpy_helper.to_array(bias).copy()
    values[3] += 3
    bias.CopyFrom(numpy_helper.from_array(values, bias.name))
    onnx.save(model, tmp_path / "spoiled.onnx")
    return tmp_path / "spoiled.onnx"


@pytest.mark.parametrize("precision", ["float32", "int8"])
def test_verify_repeats_what_export_reported(
    exports: Exports, runs: dict[str, Path], precision: str
) -> None:
    result = exports["edge", precision]
    config = VerifyConfig(run=runs["edge"], file=result.path)
    assert replace(verify_file(config, str), gates=result.report.gates) == result.report


def test_verify_finds_and_draws_what_a_spoiled_file_changes(
    runs: dict[str, Path], spoiled_file: Path, tmp_path: Path
) -> None:
    picture = tmp_path / "changed.png"
    config = VerifyConfig(run=runs["edge"], file=spoiled_file, show_changed=picture)
    report = verify_file(config, str)
    assert report.failures
    assert report.changed_indices
    drawn = cv2.imread(str(picture), cv2.IMREAD_GRAYSCALE)
    assert drawn is not None
    assert np.asarray(drawn).shape[1] == 960


def test_verify_refuses_a_file_of_another_network(exports: Exports, runs: dict[str, Path]) -> None:
    config = VerifyConfig(run=runs["walkthrough"], file=exports["edge", "int8"].path)
    with pytest.raises(ModelError, match="another run: preset 'walkthrough' in the run, 'edge' in"):
        verify_file(config, str)


def test_verify_refuses_a_file_of_other_classes(
    exports: Exports, untrained_run: Callable[..., Path], tmp_path: Path
) -> None:
    def body(plane: Any) -> Any:
        return keras.layers.GlobalAveragePooling2D()(plane)

    run = untrained_run(tmp_path / "run", body, ("a", "b"))
    config = VerifyConfig(run=run, file=exports["edge", "int8"].path)
    with pytest.raises(ModelError, match="another run: class_names"):
        verify_file(config, str)


def test_verify_says_that_a_file_is_missing_before_it_starts_keras(
    runs: dict[str, Path], tmp_path: Path
) -> None:
    notes: list[str] = []
    config = VerifyConfig(run=runs["edge"], file=tmp_path / "no.onnx")
    with pytest.raises(ModelError, match="there is no model file"):
        verify_file(config, notes.append)
    assert notes == []


def test_verify_refuses_a_run_without_test_images(
    exports: Exports, runs: dict[str, Path], tmp_path: Path
) -> None:
    whole, empty = RunFolder(runs["edge"]), RunFolder(tmp_path / "run")
    empty.path.mkdir()
    empty.model_path.write_bytes(whole.model_path.read_bytes())
    empty.write_record(whole.read_record())
    calibration = whole.read_calibration()
    replace(
        calibration,
        test_images=calibration.test_images[:0],
        test_labels=calibration.test_labels[:0],
    ).save(empty.calibration_path)
    config = VerifyConfig(run=empty.path, file=exports["edge", "int8"].path)
    with pytest.raises(RunError, match="holds no test images"):
        verify_file(config, str)


def test_verify_of_an_untrained_run_still_compares(
    untrained_run: Callable[..., Path], tmp_path: Path
) -> None:
    def body(plane: Any) -> Any:
        return keras.layers.GlobalAveragePooling2D()(keras.layers.Conv2D(4, 3)(plane))

    run = untrained_run(tmp_path / "run", body)
    path = export_run(ExportConfig(run=run), str).path
    assert verify_file(VerifyConfig(run=run, file=path), str).failures == ()
