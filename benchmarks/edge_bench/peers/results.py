"""What was measured of the runtimes, and ``peers.json``, which keeps it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

from edge_infer.io.atomic import write_text
from edge_infer.model.metadata import Accuracy

FORMAT_VERSION: Final = 1
# What all others are compared with, and what the mark compares it with.
OURS: Final = ("classifier", "int8")
RIVAL: Final = ("litert", "int8")


@dataclass(frozen=True, kw_only=True)
class Latency:
    """One runtime and form with one batch and number of threads.

    Attributes:
        threads: It worked with, on as many cores.
        batch: Images a call.
        calls: That were timed.
        p50_us: Median over turns of the median call, in microseconds.
        turns_us: Median call of each turn, in the order of time.
        ratio: ``p50_us`` divided by that of ``Classifier`` int8 in the same turns.
        low: Lower bound of its 95 % interval (bootstrap over turns).
        high: Upper bound.
    """

    threads: int
    batch: int
    calls: int
    p50_us: float
    turns_us: tuple[float, ...]
    ratio: float
    low: float
    high: float


@dataclass(frozen=True, kw_only=True)
class PeerResult:
    """One runtime with the network in one form.

    Attributes:
        stack: Its key.
        name: For people.
        form: Such as ``"int8"``.
        version: Of its distribution.
        accuracy: On the run's test images, in batches of 64.
        changed: Images with another label than Keras gives.
        installed_bytes: With all that it requires.
        import_ms: Median of fresh processes.
        latencies: By threads, then batch.
    """

    stack: str
    name: str
    form: str
    version: str
    accuracy: Accuracy
    changed: int | None
    installed_bytes: int
    import_ms: float
    latencies: tuple[Latency, ...]

    def latency(self, threads: int, batch: int) -> Latency | None:
        """Return one of the latencies."""
        found = (each for each in self.latencies if (each.threads, each.batch) == (threads, batch))
        return next(found, None)


@dataclass(frozen=True, kw_only=True)
class PeerResults:
    """All that one call of the script measured.

    Attributes:
        command: As anyone may repeat it.
        machine: CPU and cores.
        measured_at: UTC, ISO 8601.
        preset: Of the network.
        parameters: In the network.
        peers: Ours first.
        absent: Why others were left out, a line each.
        pages: ``reading.json`` of the readers of pages, their summaries alone.
    """

    command: str
    machine: str
    measured_at: str
    preset: str
    parameters: int
    peers: tuple[PeerResult, ...]
    absent: tuple[str, ...] = ()
    pages: Mapping[str, Any] = field(default_factory=dict[str, Any])

    def find(self, place: tuple[str, str]) -> PeerResult | None:
        """Return the result of a stack and form."""
        return next((peer for peer in self.peers if (peer.stack, peer.form) == place), None)

    def write(self, path: Path) -> None:
        """Write the file in one piece."""
        values = {"format_version": FORMAT_VERSION, **asdict(self)}
        write_text(path, json.dumps(values, ensure_ascii=False, indent=1) + "\n")
