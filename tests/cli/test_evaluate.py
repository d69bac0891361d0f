"""`edge-mnist evaluate`: what it writes, what it says, what it refuses."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from edge_analysis.evaluation.disturbances import DISTURBANCES
from edge_infer.errors import (
    CameraError,
    MissingExtraError,
    ModelError,
    OutputError,
    RunError,
    UsageError,
)
from edge_infer.glyph.classifier import Classifier
from edge_infer.glyph.preprocess import prepare_digit
from edge_infer.model.run_folder import RunFolder, RunRecord
from edge_mnist.app import app
from edge_mnist.extras import Extra

HISTORY = (
    "epoch,loss,accuracy,validation_loss,validation_accuracy,learning_rate,time_s,augmentation_s\n"
    "1,0.5,0.8,0.4,0.9,0.003,1.5,0.2\n"
)


@pytest.fixture(scope="module")
def data_path(tmp_path_factory: pytest.TempPathFactory, draw_digit: Callable[..., Any]) -> Path:
    """Every digit in four widths, to learn from and to be tested by; one label is wrong."""
    path = tmp_path_factory.mktemp("data") / "drawn.npz"
    images = np.stack(
        [
            prepare_digit(draw_digit(at, thickness=width))
            for width in (4, 6, 8, 10)
            for at in range(10)
        ]
    )
    labels = np.tile(np.arange(10), 4)
    wrong = labels.copy()
    wrong[7] = 1
    np.savez(path, x_train=images, y_train=labels, x_test=images, y_test=wrong)
    return path


@pytest.fixture
def run(data_path: Path, tmp_path: Path) -> Callable[..., Result]:
    """Call the command on these data; reports go to ``report``."""
    pytest.importorskip("seaborn")

    def call(*words: object, data: object = data_path) -> Result:
        fixed = ["--data", str(data), "-o", str(tmp_path / "report")]
        return CliRunner().invoke(app, ["evaluate", *map(str, words), *fixed])

    return call


@pytest.fixture
def run_folder(tmp_path: Path, tiny_model_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A finished run whose Keras model is the tiny file: TensorFlow takes long to start."""
    folder = RunFolder(tmp_path / "runs" / "mine")
    folder.path.mkdir(parents=True)
    folder.model_path.write_bytes(b"keras")
    folder.history_path.write_text(HISTORY)
    folder.write_record(
        RunRecord(
            config={"data": "mnist"},
            class_names=tuple("0123456789"),
            data="drawn",
            data_sha256="a" * 64,
            preset="nano",
            parameters=1960,
            seed=0,
            epochs=1,
            best_epoch=1,
            train_images=40,
            validation_accuracy=1.0,
            test_accuracy=1.0,
            training_time_s=61.0,
            inference_time_ms=0.1,
            augmentation_share=0.1,
            versions={},
            machine="a CPU",
            finished_at="2026-01-02T03:04:05+00:00",
        )
    )
    predict = Classifier.load(tiny_model_path).probabilities
    module = SimpleNamespace(load_predictor=lambda _: predict)
    monkeypatch.setitem(sys.modules, "edge_train.saved_model", module)
    monkeypatch.setattr("edge_mnist.evaluation.import_tensorflow", lambda *, verbose: None)
    monkeypatch.setattr("edge_mnist.evaluation.require", lambda *_: None)
    return folder.path


def test_run_beside_a_file_makes_a_whole_report(
    run: Callable[..., Result],
    run_folder: Path,
    tiny_model_path: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # One figure of eight: they are alike and take long to write.
    monkeypatch.setattr("edge_analysis.evaluation.measure.DISTURBANCES", DISTURBANCES[:1])
    result = run(run_folder, "--compare", tiny_model_path, "--occlusion", 3)
    assert result.exit_code == 0, result.output
    folder = tmp_path / "report"
    assert f"report: {folder / 'report.html'}" in result.stdout
    assert "1 as 7 1x" in result.stdout
    assert "McNemar p = 1" in result.stdout
    document = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    assert document["model"]["name"] == "mine"
    assert document["training"]["time_s"] == 61.0
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert "1 min 01 s" in page
    assert "#3</text>" in page
    figures = {path.name for path in (folder / "figures").iterdir()}
    assert {"success.png", "success.svg", "training-loss.png", "occlusion.svg"} <= figures
    assert {path.name for path in folder.iterdir()} == {"figures", "report.html", "report.json"}


def test_full_folder_is_refused_before_anything_is_loaded(
    run: Callable[..., Result], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "edge_mnist.evaluation.load_subject", lambda *_, **__: pytest.fail("loaded")
    )
    (tmp_path / "report").mkdir()
    (tmp_path / "report" / "thesis.tex").write_text("mine")
    assert isinstance(run("edge").exception, OutputError)


def test_missing_extra_says_what_to_install(
    run: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edge_mnist.extras.EXTRAS", (Extra("report", ("no_such_module",), ""),))
    error = run("edge").exception
    assert isinstance(error, MissingExtraError)
    assert "pip install 'edge-mnist[report]'" in error.message


def test_missing_model_and_run_say_what_there_is(
    run: Callable[..., Result], tmp_path: Path
) -> None:
    missing = run("edgy").exception
    assert isinstance(missing, ModelError)
    assert "did you mean 'edge'?" in missing.message
    (tmp_path / "empty").mkdir()
    assert isinstance(run(tmp_path / "empty", "--force").exception, RunError)


def test_history_of_another_run_is_refused(run: Callable[..., Result], run_folder: Path) -> None:
    RunFolder(run_folder).history_path.write_text(HISTORY.replace("\n1,", "\n7,"))
    error = run(run_folder).exception
    assert isinstance(error, RunError)
    assert "lacks epoch 1" in error.message
    RunFolder(run_folder).history_path.write_text(HISTORY[:-20])
    assert "cannot be read" in str(run(run_folder, "--force").exception)


def test_run_is_measured_on_its_own_data_unless_told(
    run_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("seaborn")
    asked: list[str] = []

    def load(source: str, **_: object) -> Any:
        asked.append(source)
        raise ModelError("enough")

    monkeypatch.setattr("edge_mnist.evaluation.load_dataset", load)
    for model in (run_folder, "edge"):
        words = ["evaluate", str(model), "-o", str(tmp_path / "report"), "--force"]
        CliRunner().invoke(app, words)
    assert asked == ["mnist", "mnist"]


def test_mistakes_are_usage_errors(run: Callable[..., Result], tiny_model_path: Path) -> None:
    assert run(tiny_model_path, "--occlusion", "-1").exit_code == 2
    assert run(tiny_model_path, "--threads", "0").exit_code == 2
    assert isinstance(run(tiny_model_path, "--occlusion", 40).exception, UsageError)


def test_show_without_a_display_is_told_at_once(
    run: Callable[..., Result], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setattr("sys.platform", "linux")
    error = run("edge", "--show").exception
    assert isinstance(error, CameraError)
    assert error.code == "no_display"
    assert "leave out --show" in error.message
    assert "--headless" not in error.message
    assert not (tmp_path / "report").exists()
