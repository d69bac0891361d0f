"""The script for emulated CPUs, with shell scripts in the place of QEMU."""

from __future__ import annotations

import importlib.metadata
import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "benchmarks/parity_cpus.py"
CPUS = ("cortex-a53", "cortex-a72", "cortex-a76")

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the emulators run on Linux")


def run(cache: Path, *words: str, path: str = os.environ["PATH"]) -> tuple[int, str]:
    """Return exit status and standard output."""
    done = subprocess.run(
        [sys.executable, str(SCRIPT), "--quick", "--cache", str(cache), *words],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PATH": path},
    )
    return done.returncode, done.stdout


def fake_emulators(cache: Path, body: str) -> None:
    """Fill a cache as the script does, with a shell script for QEMU; ``$2`` is the CPU."""
    versions = [importlib.metadata.version(name) for name in ("numpy", "onnxruntime")]
    opencv = importlib.metadata.version("opencv-python")
    for folder in (*CPUS, "-".join(("wheels", "3.11", *versions, opencv)), "arm64/usr/bin"):
        (cache / folder).mkdir(parents=True)
    (cache / "arm64/usr/bin/python3.11").touch()
    programs = cache / "qemu/usr/bin"
    programs.mkdir(parents=True)
    for architecture in ("x86_64", "aarch64"):
        program = programs / f"qemu-{architecture}-static"
        program.write_text(f"#!/bin/sh\n{body}\n")
        program.chmod(0o755)


def test_without_debian_it_is_skipped_with_a_reason(tmp_path: Path) -> None:
    status, output = run(tmp_path / "cache", path=str(tmp_path))
    assert status == 0
    assert output.startswith("skipped: ")
    assert not list(tmp_path.glob("cache/*"))


def test_the_same_answers_are_a_table_of_every_cpu(tmp_path: Path) -> None:
    fake_emulators(tmp_path / "cache", "exit 0")
    status, output = run(tmp_path / "cache", "--results", str(tmp_path))
    assert status == 0
    assert (tmp_path / "parity.md").read_text() == output
    rows = [line.split(" | ") for line in output.splitlines() if " | same | " in line]
    assert len(rows) >= 1 + len(CPUS)


@pytest.mark.parametrize(
    ("answer", "exit_status", "outcome"),
    [("tensors/drawn: expected a", 1, "differs"), ("Segmentation fault", 139, "failed")],
)
def test_another_answer_or_a_crash_fails_and_is_shown(
    tmp_path: Path, answer: str, exit_status: int, outcome: str
) -> None:
    stream = 1 if outcome == "differs" else 2
    body = f'[ "$2" != cortex-a72 ] || {{ echo "{answer}" >&{stream}; exit {exit_status}; }}'
    fake_emulators(tmp_path / "cache", body)
    status, output = run(tmp_path / "cache")
    assert status == 1
    (row,) = (line for line in output.splitlines() if f" | {outcome} | " in line)
    assert "Cortex-A72" in row
    assert answer in output
