"""The drawings of a report: how times spread, what batches give, what accuracy costs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from edge_analysis.report_page import Figure, Figures
from edge_bench.record import Measurement
from edge_bench.report_chart import Axis, Chart, Series, chart_figure
from edge_bench.report_runs import Run, fewest_threads, measured, model_indices
from edge_bench.report_units import TimeUnit, time_unit
from edge_bench.scenario_list import Scenario

# The slowest call of thousands says more of the system than of the model, and a scale that
# holds it has no room for the others.
_LAST_PERCENT: Final = 99
_MEDIAN: Final = 50
_FEWEST_CALLS: Final = 20
# Slowest to quickest from which on a linear scale has the quick ones in one spot.
_WIDE: Final = 5.0


def distribution_figures(runs: Sequence[Run], scenario: Scenario) -> Figures | None:
    """Draw how many calls of a scenario took how long, a chart a run; None where too few did."""
    spread = {
        run.name: [one for one in fewest_threads(run, scenario.name) if one.n >= _FEWEST_CALLS]
        for run in runs
    }
    times_ms = [ms for ones in spread.values() for one in ones for ms in _spread_ms(one)]
    if not times_ms:
        return None
    unit, indices = time_unit(times_ms), model_indices(runs)
    # One scale for all runs, so that the eye may compare them.
    ends = (min(times_ms) * unit.a_ms, max(times_ms) * unit.a_ms)
    return Figures(
        figures=tuple(
            _distribution(name, ones, indices, unit, ends) for name, ones in spread.items() if ones
        )
    )


def throughput_figures(runs: Sequence[Run]) -> Figures | None:
    """Draw images a second against the batch, a line a model and number of threads."""
    rates = [one.images_per_s for run in runs for one in measured(run, "batch")]
    if not rates:
        return None
    indices = model_indices(runs)
    ends = (min(rates), max(rates))
    charts = [_throughput(run, indices, ends) for run in runs if any(measured(run, "batch"))]
    return Figures(figures=tuple(charts))


def accuracy_figures(runs: Sequence[Run]) -> Figures | None:
    """Draw accuracy against the latency of one image, a chart a run, and against size."""
    charts = [chart for run in runs if (chart := _accuracy_against_latency(run, runs))]
    charts += [chart for chart in [_accuracy_against_size(runs)] if chart]
    return Figures(figures=tuple(charts)) if charts else None


def _distribution(
    name: str,
    ones: Sequence[Measurement],
    indices: Mapping[str, int],
    unit: TimeUnit,
    ends: tuple[float, float],
) -> Figure:
    series = tuple(
        Series(
            name=one.model,
            index=indices[one.model],
            points=tuple((ms * unit.a_ms, at) for at, ms in enumerate(_spread_ms(one))),
            marked=(_MEDIAN,),
        )
        for one in ones
    )
    x = Axis(label=f"time of a call, {unit.name}", log=ends[1] > _WIDE * ends[0], including=ends)
    y = Axis(label="calls that were quicker, %", ticks=(0, 25, 50, 75, 100), including=(0, 100))
    medians = ", ".join(f"{one.model} {unit.text(one.p50_ms)}" for one in ones)
    return chart_figure(
        Chart(x=x, y=y, series=series),
        alt=f"Share of calls against their time on {name}. Medians: {medians}.",
        caption=f"{name}: how many of the calls took less than a time, up to the 99th of 100; "
        "the steeper, the steadier. Marked: the medians.",
    )


def _throughput(run: Run, indices: Mapping[str, int], ends: tuple[float, float]) -> Figure:
    lines: dict[tuple[str, int], list[tuple[float, float]]] = {}
    order = sorted(measured(run, "batch"), key=lambda one: (indices[one.model], one.threads))
    for one in sorted(order, key=lambda one: one.batch):
        lines.setdefault((one.model, one.threads), []).append((one.batch, one.images_per_s))
    fewest = min(threads for _, threads in lines)
    series = tuple(
        Series(
            name=f"{model}, {threads} thread{'s' if threads > 1 else ''}",
            index=indices[model],
            points=tuple(points),
            dashed=threads > fewest,
        )
        for (model, threads), points in lines.items()
    )
    batches = tuple(sorted({float(one.batch) for one in measured(run, "batch")}))
    most = max(measured(run, "batch"), key=lambda one: one.images_per_s)
    return chart_figure(
        Chart(
            x=Axis(label="images a batch", log=True, ticks=batches),
            y=Axis(label="images a second", log=True, including=ends),
            series=series,
        ),
        alt=f"Images a second against the batch on {run.name}. Most: {most.model} with a batch of "
        f"{most.batch} and {most.threads} threads, {most.images_per_s:,.0f} images/s.",
        caption=f"{run.name}: throughput against the batch, dashed with more threads.",
    )


def _accuracy_against_latency(run: Run, runs: Sequence[Run]) -> Figure | None:
    accuracies = {model.name: model.accuracy_percent for model in run.record.models}
    points: dict[str, tuple[float, float]] = {}
    for one in fewest_threads(run, "single"):
        accuracy = accuracies[one.model]
        if accuracy is not None:
            points[one.model] = (one.p50_ms, accuracy)
    if not points:
        return None
    unit = time_unit(ms for ms, _ in points.values())
    points = {name: (ms * unit.a_ms, accuracy) for name, (ms, accuracy) in points.items()}
    x = Axis(label=f"one image, median, {unit.name}", log=True)
    return _scatter(points, x, runs, f"{run.name}: accuracy against the latency of one image")


def _accuracy_against_size(runs: Sequence[Run]) -> Figure | None:
    points = {
        model.name: (model.size_bytes / 1000, model.accuracy_percent)
        for run in runs
        for model in run.record.models
        if model.accuracy_percent is not None
    }
    x = Axis(label="size of the file, kB", log=True)
    return _scatter(points, x, runs, "Accuracy against the size of the file") if points else None


def _scatter(
    points: Mapping[str, tuple[float, float]], x: Axis, runs: Sequence[Run], title: str
) -> Figure:
    indices = model_indices(runs)
    series = tuple(
        Series(name=name, index=indices[name], points=(point,), label=name)
        for name, point in points.items()
    )
    told = "; ".join(f"{name} {at:.3g}, {of:.2f} %" for name, (at, of) in points.items())
    return chart_figure(
        Chart(x=x, y=Axis(label="accuracy on test images, %"), series=series),
        alt=f"{title}: {x.label}, then accuracy. {told}.",
        caption=f"{title}. Up and to the left is better.",
    )


def _spread_ms(one: Measurement) -> Sequence[float]:
    return one.quantiles_ms[: _LAST_PERCENT + 1]
