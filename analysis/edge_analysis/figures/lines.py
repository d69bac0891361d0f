"""Lines over two numeric axes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from matplotlib.ticker import LogLocator, NullFormatter

from edge_analysis.figures.drawing import faint_colour, new_figure, series_colour


@dataclass(frozen=True, kw_only=True)
class Line:
    """A line of a figure; ``name`` stands in the legend.

    ``colour`` is the index of a series colour, ``band`` the bounds of the values, ``style`` and
    ``marker`` are those of Matplotlib (``""``: points without a line), ``width`` is in points.
    Without colour and style the first line is solid, the others are dashed in further colours.
    """

    name: str
    x: Sequence[float]
    y: Sequence[float]
    colour: int | None = None
    band: Sequence[Sequence[float]] | None = None
    marker: str | None = None
    style: str | None = None
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
        for index, line in enumerate(lines):
            _draw_line(axes, line, index)
        axes.set(**axes_options)
        for name, axis in (("xscale", axes.xaxis), ("yscale", axes.yaxis)):
            if axes_options.get(name) == "log":
                axis.set_major_locator(LogLocator(subs=(1, 2, 5)))
                axis.set_major_formatter("{x:g}")
                axis.set_minor_formatter(NullFormatter())
        if len(lines) > 1:
            axes.legend()
    return figure


def _draw_line(axes: Any, line: Line, index: int) -> None:
    colour = series_colour(index if line.colour is None else line.colour)
    style = line.style if line.style is not None else "--" if index else "-"
    if line.band:
        axes.fill_between(line.x, *line.band, color=colour, alpha=0.2, linewidth=0)
    axes.plot(
        line.x,
        line.y,
        color=colour,
        marker=line.marker,
        markersize=4 if style else 6,
        linestyle=style,
        linewidth=line.width,
        label=line.name,
        # A point at the end of an axis stays whole.
        clip_on=bool(style),
    )
