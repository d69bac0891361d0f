"""The record of one run of ``edge-mnist bench``: what was measured, where, and with what.

One JSON file a run, defined here and nowhere else; ``record.schema.json`` beside this
module says the same to other programs. Milliseconds are always those of one call, units
stand in names, and None (``null``) means that the machine does not tell or that too few
calls were timed to say.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

from edge_infer.errors import ModelError, RunError
from edge_infer.io.atomic import write_text
from edge_infer.io.json_records import read_record

SCHEMA_VERSION: Final = 1
SCHEMA_PATH: Final = Path(__file__).with_name("record.schema.json")


@dataclass(frozen=True, kw_only=True)
class Temperature:
    """Of the processor in degrees Celsius, before and after the run."""

    before: float
    after: float


@dataclass(frozen=True, kw_only=True)
class Host:
    """The machine.

    Attributes:
        cpu: Name of the processor.
        instructions: Those that decide int8's speed, as ``edge_infer.host`` names them.
        architecture: Such as ``"x86_64"`` or ``"aarch64"``.
        cores: That this process may use.
        governor: Of the clock frequency, such as ``"performance"``.
        temperature_c: None where the system has no sensor for it.
        throttled: What slowed the processor during the run, such as ``"under-voltage"``;
            empty where nothing did, None where the system does not tell.
        memory_bytes: Of the machine, or of the container where that has less.
        os: Name and version of the system.
        libc: Name and version; None where there is none to name.
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
    """What ran the models.

    Attributes:
        onnxruntime: Version.
        opencv: Version.
        numpy: Version.
        provider: Of onnxruntime, which executes the graph.
        threads: That share out a batch, all that were measured, ascending.
        spinning: Whether idle threads wait in a loop.
        graph_level: Optimisations of the graph at load, in onnxruntime's words.
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
    """A model that was measured.

    Attributes:
        name: As measurements and ratios call it; no two have the same.
        file: Name of the file, without its folder.
        sha256: Of the file, in hexadecimal.
        size_bytes: Of the file.
        opset: Of its graph.
        precision: ``"float32"`` or ``"int8"``.
        preset: Name of the network.
        accuracy_percent: Of the file on its test images, as its metadata tell.
        metadata: All that it says about itself.
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
    """One scenario with one model.

    Attributes:
        scenario: Its name.
        model: Name of the model.
        threads: That share out a batch; OpenCV takes its own.
        batch: Images (of ``page``: pages, of ``stream``: frames) a call.
        n: Calls that were timed.
        mean_ms: Mean.
        sd_ms: Standard deviation (n - 1 in the denominator), 0 of a single call.
        min_ms: The quickest call.
        p50_ms: Median.
        p90_ms: None under 20 calls.
        p95_ms: None under 100 calls.
        p99_ms: None under 500 calls.
        images_per_s: ``batch`` divided by the median.
        rss_steady_bytes: Memory of a fresh process after the scenario, with this model alone.
        rss_peak_bytes: The most that it ever had.
        quantiles_ms: 101 values, at 0, 1, ... 100 % of the calls.
        round_medians_ms: Median of each turn in the order of time. Turns are spread over
            the run, so they, and not single calls, are what a bootstrap may resample.
        parts: Further figures by name, each with its unit in the name. ``cpu_ms``, which all
            have, is the processor time a call on all cores: other programs lengthen it far
            less than the call.
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
    """How a model compares with the first one in the same turns.

    Attributes:
        scenario: Of both measurements.
        threads: Of both.
        batch: Of both.
        model: The one that is compared.
        baseline: The first model.
        ratio: Median of ``model`` divided by that of ``baseline``: 2 is twice as slow.
        low: Lower bound of the 95 % interval (bootstrap over turns, both models' at once).
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
    """Something that makes the run less trustworthy: a short stable word, and a sentence."""

    code: str
    message: str


@dataclass(frozen=True, kw_only=True)
class Record:
    """One run.

    ``schema_version`` is raised when a reader of the old version would go wrong on a new
    file. A field added with a default does not raise it; readers ignore fields that they
    do not know.

    Attributes:
        created: Beginning of the run, ISO 8601 in UTC.
        edge_mnist: Version of the program.
        command: Its words.
        host: The machine.
        runtime: What ran the models.
        models: In the order that they were named; the first is the baseline of ratios.
        measurements: Scenario by scenario, in each model by model.
        ratios: Empty with one model.
        doubts: Empty where nothing is known against the run.
        schema_version: See above.
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
        """Read what :meth:`to_json` wrote.

        Args:
            text: JSON.
            name: What to call it in errors.

        Raises:
            RunError: Not JSON, not a record, of another version, or a field is missing or
                of another kind.
        """
        try:
            document: Any = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise RunError(f"{name} is not JSON: {error}", code="not_json") from error
        version = document.get("schema_version") if isinstance(document, dict) else None
        if version is None:
            raise RunError(
                f"{name} is no record of a run: it has no schema_version; "
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
            return read_record(cls, document, name)
        except ModelError as error:
            raise RunError(error.message, code="damaged") from error

    def write(self, path: Path) -> None:
        """Write the file in one piece.

        Raises:
            OutputError: The file cannot be written.
        """
        write_text(path, self.to_json() + "\n")

    @classmethod
    def read(cls, path: Path) -> Record:
        """Read a file that :meth:`write` wrote.

        Raises:
            RunError: Missing, unreadable, or as :meth:`from_json` says.
        """
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is not text"
            raise RunError(f"cannot read {path}: {reason}", code="unreadable") from error
        return cls.from_json(text, str(path))
