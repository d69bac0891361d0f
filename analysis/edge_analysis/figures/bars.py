"""Bars, box plots and intervals, one per class; reliability diagrams."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final

from matplotlib.ticker import MaxNLocator

from edge_analysis.figures.drawing import (
    faint_colour,
    new_figure,
    series_colour,
    set_class_ticks,
)

_BAR_HEIGHT: Final = 0.38
# Keys of a box for Matplotlib, in the order of its percentiles.
_BOX_KEYS: Final = ("whislo", "q1", "med", "q3", "whishi")


def draw_bars(
    panels: Mapping[str, Sequence[float]], class_names: Sequence[str], *, label: str
) -> Any:
    """Draw upright bars: per panel its title and a value per class; ``label`` is their unit."""
    with _stacked_panels(1.5, len(panels), class_names) as (figure, all_axes):
        for axes, (title, values) in zip(all_axes, panels.items(), strict=True):
            axes.bar(range(len(values)), values)
            axes.set_ylabel(label)
            axes.set_title(title, loc="left")
    return figure


def draw_boxes(
    panels: Mapping[str, Sequence[Sequence[float] | None]], class_names: Sequence[str]
) -> Any:
    """Draw a box plot per class, in one panel per quantity.

    Args:
        panels: Quantity with its unit, and per class the percentiles of the lower whisker, box,
            median, box and upper whisker; None for a class without values.
        class_names: Class names.
    """
    height_in = 2.8 if len(panels) == 1 else 1.8
    with _stacked_panels(height_in, len(panels), class_names) as (figure, all_axes):
        for axes, (label, boxes) in zip(all_axes, panels.items(), strict=True):
            positions = [at for at, box in enumerate(boxes) if box]
            axes.bxp(
                [dict(zip(_BOX_KEYS, box, strict=True)) for box in boxes if box],
                positions=positions,
                showfliers=False,
                patch_artist=True,
                boxprops={"facecolor": "C0", "edgecolor": "C0"},
                whiskerprops={"color": "C0"},
                capprops={"color": "C0"},
                # Visible at an edge of the box, and if the box has no height.
                medianprops={"color": "C1", "linewidth": 2},
                manage_ticks=False,
            )
            axes.set_ylabel(label)
            axes.yaxis.set_major_locator(MaxNLocator("auto", integer=True, min_n_ticks=1))
    return figure


def draw_paired_bars(
    series: Mapping[str, Sequence[int]], class_names: Sequence[str], *, label: str
) -> Any:
    """Draw horizontal bars: of two series the name and a count per class, from the top."""
    with _rows(class_names) as (figure, axes):
        for index, (name, counts) in enumerate(series.items()):
            rows = [row + _BAR_HEIGHT * (index - 0.5) for row in range(len(counts))]
            axes.barh(rows, counts, height=_BAR_HEIGHT, color=series_colour(index), label=name)
        axes.grid(visible=False, axis="y")
        axes.xaxis.get_major_locator().set_params(integer=True)
        axes.set_xlabel(label)
        axes.legend()
    return figure


def draw_intervals(
    values: Sequence[float],
    intervals: Sequence[tuple[float, float]],
    class_names: Sequence[str],
    *,
    reference: float,
    label: str,
) -> Any:
    """Draw a value and its interval per class, and a dashed line at ``reference``."""
    with _rows(class_names) as (figure, axes):
        axes.hlines(range(len(values)), *zip(*intervals, strict=True), color=series_colour(0))
        axes.plot(values, range(len(values)), "o", color=series_colour(0))
        axes.axvline(reference, color=faint_colour(), linestyle="--", linewidth=1)
        axes.set_xlabel(label)
    return figure


def draw_reliability(
    confidences: Sequence[float], accuracies: Sequence[float], counts: Sequence[int]
) -> Any:
    """Draw a reliability diagram, and below it the number of answers per bin.

    The bins have equal width; confidences and accuracies, in 0-1, are their means.
    """
    width = 100 / len(counts)
    used = [at for at, count in enumerate(counts) if count]
    centres = [width * (at + 0.5) for at in used]
    heights = [100 * accuracies[at] for at in used]
    with new_figure(4.2) as figure:
        above, below = figure.subplots(2, sharex=True, height_ratios=(3, 1))
        above.plot((0, 100), (0, 100), color=faint_colour(), linestyle="--", linewidth=1)
        above.bar(centres, heights, width=width, color=series_colour(0), alpha=0.35)
        points = [100 * confidences[at] for at in used]
        above.plot(points, heights, "o", color=series_colour(0), clip_on=False)
        above.set(ylabel="accuracy (%)", xlim=(0, 100), ylim=(0, 102))
        below.bar(centres, [counts[at] for at in used], width=width, color=series_colour(0))
        below.set(xlabel="confidence (%)", ylabel="images", yscale="log")
        below.yaxis.set_major_formatter("{x:,.0f}")
    return figure


@contextmanager
def _stacked_panels(
    height_in: float, panels: int, class_names: Sequence[str]
) -> Generator[tuple[Any, Sequence[Any]]]:
    """Yield a figure and axes below each other, with the classes on the horizontal axis."""
    with new_figure(height_in * panels) as figure:
        all_axes = list(figure.subplots(panels, 1, sharex=True, squeeze=False)[:, 0])
        for axes in all_axes:
            axes.grid(visible=False, axis="x")
        yield figure, all_axes
        set_class_ticks(all_axes[-1].xaxis, class_names)


@contextmanager
def _rows(class_names: Sequence[str]) -> Generator[tuple[Any, Any]]:
    """Yield a figure and axes with one row per class, the first at the top."""
    with new_figure(0.8 + 0.2 * len(class_names)) as figure:
        axes = figure.add_subplot()
        axes.set_yticks(range(len(class_names)), class_names)
        axes.invert_yaxis()
        yield figure, axes
