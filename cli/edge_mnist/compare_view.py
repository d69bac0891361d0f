"""How two runs of `edge-mnist bench` that are compared look in a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from edge_bench.report_units import duration

if TYPE_CHECKING:
    from edge_bench.compare import Change, Comparison

_FIGURES: Final = ("batch", "threads", "old", "new", "ratio", "95 % interval", "quick")


def comparison_view(comparison: Comparison) -> RenderableType:
    """Show what differs, each change in a line, and the verdict."""
    # One space between columns: ten of them stand on a terminal of 80.
    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0), header_style="dim")
    table.add_column("scenario", no_wrap=True)
    table.add_column("model", overflow="fold")
    for heading in _FIGURES:
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("", no_wrap=True)
    for change in comparison.changes:
        table.add_row(*_cells(change, comparison.fail_over_percent))
    notes = [*comparison.notes, *_alone(comparison)]
    explained = "medians of a call; quick: ratio of the quickest calls"
    return Group(
        *(Text.assemble(("! ", "yellow"), note) for note in notes),
        *([""] if notes else []),
        table,
        Text(explained, style="dim"),
        _verdict(comparison),
    )


def _cells(change: Change, limit_percent: float | None) -> list[str | Text]:
    interval = "too few"
    if change.low is not None and change.high is not None:
        interval = f"{change.low:.2f} to {change.high:.2f}"
    return [
        change.scenario,
        Text(change.model),
        f"{change.batch:,}",
        f"{change.threads:,}",
        duration(change.old_ms),
        duration(change.new_ms),
        f"{change.ratio:.2f}",
        interval,
        f"{change.quick_ratio:.2f}",
        _word(change, limit_percent),
    ]


def _word(change: Change, limit_percent: float | None) -> Text:
    if change.is_slower(limit_percent or 0.0):
        return Text("slower", style="bold red")
    if limit_percent is not None and change.ratio > 1 + limit_percent / 100:
        return Text("unsure", style="yellow")
    return Text("quicker", style="green") if change.is_quicker() else Text("")


def _alone(comparison: Comparison) -> list[str]:
    return [
        f"{which} alone measured {', '.join(names)}"
        for which, names in (("OLD", comparison.only_old), ("NEW", comparison.only_new))
        if names
    ]


def _verdict(comparison: Comparison) -> Text:
    limit = comparison.fail_over_percent
    slower = [one for one in comparison.changes if one.is_slower(limit or 0.0)]
    of = f"{len(slower)} of {len(comparison.changes)} slower"
    if limit is not None:
        of += f" by more than {limit:g} %"
    return Text(of, style="bold red" if comparison.failures else "")
