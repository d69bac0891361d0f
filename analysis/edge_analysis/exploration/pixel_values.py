"""One picture with the value of every pixel written in it."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import numpy as np
from matplotlib.figure import Figure as Drawing
from numpy.typing import NDArray

from edge_analysis.report_page.drawn import drawing_style, write_drawing

_SIDE_INCHES: Final = 10
_TEXT_POINTS: Final = 7
_TITLE_POINTS: Final = 14
# Above it a number is written in black.
_BRIGHT: Final = 127


def visualize_input(image: NDArray[np.uint8], axes: Any) -> None:
    """Draw a picture with the value of each pixel written in it.

    Args:
        image: uint8 (h, w), bright ink on 0.
        axes: The ``matplotlib.axes.Axes`` to draw on; some 10 inches wide for 28 pixels.
    """
    axes.imshow(image, cmap="gray", vmin=0, vmax=255, interpolation="nearest")
    for (row, column), value in np.ndenumerate(image):
        axes.text(
            column,
            row,
            str(value),
            ha="center",
            va="center",
            fontsize=_TEXT_POINTS,
            color="black" if value > _BRIGHT else "white",
        )
    axes.set_axis_off()


def write_pixel_values(image: NDArray[np.uint8], title: str, path: Path) -> None:
    """Write such a picture as ``path.png`` and ``path.svg``.

    Args:
        image: uint8 (h, w), bright ink on 0.
        title: To stand above it.
        path: Without a suffix; files of these names are replaced.

    Raises:
        OutputError: A file cannot be written.
    """
    with drawing_style():
        drawing = Drawing(figsize=(_SIDE_INCHES, _SIDE_INCHES))
        axes = drawing.add_axes((0, 0, 1, 1))
        visualize_input(image, axes)
        axes.set_title(title, fontsize=_TITLE_POINTS)
    write_drawing(drawing, path)
