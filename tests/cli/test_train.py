"""`edge-mnist train`: killed and resumed in processes of its own, and what it refuses."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
from pathlib import Path

import pytest
from processes import EDGE_MNIST, hear_interrupts, wait_for

# Small but not too fast: a signal must arrive during the training.
TRAINING = ("train", "--data", "digits", "--preset", "edge", "--epochs", "8", "--seed", "4")
ENVIRONMENT = {**os.environ, "CUDA_VISIBLE_DEVICES": "", "COLUMNS": "120"}


def run(*arguments: object, **options: object) -> subprocess.CompletedProcess[str]:
    command = [*EDGE_MNIST, *map(str, arguments)]
    settings = {"capture_output": True, "text": True, "timeout": 300, "env": ENVIRONMENT}
    return subprocess.run(command, check=False, **settings, **options)


def start_and_stop(out: Path, signal_number: int) -> subprocess.CompletedProcess[str]:
    """Start the training, send a signal after its second epoch, and wait for its end."""
    process = subprocess.Popen(
        [*EDGE_MNIST, *TRAINING, "--out", str(out)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=ENVIRONMENT,
        preexec_fn=hear_interrupts,
    )
    history = out / "history.csv"

    def has_two_epochs() -> bool:
        assert process.poll() is None, process.stderr.read() if process.stderr else ""
        return history.is_file() and len(history.read_text().splitlines()) >= 3

    wait_for(has_two_epochs, 120)
    process.send_signal(signal_number)
    stdout, stderr = process.communicate(timeout=60)
    return subprocess.CompletedProcess(process.args, process.returncode, stdout, stderr)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("runs") / "whole"
    result = run(*TRAINING, "--out", out)
    assert result.returncode == 0, result.stderr
    assert "test accuracy" in result.stdout
    assert f"next: edge-mnist export {out} --quantize" in result.stdout
    assert "epoch   8/8" in result.stderr
    assert "\x1b[" not in result.stdout + result.stderr
    return out


@pytest.mark.slow
@pytest.mark.parametrize("signal_number", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
def test_train_resumed_after_a_signal_ends_as_undisturbed(
    undisturbed: Path, tmp_path: Path, signal_number: int
) -> None:
    out = tmp_path / "run"
    stopped = start_and_stop(out, signal_number)
    assert not (out / "model.keras").exists(), stopped.stderr
    if signal_number != signal.SIGKILL:
        assert stopped.returncode == 130
        assert f"go on with: edge-mnist train --resume {out}" in stopped.stderr
        assert "Traceback" not in stopped.stderr
    resumed = run("train", "--resume", out)
    assert resumed.returncode == 0, resumed.stderr
    record, expected = (json.loads((path / "run.json").read_text()) for path in (out, undisturbed))
    for name in ("validation_accuracy", "test_accuracy", "best_epoch", "epochs"):
        assert record[name] == expected[name]
    figures = [
        [line.split(",")[:6] for line in (path / "history.csv").read_text().splitlines()]
        for path in (out, undisturbed)
    ]
    assert figures[0] == figures[1]


@pytest.mark.slow
def test_train_on_a_full_disk_leaves_nothing_half_written(tmp_path: Path) -> None:
    out = tmp_path / "run"
    # No file over 100 kB can be written, as on a full disk.
    limit = (100_000, 100_000)
    result = run(
        *(*TRAINING, "--out", out),
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, limit),
    )
    assert result.returncode == 1
    assert "error: cannot write" in result.stderr
    assert "Traceback" not in result.stderr
    assert list(out.iterdir()) == []


def test_train_lists_presets(edge_mnist) -> None:
    pytest.importorskip("tensorflow")
    ran = edge_mnist("train", "--list-presets")
    assert (ran.code, ran.err) == (0, "")
    assert "225,034 parameters" in ran.out
    assert "MACs" in ran.out
    line = "adamw, 40 epochs in batches of 128, learning rate 0.003, no early stop"
    assert any(row.startswith(f"recipe teacher: {line}") for row in ran.out.splitlines())
