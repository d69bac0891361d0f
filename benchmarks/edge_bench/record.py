"""The record of one run of ``edge-mnist bench``: what was measured, where, and with what.

A run writes one JSON file. ``record.schema.json`` beside this module describes it for other
programs. Times are in milliseconds per call, and names carry units. None (``null``) means that
the value is unknown, or that there were too few calls for it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

from edge_infer.errors import RunError
from edge_infer.io.atomic import write_text
from edge_infer.io.json_records import read_record

SCHEMA_VERSION: Final = 1
SCHEMA_PATH: Final = Path(__file__).with_name("record.schema.json")


@dataclass(frozen=True, kw_only=True)
class Temperature:
    """Temperature of the processor in degrees Celsius, before and after the run."""

    before: float
    after: float


@dataclass(frozen=True, kw_only=True)
class Host:
    """The machine.

    Attributes:
        cpu: Name of the processor.
        instructions: Instruction sets that decide the speed of int8, see ``edge_infer.host``.
        architecture: Such as ``"x86_64"`` or ``"aarch64"``.
        cores: Cores that the process may use.
        governor: Frequency governor, such as ``"performance"``.
        temperature_c: None without a sensor.
        throttled: Causes of throttling during the run, such as ``"under-voltage"``; empty for
            none, None where it is unknown.
        memory_bytes: Memory of the machine, or of the container if that is smaller.
        os: Name and version of the system.
        libc: Name and version of the C library.
        python: Version of the interpreter.
    """

    cpu: str
    instructions: tuple[str, ...]
    architecture: str
    cores: int
    governor: str | None
    temperature_c: Temperature | None
    throttled: tuple[str, ...] | None
    memory_bytes: int | None
    os: str
    libc: str | None
    python: str


@dataclass(frozen=True, kw_only=True)
class Runtime:
    """Versions and settings of the runtime.

    Attributes:
        onnxruntime: Version.
        opencv: Version.
        numpy: Version.
        provider: Execution provider of onnxruntime.
        threads: Numbers of threads that were measured, ascending.
        spinning: Whether idle threads wait in a loop.
        graph_level: Optimisation level of the graph, as onnxruntime names it.
    """

    onnxruntime: str
    opencv: str
    numpy: str
    provider: str
    threads: tuple[int, ...]
    spinning: bool
    graph_level: str


@dataclass(frozen=True, kw_only=True)
class MeasuredModel:
    """A measured model.

    Attributes:
        name: Unique name, used by measurements and ratios.
        file: Name of the file without its folder.
        sha256: SHA-256 of the file in hexadecimal.
        size_bytes: Size of the file.
        opset: Opset version of the graph.
        precision: ``"float32"`` or ``"int8"``.
        preset: Name of the network.
        accuracy_percent: Accuracy of the file on its test images, from its metadata.
        metadata: All metadata of the file.
    """

    name: str
    file: str
    sha256: str
    size_bytes: int
    opset: int
    precision: str
    preset: str | None
    accuracy_percent: float | None
    metadata: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Measurement:
    """One case with one model.

    Attributes:
        scenario: Name of the scenario.
        model: Name of the model.
        threads: Threads that share a batch; OpenCV uses its own.
        batch: Images per call; pages for ``page``, frames for ``stream``.
        n: Number of timed calls.
        mean_ms: Mean.
        sd_ms: Standard deviation with n - 1 in the denominator; 0 for a single call.
        min_ms: Quickest call.
        p50_ms: Median.
        p90_ms: None with fewer than 20 calls.
        p95_ms: None with fewer than 100 calls.
        p99_ms: None with fewer than 500 calls.
        images_per_s: ``batch`` divided by the median.
        rss_steady_bytes: Memory of a new process after the case, with this model only.
        rss_peak_bytes: Peak memory of that process.
        quantiles_ms: 101 values, at 0, 1, ... 100 % of the calls.
        round_medians_ms: Median of each turn in the order of time. Turns are spread over the
            run, so a bootstrap resamples turns and not calls.
        parts: Further figures; names carry units. All measurements have ``cpu_ms``, the
            processor time per call on all cores, which depends less on other programs.
    """

    scenario: str
    model: str
    threads: int
    batch: int
    n: int
    mean_ms: float
    sd_ms: float
    min_ms: float
    p50_ms: float
    p90_ms: float | None
    p95_ms: float | None
    p99_ms: float | None
    images_per_s: float
    rss_steady_bytes: int | None
    rss_peak_bytes: int | None
    quantiles_ms: tuple[float, ...]
    round_medians_ms: tuple[float, ...]
    parts: Mapping[str, float] = field(default_factory=dict[str, float])


@dataclass(frozen=True, kw_only=True)
class Ratio:
    """A model compared with the first one, measured in the same turns.

    Attributes:
        scenario: Scenario of both measurements.
        threads: Threads of both.
        batch: Batch of both.
        model: The model that is compared.
        baseline: The first model.
        ratio: Median of ``model`` divided by that of ``baseline``: 2 means twice as slow.
        low: Lower bound of the 95 % interval, from a bootstrap over turns of both models.
        high: Upper bound.
    """

    scenario: str
    threads: int
    batch: int
    model: str
    baseline: str
    ratio: float
    low: float
    high: float


@dataclass(frozen=True, kw_only=True)
class Doubt:
    """A reason to distrust the run: a stable code and a sentence."""

    code: str
    message: str


@dataclass(frozen=True, kw_only=True)
class Record:
    """One run.

    ``schema_version`` increases when an old reader would misread a new file. A new field with a
    default does not increase it; readers ignore unknown fields.

    Attributes:
        created: Start of the run, ISO 8601 in UTC.
        edge_mnist: Version of the program.
        command: Words of the command.
        host: The machine.
        runtime: Versions and settings.
        models: In the given order; the first is the baseline of ratios.
        measurements: Ordered by scenario, then by model.
        ratios: Empty with one model.
        doubts: Reasons to distrust the run.
        schema_version: Version of the format.
    """

    created: str
    edge_mnist: str
    command: tuple[str, ...]
    host: Host
    runtime: Runtime
    models: tuple[MeasuredModel, ...]
    measurements: tuple[Measurement, ...]
    ratios: tuple[Ratio, ...] = ()
    doubts: tuple[Doubt, ...] = ()
    schema_version: int = SCHEMA_VERSION

    def to_json(self) -> str:
        """Return the record as one line of JSON."""
        values = {"schema_version": self.schema_version, **asdict(self)}
        return json.dumps(values, ensure_ascii=False, allow_nan=False)

    @classmethod
    def from_json(cls, text: str, name: str = "the record") -> Record:
        """Read the text that :meth:`to_json` returns.

        Args:
            text: JSON.
            name: Name of the record in error messages.

        Raises:
            RunError: Not JSON, not a record, another version, or a field is missing or has
                another type.
        """
        try:
            document: Any = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise RunError(f"{name} is not JSON: {error}", code="not_json") from error
        version = document.get("schema_version") if isinstance(document, dict) else None
        if version is None:
            raise RunError(
                f"{name} is not a record of a run: it has no schema_version; "
                "make one with `edge-mnist bench --json FILE`",
                code="foreign",
            )
        if version != SCHEMA_VERSION:
            raise RunError(
                f"{name} has schema_version {version!r}, this program reads {SCHEMA_VERSION}: "
                "upgrade edge-mnist, or measure again with this version",
                code="version",
            )
        try:
            return read_record(cls, document, name, error=RunError)
        except RunError as error:
            raise RunError(error.message, code="damaged") from None

    def write(self, path: Path) -> None:
        """Write the file atomically.

        Raises:
            OutputError: The file cannot be written.
        """
        write_text(path, self.to_json() + "\n")

    @classmethod
    def read(cls, path: Path) -> Record:
        """Read a file that :meth:`write` wrote.

        Raises:
            RunError: Missing, unreadable, or as for :meth:`from_json`.
        """
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is not text"
            raise RunError(f"cannot read {path}: {reason}", code="unreadable") from error
        return cls.from_json(text, str(path))
