"""The parent's end of a worker."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import numpy as np

from edge_bench.interleaved import Turn
from edge_bench.peers.stacks import Stack
from edge_infer.errors import MissingExtraError, RunError

_GOODBYE_S: Final = 5


class PeerProcess:
    """A context manager; the worker ends with it."""

    def __init__(
        self, stack: Stack, threads: int, folder: Path, *, command: Sequence[str] | None = None
    ) -> None:
        """Start the worker and wait until its runtime is imported.

        Args:
            stack: The runtime.
            threads: It works with so many, on so many cores.
            folder: Files of the network.
            command: Of the worker; None for the one of this package.

        Raises:
            MissingExtraError: The runtime is not installed; the message says how to.
            RunError: The worker speaks another language.
        """
        self.stack, self.threads = stack, threads
        usual = (sys.executable, "-m", "edge_bench.peers.worker")
        self._process = subprocess.Popen(
            [*(command or usual), stack.key, str(threads), str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            encoding="utf-8",
        )
        try:
            greeting = self._hear()
            if "missing" in greeting:
                raise MissingExtraError(
                    f"{stack.name}: not installed ({greeting['missing']}); {stack.how_to_install}"
                )
            self.version = str(greeting["version"])
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        """Return the process."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End the worker."""
        self.close()

    def class_ids(self, form: str) -> list[int]:
        """Have all images classified.

        Raises:
            RunError: The runtime cannot.
        """
        found: list[int] = self._ask({"do": "answer", "form": form})["class_ids"]
        return found

    def warm_up(self, form: str, batch: int) -> None:
        """Do untimed work until a turn is worth something."""
        self._ask({"do": "warm_up", "form": form, "batch": batch})

    def turn(self, form: str, batch: int) -> Turn:
        """Work for a moment."""
        answer = self._ask({"do": "turn", "form": form, "batch": batch})
        return Turn(np.array(answer["seconds"]))

    def close(self) -> None:
        """End the worker, also one that hangs."""
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with suppress(OSError):  # What was not sent to one that has died.
                    pipe.close()
        try:
            self._process.wait(_GOODBYE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _ask(self, question: dict[str, Any]) -> dict[str, Any]:
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(question) + "\n")
            self._process.stdin.flush()
        except OSError as error:
            raise RunError(f"{self.stack.name}: its process has ended") from error
        answer = self._hear()
        if "error" in answer:
            raise RunError(f"{self.stack.name}, {question['form']}: {answer['error']}")
        return answer

    def _hear(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        try:
            answer: dict[str, Any] = json.loads(line)
        except ValueError as error:
            said = f"said {line.strip()!r}" if line else "ended without an answer"
            raise RunError(f"{self.stack.name}: its process {said}") from error
        return answer
