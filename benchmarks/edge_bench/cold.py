"""The cold start: a fresh process for every call, its steps told apart."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import numpy as np

from edge_bench import cold_worker
from edge_bench.interleaved import Turn
from edge_bench.summary import Memory
from edge_infer.errors import RunError

_STEPS: Final = ("interpreter_ms", "import_ms", "session_ms", "first_run_ms")
_TIMEOUT_S: Final = 120.0


class ColdStart:
    """A subject that starts a process a turn, from its start to its first answer."""

    def __init__(self, model: str, threads: int) -> None:
        self._words = [str(cold_worker.__file__), model, str(threads)]
        self.memory = Memory()

    def warm_up(self, limit_s: float) -> None:
        """Do nothing: this process has loaded the same files, they are in the system's cache."""

    def turn(self) -> Turn:
        """Start one process.

        The parts are the steps: the interpreter's own start, the imports of the runtime,
        the loading of the model with its checks, and the first run; and ``cpu_ms``, the
        processor time of all.
        """
        started_s = time.perf_counter()
        document = run_python(self._words)
        self.memory = Memory(*document["memory"])
        moments_s = [started_s, *document["moments"].values()]
        steps_ms = [1e3 * (after - before) for before, after in pairwise(moments_s)]
        seconds = np.array([moments_s[-1] - started_s])
        parts = {"cpu_ms": 1e3 * document["cpu_s"], **dict(zip(_STEPS, steps_ms, strict=True))}
        return Turn(seconds, parts)


def run_python(words: list[str]) -> Any:
    """Run a program of ours in a fresh interpreter and return the JSON of its last line.

    Args:
        words: After the interpreter: a file or ``-m`` and a module, and its arguments.

    Raises:
        RunError: It fails, or answers no JSON.
    """
    # -P: the folder of the file, whose modules are no top-level ones, stays off the path.
    command = [sys.executable, "-P", *words]
    try:
        result = subprocess.run(
            command, capture_output=True, text=True, check=True, timeout=_TIMEOUT_S
        )
        return json.loads(result.stdout.splitlines()[-1])
    except (OSError, subprocess.SubprocessError, ValueError, IndexError) as error:
        said = getattr(error, "stderr", None) or str(error)
        last = str(said).strip().splitlines()[-1]
        name = Path(words[-1] if words[0] != "-m" else words[1]).name
        raise RunError(f"a fresh process ({name}) failed: {last}", code="worker") from error
