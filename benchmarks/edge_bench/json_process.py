"""A program of its own that is asked in JSON Lines: a question a line in, an answer a line out.

So are runtimes and readers of pages beside ours: each with its libraries and threads apart.
The program greets with ``{"version": ...}``, or with ``{"missing": ...}`` where what it needs is
not installed, says ``{"error": ...}`` to what it fails at, and ends with its input.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from types import TracebackType
from typing import Any, Final, Self

from edge_infer.errors import MissingExtraError, RunError

_GOODBYE_S: Final = 5


class JsonProcess:
    """A context manager; the program ends with it.

    Attributes:
        name: For people.
        version: Of what works in the program, as it told.
    """

    def __init__(self, name: str, command: Sequence[str], *, how_to_install: str) -> None:
        """Start the program and wait for its greeting.

        Args:
            name: For people.
            command: The program and its arguments.
            how_to_install: What it needs.

        Raises:
            MissingExtraError: It cannot be started, or something is not installed for it; the
                message says how to.
            RunError: It speaks another language.
        """
        self.name = name
        try:
            # A line is a message: both sides flush after each.
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                encoding="utf-8",
            )
        except OSError as error:
            raise MissingExtraError(
                f"{name}: cannot start {command[0]} ({error.strerror}); {how_to_install}"
            ) from error
        try:
            greeting = self._hear()
            if "missing" in greeting:
                raise MissingExtraError(
                    f"{name}: not installed ({greeting['missing']}); {how_to_install}"
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
        """End the program."""
        self.close()

    def ask(self, question: Mapping[str, Any], *, about: str) -> dict[str, Any]:
        """Ask and wait for the answer.

        Args:
            question: As JSON.
            about: What it is about, for the message of a failure.

        Raises:
            RunError: The program fails at it, or has ended.
        """
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(question) + "\n")
            self._process.stdin.flush()
        except OSError as error:
            raise RunError(f"{self.name}: its process has ended") from error
        answer = self._hear()
        if "error" in answer:
            raise RunError(f"{self.name}, {about}: {answer['error']}")
        return answer

    def close(self) -> None:
        """End the program, also one that hangs."""
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with suppress(OSError):  # What was not sent to one that has died.
                    pipe.close()
        try:
            self._process.wait(_GOODBYE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _hear(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        try:
            answer: dict[str, Any] = json.loads(line)
        except ValueError as error:
            said = f"said {line.strip()!r}" if line else "ended without an answer"
            raise RunError(f"{self.name}: its process {said}") from error
        return answer
