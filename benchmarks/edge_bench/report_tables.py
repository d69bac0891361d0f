"""The tables of a report: machines, models and what was measured, side by side."""

from __future__ import annotations

from collections.abc import Sequence

from edge_analysis.report_page import NOTHING, Table
from edge_bench.record import Host, MeasuredModel, Measurement
from edge_bench.report_runs import Run, measured, model_indices
from edge_bench.report_units import TimeUnit, kilobytes, megabytes, plain, rate, time_unit
from edge_bench.scenario_list import Scenario

# So many hexadecimal digits tell one file from another.
_SHA256_DIGITS = 12
_COUNTS = ("threads", "batch", "calls")
_MEMORY = ("memory, MB", "peak, MB")
# The part that every scenario may have: it stands among the times.
_CPU = "cpu_ms"


def machines_table(runs: Sequence[Run]) -> Table:
    """Show a machine and its runtime a column."""
    columns = [_facts(run) for run in runs]
    return Table(
        caption="What measured, and with what.",
        headings=("", *(run.name for run in runs)),
        rows=tuple((name, *(facts[name] for facts in columns)) for name in columns[0]),
        text_columns=1 + len(runs),
    )


def models_table(runs: Sequence[Run]) -> Table:
    """Show a model file a row: files with one name and different bytes are different."""
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
            model.preset or NOTHING,
            model.precision,
            model.sha256[:_SHA256_DIGITS],
            str(model.opset),
            kilobytes(model.size_bytes),
            NOTHING if model.accuracy_percent is None else f"{model.accuracy_percent:.2f}",
        )
        for key, model in models.items()
    ]
    return Table(
        caption="The model files. Accuracy is on the test images of each file's own data set.",
        headings=(*headings, "opset", "size, kB", "accuracy, %"),
        rows=tuple(rows),
        text_columns=len(headings),
    )


def medians_table(runs: Sequence[Run], scenario: Scenario) -> Table:
    """Show the medians of one scenario, a machine a column."""
    rows = _rows(runs, scenario)
    unit = time_unit(_shown_ms(one, one.p50_ms) for _, one in rows)
    medians = {
        (one.model, one.threads, one.batch, name): unit.cell(_shown_ms(one, one.p50_ms))
        for name, one in rows
    }
    keys = dict.fromkeys((model, threads, batch) for model, threads, batch, _ in medians)
    # Threads and batch say nothing where all measurements have the same.
    shown = 3 if len({key[1:] for key in keys}) > 1 else 1
    return Table(
        caption=f"{scenario.title}: medians side by side, {unit.name}.",
        headings=(*("model", "threads", "batch")[:shown], *(run.name for run in runs)),
        rows=tuple(
            (
                *map(str, key[:shown]),
                *(medians.get((*key, run.name), NOTHING) for run in runs),
            )
            for key in keys
        ),
    )


def scenario_table(runs: Sequence[Run], scenario: Scenario) -> Table:
    """Show a measurement of one scenario a row, folded away where there are several runs."""
    rows = _rows(runs, scenario)
    unit = time_unit(_shown_ms(one, one.p50_ms) for _, one in rows)
    times = ("min", "p50", "p90", "p95", "p99", "mean", "sd")
    several = len(runs) > 1
    texts = ("model", "run") if several else ("model",)
    return Table(
        caption=f"{scenario.title}: all that was measured, times in {unit.name}.",
        headings=(*texts, *_COUNTS, *times, "CPU", f"{scenario.counted}/s", *_MEMORY),
        rows=tuple(
            (
                *((one.model, name) if several else (one.model,)),
                *(f"{count:,}" for count in (one.threads, one.batch, one.n)),
                *(_time_cell(one, unit, getattr(one, f"{time}_ms")) for time in times),
                _time_cell(one, unit, one.parts.get(_CPU)),
                rate(one.images_per_s),
                megabytes(one.rss_steady_bytes),
                megabytes(one.rss_peak_bytes),
            )
            for name, one in rows
        ),
        text_columns=len(texts),
        folded=several,
    )


def parts_table(runs: Sequence[Run], scenario: Scenario) -> Table | None:
    """Show the further figures of a scenario; None where it has none."""
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
                *(plain(one.parts[part]) if part in one.parts else NOTHING for part in names),
            )
            for name, one in rows
        ),
        text_columns=len(texts),
    )


def ratios_table(runs: Sequence[Run]) -> Table | None:
    """Show how models that were measured in turns compare; None where none were."""
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
    texts = ["model", "against", *(["run"] if len(runs) > 1 else []), "scenario"]
    return (
        Table(
            caption="Median of a model divided by that of another, measured in turns.",
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
    """Return the time of a call, of a batch that of one image: then batches compare."""
    return time_ms / one.batch if one.scenario == "batch" else time_ms


def _time_cell(one: Measurement, unit: TimeUnit, time_ms: float | None) -> str:
    return NOTHING if time_ms is None else unit.cell(_shown_ms(one, time_ms))


def _facts(run: Run) -> dict[str, str]:
    """Say all that is known of a machine; the same questions for each."""
    host, runtime = run.record.host, run.record.runtime
    return {
        "processor": host.cpu,
        "instructions": ", ".join(host.instructions) or NOTHING,
        "architecture": host.architecture,
        "cores": str(host.cores),
        "clock governor": host.governor or NOTHING,
        "temperature": _temperature(host),
        "slowed by": NOTHING if host.throttled is None else ", ".join(host.throttled) or "nothing",
        "memory": NOTHING if host.memory_bytes is None else f"{host.memory_bytes / 1e9:.1f} GB",
        "system": host.os,
        "C library": host.libc or NOTHING,
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
        return NOTHING
    return f"{host.temperature_c.before:.0f} °C before, {host.temperature_c.after:.0f} °C after"
