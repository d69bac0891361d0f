"""`edge-mnist doctor`, on this machine and on machines that lack something."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest


def run(*arguments: str, python_path: Path) -> subprocess.CompletedProcess[str]:
    path = os.pathsep.join([str(python_path), *sys.path])
    return subprocess.run(
        [sys.executable, "-m", "edge_mnist", *arguments],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": path},
        timeout=60,
        check=False,
    )


def line(output: str, subject: str) -> str:
    return next(row for row in output.splitlines() if row[4:].startswith(subject))


@pytest.fixture
def without_libgl(tmp_path: Path) -> Path:
    """A folder of modules in which importing OpenCV fails as it does without libGL."""
    message = "libGL.so.1: cannot open shared object file: No such file or directory"
    (tmp_path / "cv2.py").write_text(f"raise ImportError({message!r})\n")
    return tmp_path


def test_doctor_reports_what_is_installed(edge_mnist) -> None:
    import onnxruntime

    ran = edge_mnist("doctor")
    assert (ran.code, ran.err) == (0, "")
    assert onnxruntime.__version__ in line(ran.out, "onnxruntime")
    assert "CPUExecutionProvider" in line(ran.out, "onnxruntime")
    assert "opencv" in line(ran.out, "OpenCV")
    for subject in ("CPU", "int8", "window", "cameras", "model edge", "[train]", "[bench]"):
        assert line(ran.out, subject)[:2] in {"ok", "--"}


def test_doctor_without_libgl_says_how_to_install_it(without_libgl: Path) -> None:
    ran = run("doctor", python_path=without_libgl)
    assert (ran.returncode, ran.stderr) == (1, "")
    assert line(ran.stdout, "OpenCV").startswith("!!")
    assert "apt install libgl1" in ran.stdout
    assert "opencv-python-headless" in ran.stdout
    assert line(ran.stdout, "[train]")


def test_predict_without_libgl_is_one_line(without_libgl: Path) -> None:
    ran = run("predict", "digit.png", python_path=without_libgl)
    assert ran.returncode == 1
    assert ran.stderr.startswith("error: OpenCV needs libGL")
    assert len(ran.stderr.splitlines()) == 1


def test_doctor_names_missing_extras_and_their_purpose(edge_mnist, monkeypatch) -> None:
    monkeypatch.setattr("edge_mnist.startup.find_spec", lambda _: None)
    ran = edge_mnist("doctor")
    assert ran.code == 0
    train = line(ran.out, "[train]")
    assert train.startswith("--")
    assert "tensorflow" in train
    assert "pip install 'edge-mnist[train]' for edge-mnist train" in train
