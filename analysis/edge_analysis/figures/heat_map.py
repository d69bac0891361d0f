"""Heat maps of values by pair of classes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import matplotlib as mpl
import numpy as np
from matplotlib.colors import ListedColormap, LogNorm, Normalize, PowerNorm
from numpy.typing import NDArray

from edge_analysis.figures.drawing import new_figure, set_class_ticks

# With more classes a cell has no room for its number.
MAX_NUMBERED_CLASSES: Final = 16
_HEIGHT_IN: Final = 4.6
# Cells with a relative luminance (WCAG 2) above this have dark numbers, for most contrast.
_BRIGHT: Final = 0.18


@dataclass(frozen=True)
class Scale:
    """Mapping of values to the colours, label of the colour bar, decimals of the cells."""

    norm: Normalize
    unit: str
    decimals: int


def count_scale(values: NDArray[Any]) -> Scale:
    """Return a logarithmic scale of counts, on which a count of 1 is visible."""
    return Scale(LogNorm(0.7, max(float(values.max()), 2.0)), "images", 0)


def share_scale(unit: str) -> Scale:
    """Return a scale of percentages, on which a small percentage is visible."""
    return Scale(PowerNorm(0.4, 0, 100), unit, 1)


def linear_scale(values: NDArray[Any], unit: str) -> Scale:
    """Return a linear scale from the lowest to the highest value, NaN left out."""
    return Scale(Normalize(float(np.nanmin(values)), float(np.nanmax(values))), unit, 1)


def draw_heat_map(
    values: NDArray[Any], names: Sequence[str], scale: Scale, *, x_label: str, y_label: str
) -> Any:
    """Draw a value per pair of classes, rows by columns, with numbers for up to 16 classes.

    Args:
        values: float or int (classes, classes). Cells of 0 and NaN stay empty.
        names: Class names.
        scale: Colours and labels.
        x_label: Meaning of the columns.
        y_label: Meaning of the rows.
    """
    filled = np.ma.masked_invalid(np.where(values == 0, np.nan, values))
    # All of these colours differ from a light and from a dark background.
    colours = ListedColormap(mpl.colormaps["YlGnBu"](np.linspace(0.05, 0.8, 256)))
    with new_figure(_HEIGHT_IN) as figure:
        axes = figure.add_subplot()
        axes.grid(visible=False)
        axes.spines[:].set_visible(False)
        image = axes.imshow(filled, cmap=colours, norm=scale.norm, interpolation="none")
        if len(names) <= MAX_NUMBERED_CLASSES:
            _write_numbers(axes, filled, scale, colours)
        else:
            bar = figure.colorbar(image, ax=axes, shrink=0.8, label=scale.unit, format="{x:,.5g}")
            bar.outline.set_visible(False)
        for axis in (axes.xaxis, axes.yaxis):
            set_class_ticks(axis, names)
        axes.tick_params(length=0)
        axes.set(xlabel=x_label, ylabel=y_label)
    return figure


def _write_numbers(axes: Any, filled: Any, scale: Scale, colours: ListedColormap) -> None:
    size = min(8, 75 / len(filled))
    for row, column in np.argwhere(~np.ma.getmaskarray(filled)).tolist():
        value = float(filled[row, column])
        red, green, blue = np.power(colours(scale.norm(value))[:3], 2.2)
        bright = 0.2126 * red + 0.7152 * green + 0.0722 * blue > _BRIGHT
        whole = scale.decimals == 0 or value == 100
        text = f"{value:.0f}" if whole else f"{value:.{scale.decimals}f}"
        colour = "#262626" if bright else "white"
        axes.text(column, row, text, ha="center", va="center", color=colour, fontsize=size)
