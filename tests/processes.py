"""Helpers for tests that need the command line in a process of its own."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

EDGE_MNIST = (sys.executable, "-m", "edge_mnist")


def wait_for(condition: Callable[[], object], timeout_s: float = 30.0) -> None:
    """Wait until a condition holds."""
    deadline_s = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline_s, "the condition did not hold in time"
        time.sleep(0.01)


def json_lines(text: str) -> list[dict[str, Any]]:
    """Return the objects of JSON Lines."""
    return [json.loads(line) for line in text.splitlines()]


def hear_interrupts() -> None:
    """Undo that a shell ignores interrupts for the programs it starts in the background."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


def interrupt(command: Sequence[str], when: Callable[[subprocess.Popen[bytes]], object]) -> None:
    """Start a command, interrupt it when a condition holds, and check that it ends cleanly."""
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        preexec_fn=hear_interrupts,
    ) as process:
        wait_for(lambda: when(process))
        process.send_signal(signal.SIGINT)
        _, stderr = process.communicate(timeout=10)
    assert b"Traceback" not in stderr
    assert process.returncode == 130


def run_on_terminal(command: Sequence[str], folder: Path) -> tuple[int, bytes]:
    """Run a command on a terminal; return its exit code and what the terminal received."""
    environment = {**os.environ, "COLUMNS": "120", "TERM": "xterm-256color"}
    environment.pop("NO_COLOR", None)
    controller, terminal = pty.openpty()
    process = subprocess.Popen(
        command, stdout=terminal, stderr=terminal, cwd=folder, env=environment
    )
    os.close(terminal)
    seen = b""
    with suppress(OSError):  # The other end was closed.
        while part := os.read(controller, 4096):
            seen += part
    os.close(controller)
    return process.wait(10), seen


def peak_kib(command: Sequence[str]) -> int:
    """Return the peak memory of a command."""
    program = (
        "import resource, subprocess, sys; subprocess.run(sys.argv[1:], stdout=-3, stderr=-3); "
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
    )
    ran = subprocess.run([sys.executable, "-c", program, *command], capture_output=True, check=True)
    return int(ran.stdout)
