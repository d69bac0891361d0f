"""Verifying a file against its run."""

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

from edge_export import ExportResult, VerifyConfig, verify_file
from edge_export.graph import Graph
from edge_export.metadata import add_metadata
from edge_infer.errors import ModelError

Exports = dict[tuple[str, str], ExportResult]


@pytest.mark.parametrize("precision", ["float32", "int8"])
def test_verify_repeats_what_export_reported(
    exports: Exports, runs: dict[str, Path], precision: str
) -> None:
    result = exports["edge", precision]
    config = VerifyConfig(run=runs["edge"], file=result.path)
    assert replace(verify_file(config, str), gates=result.report.gates) == result.report


def test_verify_finds_and_draws_what_a_spoiled_file_changes(
    exports: Exports, runs: dict[str, Path], tmp_path: Path
) -> None:
    graph = Graph.of(onnx.load(exports["edge", "float32"].path))
    (dense,) = (node for node in graph.nodes if node.op_type == "Gemm")
    bias = graph.values(dense.input[2]).copy()
    bias[3] += 3
    graph.set_values(dense.input[2], bias)
    file, picture = tmp_path / "spoiled.onnx", tmp_path / "changed.png"
    file.write_bytes(add_metadata(graph.to_model(), exports["edge", "float32"].metadata))
    report = verify_file(VerifyConfig(run=runs["edge"], file=file, show_changed=picture), str)
    assert report.failures
    assert report.changed_indices
    drawn = cv2.imread(str(picture), cv2.IMREAD_GRAYSCALE)
    assert drawn is not None
    assert np.asarray(drawn).shape[1] == 960


def test_verify_refuses_a_file_of_another_network(exports: Exports, runs: dict[str, Path]) -> None:
    config = VerifyConfig(run=runs["walkthrough"], file=exports["edge", "int8"].path)
    with pytest.raises(ModelError, match="walkthrough") as caught:
        verify_file(config, str)
    assert caught.value.code == "another_run"


def test_verify_refuses_a_file_of_other_classes(
    exports: Exports, untrained_run: Callable[..., Path], tmp_path: Path
) -> None:
    def body(plane: Any) -> Any:
        return keras.layers.GlobalAveragePooling2D()(plane)

    run = untrained_run(tmp_path / "run", body, ("a", "b"))
    config = VerifyConfig(run=run, file=exports["edge", "int8"].path)
    with pytest.raises(ModelError, match="class_names"):
        verify_file(config, str)


def test_verify_misses_a_file_before_it_starts_keras(runs: dict[str, Path], tmp_path: Path) -> None:
    notes: list[str] = []
    with pytest.raises(ModelError, match=r"no\.onnx"):
        verify_file(VerifyConfig(run=runs["edge"], file=tmp_path / "no.onnx"), notes.append)
    assert notes == []
