"""A child process that answers requests in JSON Lines, one line each.

Other runtimes and OCR programs are measured in such processes, each with its own libraries
and threads. The process first writes ``{"version": ...}``, or ``{"missing": ...}`` where a
library is not installed. It answers ``{"error": ...}`` where a request fails, and ends with
its input.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any, Final

from edge_infer.errors import MissingExtraError, RunError

_EXIT_TIMEOUT_S: Final = 5


class JsonProcess:
    """The child process; :meth:`close` ends it.

    Attributes:
        name: Name for people.
        version: Version of the library that works in the process.
        greeting: The first line that the process wrote.
    """

    def __init__(self, name: str, command: Sequence[str], *, how_to_install: str) -> None:
        """Start the process and wait for its first line.

        Args:
            name: Name for people.
            command: Program and arguments.
            how_to_install: Command that installs what the process needs, for the message.

        Raises:
            MissingExtraError: The program or a library is not installed.
            RunError: The first line is not the expected one.
        """
        self.name = name
        try:
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
            self.greeting = self._receive()
            if "missing" in self.greeting:
                reason = self.greeting["missing"]
                raise MissingExtraError(f"{name}: not installed ({reason}); {how_to_install}")
            self.version = str(self.greeting["version"])
        except BaseException:
            self.close()
            raise

    def request(self, values: Mapping[str, Any], *, about: str) -> dict[str, Any]:
        """Send a request and wait for the answer.

        Args:
            values: The request.
            about: Its subject, for the error message.

        Raises:
            RunError: The request failed, or the process has ended.
        """
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(values) + "\n")
            self._process.stdin.flush()
        except OSError as error:
            raise RunError(f"{self.name}: its process has ended") from error
        answer = self._receive()
        if "error" in answer:
            raise RunError(f"{self.name}, {about}: {answer['error']}")
        return answer

    def close(self) -> None:
        """End the process; kill it where it does not end by itself."""
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with suppress(OSError):  # Unsent bytes to a process that has ended.
                    pipe.close()
        try:
            self._process.wait(_EXIT_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _receive(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        try:
            answer: dict[str, Any] = json.loads(line)
        except ValueError as error:
            found = f"wrote {line.strip()!r}" if line else "ended without an answer"
            raise RunError(f"{self.name}: its process {found}") from error
        return answer
