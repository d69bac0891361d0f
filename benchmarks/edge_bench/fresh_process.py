"""Measurements that need a new process: the cold start, and the memory of one case."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from dataclasses import asdict
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import numpy as np

from edge_bench import worker
from edge_bench.summary import Case, Memory
from edge_bench.timing import Turn
from edge_infer.errors import RunError

_STEPS: Final = ("interpreter_ms", "import_ms", "session_ms", "first_run_ms")
_TIMEOUT_S: Final = 120.0


class ColdStart:
    """A subject that starts one process per turn and times it up to its first label."""

    def __init__(self, model: str, threads: int) -> None:
        self._arguments = ["cold", model, str(threads)]
        self.memory = Memory()

    def warm_up(self, limit_s: float) -> None:
        """Do nothing: this process has read the same files, so the system caches them."""

    def turn(self) -> Turn:
        """Start one process.

        The parts are the durations of the steps (start of the interpreter, imports, loading
        of the model, first inference) and ``cpu_ms``, the processor time of all steps.
        """
        started_s = time.perf_counter()
        document = _run_worker(self._arguments)
        self.memory = Memory(*document["memory"])
        moments_s = [started_s, *document["moments"].values()]
        steps_ms = [1e3 * (after - before) for before, after in pairwise(moments_s)]
        seconds = np.array([moments_s[-1] - started_s])
        parts = {"cpu_ms": 1e3 * document["cpu_s"], **dict(zip(_STEPS, steps_ms, strict=True))}
        return Turn(seconds, parts)


def measure_memory(case: Case, model: str, pictures: Path) -> Memory:
    """Measure the memory of a process that runs one case with one model.

    Args:
        case: The case; not of the scenario ``cold``.
        model: Name of a shipped model, or path of a file.
        pictures: Folder of the pictures.

    Raises:
        RunError: The process fails.
    """
    words = {"case": asdict(case), "model": model, "pictures": str(pictures)}
    return Memory(*_run_worker(["memory", json.dumps(words)]))


def _run_worker(arguments: list[str]) -> Any:
    """Run the worker in a new interpreter and return the JSON value of its last line."""
    # -P keeps the worker's folder off the path: its modules are not top-level modules.
    command = [sys.executable, "-P", str(worker.__file__), *arguments]
    try:
        result = subprocess.run(
            command, capture_output=True, text=True, check=True, timeout=_TIMEOUT_S
        )
        return json.loads(result.stdout.splitlines()[-1])
    except (OSError, subprocess.SubprocessError, ValueError, IndexError) as error:
        output = str(getattr(error, "stderr", None) or error)
        last = output.strip().splitlines()[-1]
        raise RunError(f"a new process ({arguments[0]}) failed: {last}", code="worker") from error
