"""`edge-mnist export` and `edge-mnist verify`, called as a person calls them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from edge_infer.model.run_folder import Calibration, RunFolder, RunRecord

Run = Callable[..., int]


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
    run.write_record(
        RunRecord(
            config={},
            class_names=("ant", "bee", "cow"),
            data="glyphs",
            data_sha256="0" * 64,
            preset="tiny",
            parameters=model.count_params(),
            seed=0,
            epochs=1,
            best_epoch=1,
            train_images=20,
            validation_accuracy=1.0,
            test_accuracy=1.0,
            training_time_s=1.0,
            inference_time_ms=1.0,
            augmentation_share=0.0,
            versions={},
            machine="a test",
            finished_at="2025-01-01T00:00:00Z",
        )
    )
    return run.path


@pytest.fixture
def edge_mnist(monkeypatch: pytest.MonkeyPatch) -> Run:
    """Return ``run(*words)``: the command line in this process, giving its exit code."""
    from edge_mnist.__main__ import main

    def run(*words: str | Path) -> int:
        monkeypatch.setattr(sys, "argv", ["edge-mnist", *map(str, words)])
        with pytest.raises(SystemExit) as stop:
            main()
        return int(stop.value.code or 0)

    return run


@pytest.fixture(scope="module")
def file_path(run_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    from edge_export import ExportConfig, export_run

    path = tmp_path_factory.mktemp("file") / "digits.onnx"
    return export_run(ExportConfig(run=run_path, output=path), str).path


def test_export_prints_what_was_made_and_what_to_try(
    edge_mnist: Run, run_path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "my digits.onnx"
    assert edge_mnist("export", run_path, "-o", target, "--quantize", "--no-verify") == 0
    out, err = capsys.readouterr()
    assert target.is_file()
    assert "tiny, int8, trained on glyphs" in out
    for row in ("size in float32", "validation accuracy", "top-1 agreement", "reject threshold"):
        assert row in out
    assert f"edge-mnist predict some.png --model '{target}'" in out
    assert err == ""


def test_export_refuses_to_overwrite_without_force(
    edge_mnist: Run, run_path: Path, file_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = file_path.stat().st_mtime_ns
    assert edge_mnist("export", run_path, "-o", file_path) == 1
    assert "exists already; give --force" in capsys.readouterr().err
    assert file_path.stat().st_mtime_ns == before
    assert edge_mnist("export", run_path, "-o", file_path, "--force") == 0


def test_export_outside_the_limits_fails_and_leaves_nothing(
    edge_mnist: Run, run_path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "digits.onnx"
    assert edge_mnist("export", run_path, "-o", target, "--quantize", "--max-delta", "0") == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert "was not kept" in err
    assert list(tmp_path.iterdir()) == []


def test_export_of_no_run_says_how_to_make_one(
    edge_mnist: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert edge_mnist("export", tmp_path / "no") == 1
    assert "make one with `edge-mnist train`" in capsys.readouterr().err


def test_export_refuses_a_limit_that_makes_no_sense(
    edge_mnist: Run, run_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert edge_mnist("export", run_path, "--min-agreement", "120") == 2
    assert "--min-agreement must lie in 0-100, found 120" in capsys.readouterr().err


@pytest.mark.parametrize("verb", ["export", "verify"])
def test_missing_extra_is_named(
    edge_mnist: Run,
    run_path: Path,
    verb: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("edge_mnist.extras.find_spec", lambda name: name != "tf2onnx" or None)
    words = ("x.onnx",) if verb == "verify" else ()
    assert edge_mnist(verb, run_path, *words) == 1
    err = capsys.readouterr().err
    assert f"`edge-mnist {verb}` needs tf2onnx: pip install 'edge-mnist[export]'" in err


def test_verify_prints_a_table(
    edge_mnist: Run, run_path: Path, file_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert edge_mnist("verify", run_path, file_path) == 0
    out = capsys.readouterr().out
    assert "float32 file against Keras, 20 test images" in out
    assert "within the limits" in out
    assert "0 of 20" in out


def test_verify_prints_json_and_nothing_else(
    edge_mnist: Run, run_path: Path, file_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert edge_mnist("verify", run_path, file_path, "--json") == 0
    report = json.loads(capsys.readouterr().out)
    assert report["passed"] is True
    assert (report["n"], report["agreement"]) == (20, 1.0)


def test_verify_outside_the_limits_exits_with_1_after_its_report(
    edge_mnist: Run, run_path: Path, file_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert edge_mnist("verify", run_path, file_path, "--json", "--max-delta", "0") == 1
    out, err = capsys.readouterr()
    assert json.loads(out)["passed"] is False
    assert "differs too much from Keras" in err


def test_verify_draws_the_changed_images(
    edge_mnist: Run, run_path: Path, file_path: Path, tmp_path: Path
) -> None:
    picture = tmp_path / "changed.png"
    assert edge_mnist("verify", run_path, file_path, "--show-changed", picture) == 0
    assert cv2.imread(str(picture)) is not None


def test_verify_names_a_foreign_file(
    edge_mnist: Run, run_path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    foreign = tmp_path / "foreign.onnx"
    foreign.write_bytes(b"not a model")
    assert edge_mnist("verify", run_path, foreign) == 1
    assert "foreign.onnx" in capsys.readouterr().err


def test_no_library_talks_to_the_terminal(run_path: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "edge_mnist", "export", run_path, "-o", tmp_path / "x.onnx"]
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("TF_", "EDGE_MNIST_"))
    }
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    assert done.stderr == ""
    assert len(done.stdout.splitlines()) <= 16
