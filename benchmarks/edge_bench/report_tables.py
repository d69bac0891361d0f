"""The tables of a report: machines, models and measurements side by side."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from edge_bench.record import Host, MeasuredModel, Measurement
from edge_bench.report_runs import Run, measured, model_indices
from edge_bench.scenario_list import Scenario

# Text of a cell without a value.
NO_VALUE: Final = "-"
_DIGITS: Final = 3
_SHA256_DIGITS: Final = 12
_COUNTS: Final = ("threads", "batch", "calls")
_MEMORY: Final = ("memory, MB", "peak, MB")
# The part that every scenario may have; its column is among the times.
_CPU: Final = "cpu_ms"


@dataclass(frozen=True, kw_only=True)
class Table:
    """A table. The cells of its first column are row headings.

    Attributes:
        caption: Description of the rows, one sentence.
        headings: Heading of each column, with the unit of its numbers.
        rows: Cells, as many per row as headings.
        text_columns: Number of columns from the left that hold text.
        folded: Whether a page shows only the caption until the reader opens the table.
    """

    caption: str
    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    text_columns: int = 1
    folded: bool = False


@dataclass(frozen=True)
class TimeUnit:
    """The unit and the number of decimals of a column of times.

    Attributes:
        name: Name of the unit.
        per_ms: Units per millisecond.
        decimals: Decimals to write.
    """

    name: str
    per_ms: float
    decimals: int

    def cell(self, time_ms: float) -> str:
        """Write a time without its unit."""
        return f"{time_ms * self.per_ms:,.{self.decimals}f}"

    def text(self, time_ms: float) -> str:
        """Write a time with its unit."""
        return f"{self.cell(time_ms)} {self.name}"


def time_unit(times_ms: Iterable[float]) -> TimeUnit:
    """Return the unit in which the shortest of the times, at least one, has three digits."""
    shortest_ms = min(times_ms)
    name, per_ms = "µs", 1000.0
    if shortest_ms >= 1000:
        name, per_ms = "s", 1e-3
    elif shortest_ms >= 1:
        name, per_ms = "ms", 1.0
    return TimeUnit(name, per_ms, _decimals(shortest_ms * per_ms))


def rate(per_s: float) -> str:
    """Write a rate per second with three digits, without a unit."""
    return f"{per_s:,.{_decimals(per_s)}f}"


def machines_table(runs: Sequence[Run]) -> Table:
    """Return machines and runtimes, one per column."""
    columns = [_facts(run) for run in runs]
    return Table(
        caption="Machines and versions.",
        headings=("", *(run.name for run in runs)),
        rows=tuple((name, *(facts[name] for facts in columns)) for name in columns[0]),
        text_columns=1 + len(runs),
    )


def models_table(runs: Sequence[Run]) -> Table:
    """Return model files, one per row; equal names with other bytes are other rows."""
    runs_of: dict[tuple[str, str], list[str]] = {}
    models: dict[tuple[str, str], MeasuredModel] = {}
    for run in runs:
        for model in run.record.models:
            runs_of.setdefault((model.name, model.sha256), []).append(run.name)
            models[model.name, model.sha256] = model
    several = len(runs) > 1
    headings = ["model", *(["measured in"] if several else []), "network", "precision", "SHA-256"]
    rows = [
        (
            model.name,
            *([", ".join(runs_of[key])] if several else []),
            model.preset or NO_VALUE,
            model.precision,
            model.sha256[:_SHA256_DIGITS],
            str(model.opset),
            f"{model.size_bytes / 1000:,.1f}",
            NO_VALUE if model.accuracy_percent is None else f"{model.accuracy_percent:.2f}",
        )
        for key, model in models.items()
    ]
    return Table(
        caption="Model files. The accuracy is that on the test images of the file's own data set.",
        headings=(*headings, "opset", "size, kB", "accuracy, %"),
        rows=tuple(rows),
        text_columns=len(headings),
    )


def medians_table(runs: Sequence[Run], scenario: Scenario) -> Table:
    """Return the medians of one scenario, one machine per column."""
    rows = _rows(runs, scenario)
    unit = time_unit(_shown_ms(one, one.p50_ms) for _, one in rows)
    medians = {
        (one.model, one.threads, one.batch, name): unit.cell(_shown_ms(one, one.p50_ms))
        for name, one in rows
    }
    keys = dict.fromkeys((model, threads, batch) for model, threads, batch, _ in medians)
    # Threads and batch are shown only if they differ between measurements.
    shown = 3 if len({key[1:] for key in keys}) > 1 else 1
    return Table(
        caption=f"{scenario.title}: medians, {unit.name}.",
        headings=(*("model", "threads", "batch")[:shown], *(run.name for run in runs)),
        rows=tuple(
            (
                *map(str, key[:shown]),
                *(medians.get((*key, run.name), NO_VALUE) for run in runs),
            )
            for key in keys
        ),
    )


def scenario_table(runs: Sequence[Run], scenario: Scenario) -> Table:
    """Return the measurements of one scenario, one per row; folded if there are several runs."""
    rows = _rows(runs, scenario)
    unit = time_unit(_shown_ms(one, one.p50_ms) for _, one in rows)
    times = ("min", "p50", "p90", "p95", "p99", "mean", "sd")
    several = len(runs) > 1
    texts = ("model", "run") if several else ("model",)
    return Table(
        caption=f"{scenario.title}: all measurements, times in {unit.name}.",
        headings=(*texts, *_COUNTS, *times, "CPU", f"{scenario.counted}/s", *_MEMORY),
        rows=tuple(
            (
                *((one.model, name) if several else (one.model,)),
                *(f"{count:,}" for count in (one.threads, one.batch, one.n)),
                *(_time_cell(one, unit, getattr(one, f"{time}_ms")) for time in times),
                _time_cell(one, unit, one.parts.get(_CPU)),
                rate(one.images_per_s),
                _megabytes(one.rss_steady_bytes),
                _megabytes(one.rss_peak_bytes),
            )
            for name, one in rows
        ),
        text_columns=len(texts),
        folded=several,
    )


def parts_table(runs: Sequence[Run], scenario: Scenario) -> Table | None:
    """Return the further figures of a scenario, or None."""
    rows = _rows(runs, scenario)
    names = [
        part
        for part in dict.fromkeys(part for _, one in rows for part in one.parts)
        if part != _CPU
    ]
    if not names:
        return None
    several = len(runs) > 1
    texts = ("model", "run") if several else ("model",)
    return Table(
        caption=f"{scenario.title}: further figures.",
        headings=(*texts, "threads", "batch", *(name.replace("_", " ") for name in names)),
        rows=tuple(
            (
                *((one.model, name) if several else (one.model,)),
                *(f"{count:,}" for count in (one.threads, one.batch)),
                *(_plain(one.parts[part]) if part in one.parts else NO_VALUE for part in names),
            )
            for name, one in rows
        ),
        text_columns=len(texts),
    )


def ratios_table(runs: Sequence[Run]) -> Table | None:
    """Return the ratios of models that were measured in turns, or None."""
    rows = [
        (
            ratio.model,
            ratio.baseline,
            *([run.name] if len(runs) > 1 else []),
            ratio.scenario,
            *(f"{count:,}" for count in (ratio.threads, ratio.batch)),
            f"{ratio.ratio:.2f}",
            f"{ratio.low:.2f} to {ratio.high:.2f}",
        )
        for run in runs
        for ratio in run.record.ratios
    ]
    texts = ["model", "baseline", *(["run"] if len(runs) > 1 else []), "scenario"]
    return (
        Table(
            caption="Median of a model divided by the median of the baseline, measured in turns.",
            headings=(*texts, "threads", "batch", "ratio", "95 % interval"),
            rows=tuple(rows),
            text_columns=len(texts),
        )
        if rows
        else None
    )


def _rows(runs: Sequence[Run], scenario: Scenario) -> list[tuple[str, Measurement]]:
    indices = model_indices(runs)
    rows = [(run.name, one) for run in runs for one in measured(run, scenario.name)]
    return sorted(rows, key=lambda row: (indices[row[1].model], row[1].threads, row[1].batch))


def _shown_ms(one: Measurement, time_ms: float) -> float:
    """Return the time per call; for batches per image, so that sizes can be compared."""
    return time_ms / one.batch if one.scenario == "batch" else time_ms


def _time_cell(one: Measurement, unit: TimeUnit, time_ms: float | None) -> str:
    return NO_VALUE if time_ms is None else unit.cell(_shown_ms(one, time_ms))


def _facts(run: Run) -> dict[str, str]:
    """Return the properties of a machine and its runtime; the same keys for every run."""
    host, runtime = run.record.host, run.record.runtime
    return {
        "processor": host.cpu,
        "instructions": ", ".join(host.instructions) or NO_VALUE,
        "architecture": host.architecture,
        "cores": str(host.cores),
        "clock governor": host.governor or NO_VALUE,
        "temperature": _temperature(host),
        "slowed by": NO_VALUE if host.throttled is None else ", ".join(host.throttled) or "nothing",
        "memory": NO_VALUE if host.memory_bytes is None else f"{host.memory_bytes / 1e9:.1f} GB",
        "system": host.os,
        "C library": host.libc or NO_VALUE,
        "Python": host.python,
        "onnxruntime": f"{runtime.onnxruntime}, {runtime.provider}",
        "graph level": runtime.graph_level,
        "threads": ", ".join(map(str, runtime.threads)),
        "idle threads": "spin" if runtime.spinning else "sleep",
        "OpenCV": runtime.opencv,
        "numpy": runtime.numpy,
        "edge-mnist": run.record.edge_mnist,
        "measured": run.record.created[:16].replace("T", " ") + " UTC",
    }


def _temperature(host: Host) -> str:
    if host.temperature_c is None:
        return NO_VALUE
    return f"{host.temperature_c.before:.0f} °C before, {host.temperature_c.after:.0f} °C after"


def _megabytes(size_bytes: int | None) -> str:
    return NO_VALUE if size_bytes is None else f"{size_bytes / 1e6:,.0f}"


def _plain(value: float) -> str:
    """Write a number with three digits; whole numbers in full."""
    return f"{value:,.{_decimals(value)}f}" if value % 1 else f"{value:,.0f}"


def _decimals(value: float) -> int:
    """Return the number of decimals that show three digits."""
    return max(0, _DIGITS - 1 - math.floor(math.log10(abs(value)))) if value else 0
