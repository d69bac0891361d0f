"""`edge-mnist evaluate`: what it writes, prints and refuses."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from run_records import run_record

from edge_infer.errors import DataError
from edge_infer.glyph.classifier import Classifier
from edge_infer.glyph.preprocess import prepare_digit
from edge_infer.model.run_folder import RunFolder

HISTORY = (
    "epoch,loss,accuracy,validation_loss,validation_accuracy,learning_rate,time_s,augmentation_s\n"
    "1,0.5,0.8,0.4,0.9,0.003,1.5,0.2\n"
)
Evaluate = Callable[..., Any]


@pytest.fixture(scope="module")
def data_path(tmp_path_factory: pytest.TempPathFactory, draw_digit: Callable[..., Any]) -> Path:
    """Every digit in four stroke widths, for training and for testing; one label is wrong."""
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
def evaluate(edge_mnist, data_path: Path, tmp_path: Path) -> Evaluate:
    """Call the command with these data; reports go to ``report``."""
    pytest.importorskip("matplotlib")
    fixed = ("--data", data_path, "-o", tmp_path / "report")
    return lambda *words: edge_mnist("evaluate", *words, *fixed)


@pytest.fixture
def run_folder(tmp_path: Path, tiny_model_path: Path, monkeypatch) -> Path:
    """A finished run with the tiny file as its model, because TensorFlow starts slowly."""
    folder = RunFolder(tmp_path / "runs" / "mine")
    folder.path.mkdir(parents=True)
    folder.model_path.write_bytes(b"keras")
    folder.history_path.write_text(HISTORY)
    folder.write_record(run_record(config={"data": "digits"}, training_time_s=61.0))
    predict = Classifier.load(tiny_model_path).probabilities
    module = SimpleNamespace(load_predictor=lambda _: predict)
    monkeypatch.setitem(sys.modules, "edge_train.evaluate", module)
    monkeypatch.setattr("edge_mnist.evaluate.start_tensorflow", lambda *_: None)
    return folder.path


def test_run_compared_with_a_file_gives_a_whole_report(
    evaluate: Evaluate, run_folder: Path, tiny_model_path: Path, tmp_path: Path
) -> None:
    ran = evaluate(run_folder, "--compare", tiny_model_path, "--occlusion", 3)
    assert ran.code == 0, ran.err
    folder = tmp_path / "report"
    assert f"report: {folder / 'report.html'}" in ran.out
    assert "1 as 7 1x" in ran.out
    assert "McNemar p = 1" in ran.out
    document = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    assert document["model"]["name"] == "mine"
    assert document["training"]["time_s"] == 61.0
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert "1 min 01 s" in page
    assert "#3</text>" in page
    figures = {path.name for path in (folder / "figures").iterdir()}
    assert {"success.png", "success.svg", "training-loss.png", "occlusion.svg"} <= figures
    assert {path.name for path in folder.iterdir()} == {"figures", "report.html", "report.json"}


def test_folder_that_is_not_empty_is_refused_before_anything_is_loaded(
    evaluate: Evaluate, tmp_path: Path
) -> None:
    (tmp_path / "report").mkdir()
    (tmp_path / "report" / "thesis.tex").write_text("mine")
    ran = evaluate("no-such-model.onnx")
    assert ran.code == 1
    assert "--force" in ran.err
    assert [path.name for path in (tmp_path / "report").iterdir()] == ["thesis.tex"]


def test_missing_model_and_unfinished_run_are_one_line(evaluate: Evaluate, tmp_path: Path) -> None:
    ran = evaluate("edgy")
    assert ran.code == 1
    assert "did you mean 'edge'?" in ran.err
    (tmp_path / "empty").mkdir()
    ran = evaluate(tmp_path / "empty", "--force")
    assert ran.code == 1
    assert "empty" in ran.err
    assert len(ran.err.splitlines()) == 1


@pytest.mark.parametrize("history", [HISTORY.replace("\n1,", "\n7,"), HISTORY[:-20]])
def test_history_that_does_not_fit_is_refused(
    evaluate: Evaluate, run_folder: Path, history: str
) -> None:
    RunFolder(run_folder).history_path.write_text(history)
    ran = evaluate(run_folder)
    assert ran.code == 1
    assert "history.csv" in ran.err


def test_default_data_are_those_of_the_run_and_mnist_for_a_file(
    edge_mnist, run_folder: Path, tmp_path: Path, monkeypatch
) -> None:
    pytest.importorskip("matplotlib")
    loaded: list[str] = []

    def load(source: str, **_: object) -> Any:
        loaded.append(source)
        raise DataError("enough")

    monkeypatch.setattr("edge_train.data.load_dataset", load)
    for model in (run_folder, "edge"):
        edge_mnist("evaluate", model, "-o", tmp_path / "report", "--force")
    assert loaded == ["digits", "mnist"]


@pytest.mark.parametrize("words", [("--occlusion", -1), ("--threads", 0), ("--occlusion", 40)])
def test_mistakes_are_usage_errors(evaluate: Evaluate, tiny_model_path: Path, words) -> None:
    assert evaluate(tiny_model_path, *words).code == 2


def test_show_without_a_display_is_refused_before_the_measurement(
    evaluate: Evaluate, tmp_path: Path, monkeypatch
) -> None:
    for variable in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setattr("sys.platform", "linux")
    ran = evaluate("edge", "--show")
    assert ran.code == 1
    assert "--show" in ran.err
    assert "--headless" not in ran.err
    assert not (tmp_path / "report").exists()
