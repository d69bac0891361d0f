"""Tables of `edge-mnist bench`: a run, the profile of a model, and two runs compared."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from rich.console import Group, RenderableType
from rich.text import Text

from edge_bench.summary import MIN_CALLS
from edge_infer.text import duration
from edge_mnist.terminal import bullets, kilobytes, make_table

if TYPE_CHECKING:
    from edge_bench.compare import Change, Comparison
    from edge_bench.nodes import Profile
    from edge_bench.record import Measurement, Record

_UNKNOWN: Final = "-"
_COLD_PARTS: Final = {
    "interpreter_ms": "interpreter",
    "import_ms": "imports",
    "session_ms": "model",
    "first_run_ms": "first run",
}


def record_view(record: Record) -> RenderableType:
    """Show a run: machine and models, times, ratios, and doubts."""
    parts: list[RenderableType] = [*_heading(record), "", _times(record.measurements)]
    parts += [Text(line, style="dim") for line in _notes(record.measurements)]
    if record.ratios:
        parts += ["", _ratios(record)]
    if record.doubts:
        heading = Text("Less reliable, because", style="bold yellow")
        parts += ["", heading, bullets(doubt.message for doubt in record.doubts)]
    return Group(*parts)


def profile_view(model: str, profile: Profile) -> RenderableType:
    """Show the time per node, and the time between the nodes."""
    from edge_bench.nodes import BATCH

    columns = ("one image", "share", f"in a batch of {BATCH}", "share")
    text = ("node", "output for one image")
    table = make_table(*text, *columns, text=text)
    for node in profile.nodes:
        times = _profile_cells(profile, node.alone_us, node.batch_us)
        table.add_row(node.kind, node.output, *times)
    alone_us = profile.alone_us - sum(node.alone_us for node in profile.nodes)
    batch_us = profile.batch_us - sum(node.batch_us for node in profile.nodes)
    times = _profile_cells(profile, alone_us, batch_us)
    table.add_row("between nodes", "", *times, style="dim")
    note = "times per image, from the profiler of onnxruntime: whole µs, with its own overhead"
    return Group(Text(model, style="bold"), table, Text(note, style="dim"), "")


def comparison_view(comparison: Comparison) -> RenderableType:
    """Show what differs between two runs, one line per change, and the verdict."""
    # One space between columns: the table fits a terminal of 80 columns.
    figures = ("batch", "threads", "old", "new", "ratio", "95 % interval", "fastest")
    text = ("scenario", "model", "")
    table = make_table("scenario", "model", *figures, "", text=text, gap=1)
    for change in comparison.changes:
        table.add_row(*_change_cells(change, comparison.fail_over_percent))
    notes = [
        *comparison.notes,
        *(
            f"only {which} contains {', '.join(names)}"
            for which, names in (("OLD", comparison.only_old), ("NEW", comparison.only_new))
            if names
        ),
    ]
    return Group(
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
        line = f"{model.name}: {kilobytes(model.size_bytes)}, {model.precision}"
        if model.accuracy_percent is not None:
            line += f", {model.accuracy_percent:.2f} %"
        yield Text(line, style="dim")


def _times(measurements: Sequence[Measurement]) -> RenderableType:
    # One space between columns: the table fits a terminal of 80 columns.
    table = make_table(
        *("scenario", "batch", "threads", "model", "calls", "p50", "p95", "p99", "images/s", "RSS"),
        text=("scenario", "model"),
        gap=1,
    )
    for before, each in pairwise((None, *measurements)):
        assert each is not None
        is_same = before is not None and before.scenario == each.scenario
        table.add_row(
            "" if is_same else Text(each.scenario, style="bold"),
            f"{each.batch:,}",
            str(each.threads),
            each.model,
            f"{each.n:,}",
            *map(_milliseconds, (each.p50_ms, each.p95_ms, each.p99_ms)),
            f"{each.images_per_s:,.0f}" if each.images_per_s >= 10 else f"{each.images_per_s:.1f}",
            _UNKNOWN if each.rss_peak_bytes is None else f"{each.rss_peak_bytes / 1e6:,.0f} MB",
        )
    return table


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


def _ratios(record: Record) -> RenderableType:
    table = make_table(
        *("scenario", "batch", "threads", "model", f"time / time of {record.ratios[0].baseline}"),
        "95 % interval",
        text=("scenario", "model"),
    )
    for ratio in record.ratios:
        table.add_row(
            ratio.scenario,
            f"{ratio.batch:,}",
            str(ratio.threads),
            ratio.model,
            f"{ratio.ratio:.2f}",
            f"{ratio.low:.2f} to {ratio.high:.2f}",
        )
    return table


def _profile_cells(profile: Profile, alone_us: float, batch_us: float) -> list[str]:
    return [
        f"{alone_us:.1f} µs",
        f"{alone_us / profile.alone_us:.0%}",
        f"{batch_us:.2f} µs",
        f"{batch_us / profile.batch_us:.0%}",
    ]


def _change_cells(change: Change, limit_percent: float | None) -> list[str | Text]:
    interval = "too few"
    if change.low is not None and change.high is not None:
        interval = f"{change.low:.2f} to {change.high:.2f}"
    return [
        change.scenario,
        Text(change.model),
        f"{change.batch:,}",
        f"{change.threads:,}",
        _milliseconds(change.old_ms),
        _milliseconds(change.new_ms),
        f"{change.ratio:.2f}",
        interval,
        f"{change.quick_ratio:.2f}",
        _change_word(change, limit_percent),
    ]


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
