"""`edge-mnist train` as a person runs it: in a process of its own, killed and resumed."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

RunCli = Callable[..., subprocess.CompletedProcess[str]]
# Small but not too quick: a kill must find the training under way.
TRAINING = ["train", "--data", "digits", "--preset", "edge", "--epochs", "8", "--seed", "4"]


def command(*arguments: object) -> list[str]:
    return [sys.executable, "-m", "edge_mnist", *map(str, arguments)]


def environment(**extra: str) -> dict[str, str]:
    return {**os.environ, "CUDA_VISIBLE_DEVICES": "", "COLUMNS": "120", **extra}


def run(*arguments: object, **extra: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(*arguments),
        capture_output=True,
        text=True,
        env=environment(**extra),
        timeout=300,
        check=False,
    )


def hear_interrupts() -> None:
    """Undo what a shell does to the programs that it starts in the background."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


def start_and_stop(out: Path, signal_number: int) -> subprocess.CompletedProcess[str]:
    """Start the training, send a signal after its second epoch of eight, and wait for its end."""
    process = subprocess.Popen(
        command(*TRAINING, "--out", out),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(),
        preexec_fn=hear_interrupts,
    )
    history = out / "history.csv"
    deadline_s = time.monotonic() + 120
    while not history.is_file() or len(history.read_text().splitlines()) < 3:
        assert process.poll() is None, process.stderr.read() if process.stderr else ""
        assert time.monotonic() < deadline_s
        time.sleep(0.005)
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


def test_train_lists_presets(tmp_path: Path) -> None:
    result = run("train", "--list-presets")
    assert result.returncode == 0
    assert "225,034 parameters" in result.stdout
    assert "MACs" in result.stdout
    line = "adamw, 40 epochs in batches of 128, learning rate 0.003, no early stop"
    assert f"recipe default: {line}, blur folded\nrecipe teacher: {line}\n" in result.stdout
    assert result.stderr == ""


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["--preset", "egde"], 2, "did you mean 'edge'"),
        (["--data", "/nowhere/at/all"], 1, "/nowhere/at/all"),
        (["--seed", "5000000000"], 2, "seed must lie in 0-4294967295"),
        (["--learning-rate", "nan"], 2, "learning_rate must be above 0, found nan"),
        (["--out", "/dev/null/run"], 1, "cannot write"),
    ],
)
def test_train_bad_requests_are_one_clear_line(
    tmp_path: Path, arguments: list[str], code: int, words: str
) -> None:
    result = run("train", "--data", "digits", "--out", tmp_path / "run", *arguments)
    assert result.returncode == code, result.stderr
    assert words in result.stderr
    assert "Traceback" not in result.stderr


def test_resume_of_nothing_is_one_clear_line(tmp_path: Path) -> None:
    result = run("train", "--resume", tmp_path)
    assert result.returncode == 1
    assert "holds no unfinished run" in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_resume_takes_no_other_options(tmp_path: Path) -> None:
    result = run("train", "--resume", tmp_path, "--epochs", "9", "--data", "digits")
    assert result.returncode == 2
    assert "--resume takes no other options: leave out" in result.stderr
    assert "--epochs" in result.stderr
    assert "--data" in result.stderr


def test_train_on_a_full_disk_leaves_nothing_half_written(tmp_path: Path) -> None:
    out = tmp_path / "run"
    result = subprocess.run(
        command(*TRAINING, "--out", out),
        capture_output=True,
        text=True,
        env=environment(),
        timeout=120,
        check=False,
        # No file over 100 kB can be written, as on a disk with no more room.
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000)),
    )
    assert result.returncode == 1
    assert "error: cannot write" in result.stderr
    assert "Traceback" not in result.stderr
    assert list(out.iterdir()) == []


def test_train_without_its_extra_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from edge_infer.errors import MissingExtraError
    from edge_mnist import extras

    monkeypatch.setattr(extras, "find_spec", lambda module: None)
    with pytest.raises(MissingExtraError, match=r"pip install 'edge-mnist\[train\]'"):
        extras.require("train", "train")
