"""A quick start: threads and garbage that nobody needs."""

import subprocess
import sys
from pathlib import Path

import pytest

QUICKLY = "from edge_mnist.quick_start import start_and_end_quickly as go; go()\n"


def run(program: str) -> list[str]:
    ran = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    return ran.stdout.split()


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="threads are counted on Linux")
def test_numpy_starts_no_threads() -> None:
    program = "import os, numpy; print(len(os.listdir('/proc/self/task')))"
    assert run(QUICKLY + program) == ["1"]


def test_objects_are_frozen_at_the_end_and_not_before() -> None:
    # Handlers run in reverse: this one, registered first, is the last.
    program = "import atexit, gc; atexit.register(lambda: print(gc.get_freeze_count() > 0))\n"
    assert run(program + QUICKLY + "print(gc.get_freeze_count() > 0)") == ["False", "True"]


def test_wish_for_more_threads_is_respected(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "3")
    assert run(QUICKLY + "import os; print(os.environ['OPENBLAS_NUM_THREADS'])") == ["3"]
