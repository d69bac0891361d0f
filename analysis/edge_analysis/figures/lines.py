"""Lines over two numeric axes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from matplotlib.ticker import LogLocator, NullFormatter

from edge_analysis.figures.drawing import faint_colour, new_figure, series_colour


@dataclass(frozen=True, kw_only=True)
class Line:
    """A line of a figure.

    Attributes:
        name: Name in the legend.
        x: Horizontal positions.
        y: Values.
        colour: Index of a series colour.
        band: Lower and upper bounds of the values; None for no band.
        marker: Marker of the points; None for a plain line.
        style: Line style of Matplotlib; ``""`` for points without a line.
        width: Line width in points.
    """

    name: str
    x: Sequence[float]
    y: Sequence[float]
    colour: int = 0
    band: tuple[Sequence[float], Sequence[float]] | None = None
    marker: str | None = None
    style: str = "-"
    width: float = 1.5


def draw_lines(
    lines: Sequence[Line], *, height_in: float, reference: float | None = None, **axes_options: Any
) -> Any:
    """Draw lines over common axes, with a legend if there are several.

    Args:
        lines: The lines.
        height_in: Height of the figure in inches.
        reference: Horizontal position of a thin vertical line; None for no line.
        axes_options: Arguments of ``matplotlib.axes.Axes.set``, such as ``xlabel`` and ``ylim``.
    """
    with new_figure(height_in) as figure:
        axes = figure.add_subplot()
        if reference is not None:
            axes.axvline(reference, color=faint_colour(), linestyle="--", linewidth=1)
        for line in lines:
            _draw_line(axes, line)
        axes.set(**axes_options)
        for name, axis in (("xscale", axes.xaxis), ("yscale", axes.yaxis)):
            if axes_options.get(name) == "log":
                axis.set_major_locator(LogLocator(subs=(1, 2, 5)))
                axis.set_major_formatter("{x:g}")
                axis.set_minor_formatter(NullFormatter())
        if len(lines) > 1:
            axes.legend()
    return figure


def _draw_line(axes: Any, line: Line) -> None:
    colour = series_colour(line.colour)
    if line.band:
        axes.fill_between(line.x, *line.band, color=colour, alpha=0.2, linewidth=0)
    axes.plot(
        line.x,
        line.y,
        color=colour,
        marker=line.marker,
        markersize=4 if line.style else 6,
        linestyle=line.style,
        linewidth=line.width,
        label=line.name,
        # A point at the end of an axis stays whole.
        clip_on=bool(line.style),
    )
