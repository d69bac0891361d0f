"""The charts of a report as data: distributions, throughput, accuracy against cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from edge_bench.record import Measurement
from edge_bench.report_runs import Run, fewest_threads, measured, model_indices
from edge_bench.report_tables import TimeUnit, time_unit
from edge_bench.scenario_list import Scenario

# The slowest of thousands of calls reflects the system; a scale that includes it compresses
# the rest.
_LAST_PERCENT: Final = 99
_FEWEST_CALLS: Final = 20
# Ratio of slowest to quickest call above which the time axis is logarithmic.
_WIDE: Final = 5.0


@dataclass(frozen=True, kw_only=True)
class Series:
    """A line of a chart, or a marked point.

    Attributes:
        name: Name in the legend.
        index: Number of the model, for its colour.
        points: Positions (x, y).
        dashed: Whether the line is dashed.
    """

    name: str
    index: int
    points: tuple[tuple[float, float], ...]
    dashed: bool = False


@dataclass(frozen=True, kw_only=True)
class Chart:
    """A chart of lines over two numeric axes.

    Attributes:
        x_label: Quantity and unit of the horizontal axis.
        y_label: Quantity and unit of the vertical axis.
        series: Lines; one with a single point is drawn as a marker.
        alt: Description for screen readers, with the most important numbers.
        caption: What the chart shows.
        log_x: Whether the horizontal axis is logarithmic.
        log_y: Whether the vertical axis is logarithmic.
        x_limits: Ends of the horizontal axis, the same for all runs; None for the data's.
        y_limits: Ends of the vertical axis.
    """

    x_label: str
    y_label: str
    series: tuple[Series, ...]
    alt: str
    caption: str
    log_x: bool = False
    log_y: bool = False
    x_limits: tuple[float, float] | None = None
    y_limits: tuple[float, float] | None = None


def distribution_charts(runs: Sequence[Run], scenario: Scenario) -> tuple[Chart, ...]:
    """Return the cumulative distributions of call times, a chart per run with enough calls."""
    by_run = {
        run.name: [one for one in fewest_threads(run, scenario.name) if one.n >= _FEWEST_CALLS]
        for run in runs
    }
    times_ms = [ms for ones in by_run.values() for one in ones for ms in _times_ms(one)]
    if not times_ms:
        return ()
    unit = time_unit(times_ms)
    limits = (min(times_ms) * unit.per_ms, max(times_ms) * unit.per_ms)
    indices = model_indices(runs)
    return tuple(
        _distribution(name, ones, indices, unit, limits) for name, ones in by_run.items() if ones
    )


def throughput_charts(runs: Sequence[Run]) -> tuple[Chart, ...]:
    """Return images per second against the batch, a chart per run."""
    rates = [one.images_per_s for run in runs for one in measured(run, "batch")]
    indices = model_indices(runs)
    return tuple(
        _throughput(run, indices, (0.8 * min(rates), 1.25 * max(rates)))
        for run in runs
        if any(measured(run, "batch"))
    )


def accuracy_charts(runs: Sequence[Run]) -> tuple[Chart, ...]:
    """Return accuracy against the latency of one image, a chart per run, and against size."""
    charts = [_accuracy_against_latency(run, runs) for run in runs]
    charts.append(_accuracy_against_size(runs))
    return tuple(chart for chart in charts if chart is not None)


def _distribution(
    name: str,
    ones: Sequence[Measurement],
    indices: Mapping[str, int],
    unit: TimeUnit,
    limits: tuple[float, float],
) -> Chart:
    series = tuple(
        Series(
            name=one.model,
            index=indices[one.model],
            points=tuple((ms * unit.per_ms, at) for at, ms in enumerate(_times_ms(one))),
        )
        for one in ones
    )
    medians = ", ".join(f"{one.model} {unit.text(one.p50_ms)}" for one in ones)
    return Chart(
        x_label=f"time of a call, {unit.name}",
        y_label="quicker calls, %",
        series=series,
        alt=f"Cumulative distribution of call times on {name}. Medians: {medians}.",
        caption=f"{name}: share of calls that took less than a time, up to 99 %. A steeper curve "
        "is steadier.",
        log_x=limits[1] > _WIDE * limits[0],
        x_limits=limits,
        y_limits=(0, 100),
    )


def _throughput(run: Run, indices: Mapping[str, int], limits: tuple[float, float]) -> Chart:
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
    best = max(measured(run, "batch"), key=lambda one: one.images_per_s)
    return Chart(
        x_label="images per batch",
        y_label="images per second",
        series=series,
        alt=f"Images per second against the batch on {run.name}. Highest: {best.model}, batch "
        f"{best.batch}, {best.threads} threads, {best.images_per_s:,.0f} images/s.",
        caption=f"{run.name}: throughput against the batch; dashed lines use more threads.",
        log_x=True,
        log_y=True,
        y_limits=limits,
    )


def _accuracy_against_latency(run: Run, runs: Sequence[Run]) -> Chart | None:
    accuracies = {model.name: model.accuracy_percent for model in run.record.models}
    points: dict[str, tuple[float, float]] = {}
    for one in fewest_threads(run, "single"):
        accuracy = accuracies[one.model]
        if accuracy is not None:
            points[one.model] = (one.p50_ms, accuracy)
    if not points:
        return None
    unit = time_unit(ms for ms, _ in points.values())
    points = {name: (ms * unit.per_ms, accuracy) for name, (ms, accuracy) in points.items()}
    title = f"{run.name}: accuracy against the latency of one image"
    return _points(points, f"one image, median, {unit.name}", runs, title)


def _accuracy_against_size(runs: Sequence[Run]) -> Chart | None:
    points = {
        model.name: (model.size_bytes / 1000, model.accuracy_percent)
        for run in runs
        for model in run.record.models
        if model.accuracy_percent is not None
    }
    title = "Accuracy against the size of the file"
    return _points(points, "size of the file, kB", runs, title) if points else None


def _points(
    points: Mapping[str, tuple[float, float]], x_label: str, runs: Sequence[Run], title: str
) -> Chart:
    indices = model_indices(runs)
    values = "; ".join(f"{name} {x:.3g}, {y:.2f} %" for name, (x, y) in points.items())
    return Chart(
        x_label=x_label,
        y_label="accuracy on test images, %",
        series=tuple(
            Series(name=name, index=indices[name], points=(point,))
            for name, point in points.items()
        ),
        alt=f"{title}: {x_label}, then accuracy. {values}.",
        caption=f"{title}. Models at the top left are better.",
        log_x=True,
    )


def _times_ms(one: Measurement) -> Sequence[float]:
    return one.quantiles_ms[: _LAST_PERCENT + 1]
