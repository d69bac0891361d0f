"""`edge-mnist doctor`, on this machine and on machines that lack something."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest


def run(*arguments: str, python_path: Path | None = None) -> subprocess.CompletedProcess[str]:
    path = {"PYTHONPATH": str(python_path)} if python_path else {}
    return subprocess.run(
        [sys.executable, "-m", "edge_mnist", *arguments],
        capture_output=True,
        text=True,
        env={**os.environ, "COLUMNS": "200", **path},
        timeout=60,
        check=False,
    )


def line(output: str, subject: str) -> str:
    return next(row for row in output.splitlines() if row[4:].startswith(subject))


@pytest.fixture
def without_libgl(tmp_path: Path) -> Path:
    """A machine where importing OpenCV fails as it does without libGL."""
    message = "libGL.so.1: cannot open shared object file: No such file or directory"
    (tmp_path / "cv2.py").write_text(f"raise ImportError({message!r})\n")
    return tmp_path


def test_doctor_reports_what_stands_here() -> None:
    import onnxruntime

    result = run("doctor")
    assert result.returncode == 0, result.stderr
    assert onnxruntime.__version__ in line(result.stdout, "onnxruntime")
    assert "CPUExecutionProvider" in line(result.stdout, "onnxruntime")
    assert "opencv" in line(result.stdout, "OpenCV")
    for subject in ("CPU", "int8", "window", "cameras", "[train]", "[export]", "[bench]", "[dev]"):
        assert line(result.stdout, subject)[:2] in {"ok", "--"}
    assert "\x1b" not in result.stdout


def test_doctor_without_libgl_says_how_to_mend_it(without_libgl: Path) -> None:
    result = run("doctor", python_path=without_libgl)
    assert result.returncode == 1
    assert line(result.stdout, "OpenCV").startswith("!!")
    assert "apt install libgl1" in result.stdout
    assert "opencv-python-headless" in result.stdout
    assert line(result.stdout, "[train]")
    assert result.stderr == ""


def test_doctor_prints_brackets_as_they_are(capsys: pytest.CaptureFixture[str]) -> None:
    from edge_mnist.diagnosis import Finding
    from edge_mnist.diagnosis_view import print_findings

    print_findings([Finding("[train]", "pip install 'edge-mnist[train]'")])
    assert "[train]" in capsys.readouterr().out.split("'edge-mnist")[1]


def test_predict_without_libgl_is_one_line(without_libgl: Path) -> None:
    result = run("predict", "digit.png", python_path=without_libgl)
    assert result.returncode == 1
    assert result.stderr.startswith("error: OpenCV needs libGL")
    assert len(result.stderr.splitlines()) == 1


def test_doctor_says_what_a_missing_extra_would_give(monkeypatch: pytest.MonkeyPatch) -> None:
    from edge_mnist import diagnosis, extras

    monkeypatch.setattr(extras, "find_spec", lambda module: None)
    texts = {finding.subject: finding for finding in diagnosis.diagnose()}
    assert texts["[train]"].state == diagnosis.NOTE
    assert "pip install 'edge-mnist[train]' gives edge-mnist train" in texts["[train]"].text
    assert "tensorflow" in texts["[export]"].text
