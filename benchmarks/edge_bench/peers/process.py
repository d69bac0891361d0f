"""The parent's end of a worker."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from edge_bench.interleaved import Turn
from edge_bench.json_process import JsonProcess
from edge_bench.peers.stacks import Stack


class PeerProcess(JsonProcess):
    """One runtime at work; a context manager."""

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
        words = [*(command or (sys.executable, "-m", "edge_bench.peers.worker"))]
        words += [stack.key, str(threads), str(folder)]
        super().__init__(stack.name, words, how_to_install=stack.how_to_install)

    def class_ids(self, form: str) -> list[int]:
        """Have all images classified.

        Raises:
            RunError: The runtime cannot.
        """
        found: list[int] = self._do("answer", form)["class_ids"]
        return found

    def warm_up(self, form: str, batch: int) -> None:
        """Do untimed work until a turn is worth something."""
        self._do("warm_up", form, batch)

    def turn(self, form: str, batch: int) -> Turn:
        """Work for a moment."""
        return Turn(np.array(self._do("turn", form, batch)["seconds"]))

    def _do(self, what: str, form: str, batch: int | None = None) -> dict[str, Any]:
        return self.ask({"do": what, "form": form, "batch": batch}, about=form)
