"""`edge-mnist export` and `edge-mnist verify`, called as a person calls them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from run_records import run_record

from edge_infer.model.run_folder import Calibration, RunFolder

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def run_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run of a tiny network of random weights with three classes."""
    import keras

    layers = keras.layers
    keras.utils.set_random_seed(0)
    image = layers.Input((28, 28), dtype="uint8", name="image")
    pixels = layers.Rescaling(1 / 255, name="pixels")(image)
    tensor = layers.Reshape((28, 28, 1), name="plane")(pixels)
    tensor = layers.Conv2D(4, 3, strides=4, activation="relu")(tensor)
    logits = layers.Dense(3, name="logits")(layers.Flatten()(tensor))
    model: Any = keras.Model(image, layers.Softmax(name="probabilities")(logits))
    run = RunFolder(tmp_path_factory.mktemp("run"))
    model.save(run.model_path)
    images = np.random.default_rng(0).integers(0, 256, (40, 28, 28), dtype=np.uint8)
    labels = model.predict(images, verbose=0).argmax(axis=1)
    Calibration(images[:20], labels[:20], images[20:], labels[20:]).save(run.calibration_path)
    names = ("ant", "bee", "cow")
    run.write_record(run_record(class_names=names, data="glyphs", preset="tiny"))
    return run.path


@pytest.fixture(scope="module")
def file_path(run_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    from edge_export import ExportConfig, export_run

    path = tmp_path_factory.mktemp("file") / "digits.onnx"
    return export_run(ExportConfig(run=run_path, output=path), str).path


def test_export_prints_what_was_made_and_what_to_try(
    edge_mnist, run_path: Path, tmp_path: Path
) -> None:
    target = tmp_path / "my digits.onnx"
    ran = edge_mnist("export", run_path, "-o", target, "--quantize", "--no-verify")
    assert (ran.code, ran.err) == (0, "")
    assert target.is_file()
    assert "tiny, int8, trained on glyphs" in ran.out
    for row in ("size in float32", "validation accuracy", "top-1 agreement", "reject threshold"):
        assert row in ran.out
    assert f"edge-mnist predict some.png --model '{target}'" in ran.out


def test_export_replaces_a_file_with_force_only(
    edge_mnist, run_path: Path, file_path: Path
) -> None:
    before = file_path.stat().st_mtime_ns
    ran = edge_mnist("export", run_path, "-o", file_path)
    assert ran.code == 1
    assert "--force" in ran.err
    assert file_path.stat().st_mtime_ns == before
    assert edge_mnist("export", run_path, "-o", file_path, "--force").code == 0


def test_export_outside_the_limits_fails_and_leaves_nothing(
    edge_mnist, run_path: Path, tmp_path: Path
) -> None:
    target = tmp_path / "digits.onnx"
    ran = edge_mnist("export", run_path, "-o", target, "--quantize", "--max-delta", "0")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.count("\n") == 1
    assert "probability differs by" in ran.err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (("export", "no-run"), 1, "edge-mnist train"),
        (("export", "RUN", "--min-agreement", "120"), 2, "found 120"),
        (("export", "RUN", "--four-bit"), 2, "--quantize"),
        (("verify", "RUN", "foreign.onnx"), 1, "foreign.onnx"),
    ],
)
def test_mistakes_are_one_line(
    edge_mnist, run_path: Path, tmp_path: Path, monkeypatch, words, code: int, message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("foreign.onnx").write_bytes(b"not a model")
    ran = edge_mnist(*(run_path if word == "RUN" else word for word in words))
    assert (ran.code, ran.out) == (code, "")
    assert message in ran.err
    assert ran.err.count("\n") == 1


def test_missing_module_of_the_extra_is_named(edge_mnist, run_path: Path, monkeypatch) -> None:
    monkeypatch.setattr("edge_mnist.startup.find_spec", lambda name: name != "tf2onnx" or None)
    for words in (("export", run_path), ("verify", run_path, "x.onnx")):
        ran = edge_mnist(*words)
        assert ran.code == 1
        assert "tf2onnx: pip install 'edge-mnist[export]'" in ran.err


def test_verify_prints_a_table(edge_mnist, run_path: Path, file_path: Path) -> None:
    ran = edge_mnist("verify", run_path, file_path)
    assert ran.code == 0
    for text in ("float32", "20 test images", "within the limits", "0 of 20"):
        assert text in ran.out


@pytest.mark.parametrize(("limits", "code"), [((), 0), (("--max-delta", "0"), 1)])
def test_verify_prints_json_and_exits_with_1_outside_the_limits(
    edge_mnist, run_path: Path, file_path: Path, limits: tuple[str, ...], code: int
) -> None:
    ran = edge_mnist("verify", run_path, file_path, "--json", *limits)
    report = json.loads(ran.out)
    assert ran.code == code
    assert report["passed"] is (code == 0)
    assert (report["n"], report["agreement"]) == (20, 1.0)
    assert ran.err.count("\n") == code


def test_verify_draws_the_changed_images(
    edge_mnist, run_path: Path, file_path: Path, tmp_path: Path
) -> None:
    picture = tmp_path / "changed.png"
    assert edge_mnist("verify", run_path, file_path, "--show-changed", picture).code == 0
    assert cv2.imread(str(picture)) is not None


def test_no_library_prints_on_the_terminal(run_path: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "edge_mnist", "export", run_path, "-o", tmp_path / "x.onnx"]
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("TF_", "EDGE_MNIST_"))
    }
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    assert done.stderr == ""
    assert len(done.stdout.splitlines()) <= 16
