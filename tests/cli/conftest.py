"""Call the command line in this process, as a person calls it."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import cv2
import pytest


@dataclass(frozen=True)
class Ran:
    """What a command left: its exit code, and what it wrote on stdout and stderr."""

    code: int
    out: str
    err: str


EdgeMnist = Callable[..., Ran]


@pytest.fixture
def edge_mnist(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Iterator[EdgeMnist]:
    """Return ``edge_mnist(*words)``, which runs the command line without a new process."""
    from edge_mnist.__main__ import main

    threads, handler = cv2.getNumThreads(), signal.getsignal(signal.SIGTERM)
    monkeypatch.delenv("NO_COLOR", raising=False)

    def run(*words: object) -> Ran:
        monkeypatch.setattr(sys, "argv", ["edge-mnist", *map(str, words)])
        capfd.readouterr()
        with pytest.raises(SystemExit) as stop:
            main()
        captured = capfd.readouterr()
        assert "\x1b" not in captured.out + captured.err
        return Ran(int(stop.value.code or 0), captured.out, captured.err)

    yield run
    cv2.setNumThreads(threads)
    signal.signal(signal.SIGTERM, handler)
