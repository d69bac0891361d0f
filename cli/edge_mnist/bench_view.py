"""Tables of `edge-mnist bench`: a run, the profile of a model, and two runs compared."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

from rich.text import Text

from edge_bench.report_runs import Run
from edge_bench.report_tables import ratios_table
from edge_bench.summary import MIN_CALLS
from edge_infer.text import duration
from edge_mnist.terminal import bullets, kilobytes, make_table, stack

if TYPE_CHECKING:
    from rich.console import RenderableType

    from edge_bench.compare import Change, Comparison
    from edge_bench.models import Profile
    from edge_bench.record import Measurement, Record

_UNKNOWN: Final = "-"
_COLD_PARTS: Final = {
    "interpreter_ms": "interpreter",
    "import_ms": "imports",
    "session_ms": "model",
    "first_run_ms": "first run",
}


def record_view(record: Record) -> RenderableType:
    """Return a run: machine and models, times, ratios, and doubts."""
    notes = "\n".join(_notes(record.measurements))
    parts = [*_heading(record), "", _times(record.measurements), Text(notes, style="dim")]
    ratios = ratios_table([Run("", record)])
    if ratios is not None:
        text = ratios.headings[: ratios.text_columns]
        parts += ["", ratios.caption, make_table(ratios.headings, ratios.rows, text=text)]
    if record.doubts:
        heading = Text("Less reliable, because", style="bold yellow")
        parts += ["", heading, bullets(doubt.message for doubt in record.doubts)]
    return stack(*parts)


def profile_view(model: str, profile: Profile) -> RenderableType:
    """Return the time per node, and the time between the nodes."""
    from edge_bench.models import BATCH

    def times(alone_us: float, batch_us: float) -> tuple[str, ...]:
        shares = alone_us / profile.alone_us, batch_us / profile.batch_us
        return f"{alone_us:.1f} µs", f"{shares[0]:.0%}", f"{batch_us:.2f} µs", f"{shares[1]:.0%}"

    rows: list[Sequence[str | Text]] = [
        (node.kind, node.output, *times(node.alone_us, node.batch_us)) for node in profile.nodes
    ]
    alone_us = profile.alone_us - sum(node.alone_us for node in profile.nodes)
    batch_us = profile.batch_us - sum(node.batch_us for node in profile.nodes)
    between = ("between nodes", "", *times(alone_us, batch_us))
    rows.append([Text(cell, style="dim") for cell in between])
    text = ("node", "output for one image")
    headings = (*text, "one image", "share", f"in a batch of {BATCH}", "share")
    note = "times per image, from the profiler of onnxruntime: whole µs, with its own overhead"
    table = make_table(headings, rows, text=text)
    return stack(Text(model, style="bold"), table, Text(note, style="dim"), "")


def comparison_view(comparison: Comparison) -> RenderableType:
    """Return what differs between two runs, one line per change, and the verdict."""
    figures = ("batch", "threads", "old", "new", "ratio", "95 % interval", "fastest")
    rows = [_change_cells(change, comparison.fail_over_percent) for change in comparison.changes]
    # One space between columns: the table fits a terminal of 80 columns.
    headings = ("scenario", "model", *figures, "")
    table = make_table(headings, rows, text=("scenario", "model", ""), gap=1)
    notes = [
        *comparison.notes,
        *(
            f"only {which} contains {', '.join(names)}"
            for which, names in (("OLD", comparison.only_old), ("NEW", comparison.only_new))
            if names
        ),
    ]
    return stack(
        *(Text.assemble(("! ", "yellow"), note) for note in notes),
        *([""] if notes else []),
        table,
        Text("medians of a call; fastest: ratio of the fastest calls", style="dim"),
        _verdict(comparison),
    )


def _heading(record: Record) -> Iterator[RenderableType]:
    host, runtime = record.host, record.runtime
    cores = "1 core" if host.cores == 1 else f"{host.cores} cores"
    yield Text(", ".join((host.cpu, *host.instructions, cores)), style="bold")
    versions = f"onnxruntime {runtime.onnxruntime}, OpenCV {runtime.opencv}"
    yield Text(f"{host.os}, Python {host.python}, {versions}", style="dim")
    for model in record.models:
        accuracy = model.accuracy_percent
        shown = "" if accuracy is None else f", {accuracy:.2f} %"
        text = f"{model.name}: {kilobytes(model.size_bytes)}, {model.precision}{shown}"
        yield Text(text, style="dim")


def _times(measurements: Sequence[Measurement]) -> RenderableType:
    scenarios = [each.scenario for each in measurements]
    rows: list[Sequence[str | Text]] = [
        (
            Text("" if before == each.scenario else each.scenario, style="bold"),
            *(f"{each.batch:,}", str(each.threads), each.model, f"{each.n:,}"),
            *map(_milliseconds, (each.p50_ms, each.p95_ms, each.p99_ms)),
            f"{each.images_per_s:,.0f}" if each.images_per_s >= 10 else f"{each.images_per_s:.1f}",
            _UNKNOWN if each.rss_peak_bytes is None else f"{each.rss_peak_bytes / 1e6:,.0f} MB",
        )
        for before, each in zip(("", *scenarios), measurements, strict=False)
    ]
    figures = ("calls", "p50", "p95", "p99", "images/s", "RSS")
    # One space between columns: the table fits a terminal of 80 columns.
    headings = ("scenario", "batch", "threads", "model", *figures)
    return make_table(headings, rows, text=("scenario", "model"), gap=1)


def _notes(measurements: Sequence[Measurement]) -> Iterator[str]:
    yield "times per call; RSS: peak memory of a process of its own"
    quantiles = ", ".join(f"p{percent} from {calls}" for percent, calls in MIN_CALLS.items())
    if any(None in {each.p95_ms, each.p99_ms} for each in measurements):
        yield f"{_UNKNOWN} too few calls ({quantiles})"
    for each in measurements:
        if each.scenario == "cold":
            parts = [
                f"{word} {_milliseconds(each.parts[name])}" for name, word in _COLD_PARTS.items()
            ]
            yield f"cold, {each.model}: {', '.join(parts)}"
        if each.scenario == "stream":
            yield (
                f"stream, {each.model}: {each.parts['fps']:.1f} frames per second, "
                f"{each.parts['cpu_share']:.0%} of a core, frames "
                f"{_milliseconds(each.parts['frame_age_ms'])} old when read"
            )


def _change_cells(change: Change, limit_percent: float | None) -> Sequence[str | Text]:
    unknown = change.low is None or change.high is None
    return (
        *(change.scenario, change.model, f"{change.batch:,}", f"{change.threads:,}"),
        *map(_milliseconds, (change.old_ms, change.new_ms)),
        f"{change.ratio:.2f}",
        "too few" if unknown else f"{change.low:.2f} to {change.high:.2f}",
        f"{change.quick_ratio:.2f}",
        _change_word(change, limit_percent),
    )


def _change_word(change: Change, limit_percent: float | None) -> Text:
    if change.is_slower(limit_percent or 0.0):
        return Text("slower", style="bold red")
    if limit_percent is not None and change.ratio > 1 + limit_percent / 100:
        return Text("unsure", style="yellow")
    return Text("faster", style="green") if change.is_quicker() else Text("")


def _verdict(comparison: Comparison) -> Text:
    limit = comparison.fail_over_percent
    slower = [one for one in comparison.changes if one.is_slower(limit or 0.0)]
    verdict = f"{len(slower)} of {len(comparison.changes)} slower"
    if limit is not None:
        verdict += f" by more than {limit:g} %"
    return Text(verdict, style="bold red" if comparison.failures else "")


def _milliseconds(value_ms: float | None) -> str:
    return _UNKNOWN if value_ms is None else duration(value_ms / 1000)
