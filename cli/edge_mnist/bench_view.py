"""How a record of `edge-mnist bench` and the profile of a model look."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from edge_bench.summary import MIN_CALLS

if TYPE_CHECKING:
    from edge_bench.nodes import Profile
    from edge_bench.record import Measurement, Record

_UNKNOWN: Final = "-"
_STEPS: Final = {
    "interpreter_ms": "interpreter",
    "import_ms": "imports",
    "session_ms": "model",
    "first_run_ms": "first run",
}


def record_view(record: Record) -> RenderableType:
    """Show a run: figures, ratios, and what speaks against them."""
    parts: list[RenderableType] = [_heading(record), "", _figures(record.measurements)]
    parts += [Text(line, style="dim") for line in _notes(record.measurements)]
    if record.ratios:
        parts += ["", _ratios(record)]
    if record.doubts:
        parts += ["", Text("Less trustworthy, because", style="bold yellow"), _doubts(record)]
    return Group(*parts)


def profile_view(model: str, profile: Profile) -> RenderableType:
    """Show time by node, and what is left around the nodes."""
    from edge_bench.nodes import BATCH

    table = _table("node", "output for one image", texts=("node", "output for one image"))
    for heading in ("one image", "share", f"in a batch of {BATCH}", "share"):
        table.add_column(heading, justify="right")
    for node in profile.nodes:
        table.add_row(
            node.kind,
            node.output,
            f"{node.alone_us:.1f} µs",
            f"{node.alone_us / profile.alone_us:.0%}",
            f"{node.batch_us:.2f} µs",
            f"{node.batch_us / profile.batch_us:.0%}",
        )
    alone_us = profile.alone_us - sum(node.alone_us for node in profile.nodes)
    batch_us = profile.batch_us - sum(node.batch_us for node in profile.nodes)
    table.add_row(
        *("between nodes", ""),
        *(f"{alone_us:.1f} µs", f"{alone_us / profile.alone_us:.0%}"),
        *(f"{batch_us:.2f} µs", f"{batch_us / profile.batch_us:.0%}"),
        style="dim",
    )
    note = "an image, under onnxruntime's profiler, which counts whole µs and takes some itself"
    return Group(Text(model, style="bold"), table, Text(note, style="dim"), "")


def _heading(record: Record) -> RenderableType:
    host, runtime = record.host, record.runtime
    cores = "1 core" if host.cores == 1 else f"{host.cores} cores"
    machine = ", ".join((host.cpu, *host.instructions, cores))
    system = f"{host.os}, Python {host.python}, onnxruntime {runtime.onnxruntime}, "
    models = [
        f"{model.name}: {model.size_bytes / 1000:,.1f} kB, {model.precision}"
        + (f", {model.accuracy_percent:.2f} %" if model.accuracy_percent is not None else "")
        for model in record.models
    ]
    return Group(
        Text(machine, style="bold"),
        Text(f"{system}OpenCV {runtime.opencv}", style="dim"),
        *(Text(line, style="dim") for line in models),
    )


def _figures(measurements: Sequence[Measurement]) -> RenderableType:
    table = _table(
        *("scenario", "batch", "threads", "model", "calls", "p50", "p95", "p99", "images/s", "RSS"),
        texts=("scenario", "model"),
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
            *map(_duration, (each.p50_ms, each.p95_ms, each.p99_ms)),
            _rate(each.images_per_s),
            _megabytes(each.rss_peak_bytes),
        )
    return table


def _notes(measurements: Sequence[Measurement]) -> Iterator[str]:
    yield "times a call; RSS: the most that a process of its own held"
    quantiles = ", ".join(f"p{percent} from {calls}" for percent, calls in MIN_CALLS.items())
    if any(None in {each.p95_ms, each.p99_ms} for each in measurements):
        yield f"{_UNKNOWN} too few calls ({quantiles})"
    for each in measurements:
        if each.scenario == "cold":
            steps = [f"{word} {_duration(each.parts[name])}" for name, word in _STEPS.items()]
            yield f"cold, {each.model}: {', '.join(steps)}"
        if each.scenario == "stream":
            yield (
                f"stream, {each.model}: {each.parts['fps']:.1f} frames a second, "
                f"{each.parts['cpu_share']:.0%} of a core, frames "
                f"{_duration(each.parts['frame_age_ms'])} old when read"
            )


def _ratios(record: Record) -> RenderableType:
    table = _table(
        *("scenario", "batch", "threads", "model", f"time against {record.ratios[0].baseline}"),
        *("95 % interval",),
        texts=("scenario", "model"),
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


def _doubts(record: Record) -> RenderableType:
    grid = Table.grid()
    for doubt in record.doubts:
        grid.add_row("- ", Text(doubt.message))
    return grid


def _table(*headings: str, texts: Sequence[str]) -> Table:
    """Make a table without lines; columns hold numbers but for those named in ``texts``."""
    # One space between columns: ten of them stand on a terminal of 80.
    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0), header_style="dim")
    for heading in headings:
        if heading in texts:
            table.add_column(heading, overflow="fold")
        else:
            table.add_column(heading, justify="right", no_wrap=True)
    return table


def _duration(value_ms: float | None) -> str:
    if value_ms is None:
        return _UNKNOWN
    value, unit = (1e3 * value_ms, "µs") if value_ms < 1 else (value_ms, "ms")
    if value >= 10_000:
        value, unit = value / 1000, "s"
    decimals = max(0, 2 - len(str(int(value))) + 1)
    return f"{value:,.{decimals}f} {unit}"


def _rate(images_per_s: float) -> str:
    return f"{images_per_s:,.0f}" if images_per_s >= 10 else f"{images_per_s:.1f}"


def _megabytes(size_bytes: int | None) -> str:
    return _UNKNOWN if size_bytes is None else f"{size_bytes / 1e6:,.0f} MB"
