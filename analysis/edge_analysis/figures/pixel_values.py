"""One picture with the value of every pixel written into it."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from edge_analysis.figures.drawing import new_figure, save_figure

_SIDE_IN: Final = 10
_VALUE_POINTS: Final = 7
_TITLE_POINTS: Final = 14
# Pixels above this grey level have black numbers.
_BRIGHT: Final = 127


def visualize_input(image: NDArray[np.uint8], axes: Any) -> None:
    """Draw a picture with the value of each pixel.

    Args:
        image: uint8 (h, w), bright foreground on 0.
        axes: The ``matplotlib.axes.Axes`` to draw on; about 10 inches wide for 28 pixels.
    """
    axes.imshow(image, cmap="gray", vmin=0, vmax=255, interpolation="nearest")
    for (row, column), value in np.ndenumerate(image):
        axes.text(
            column,
            row,
            str(value),
            ha="center",
            va="center",
            fontsize=_VALUE_POINTS,
            color="black" if value > _BRIGHT else "white",
        )
    axes.set_axis_off()


def write_pixel_values(image: NDArray[np.uint8], title: str, path: Path) -> None:
    """Write a picture with the value of each pixel as ``path.png`` and ``path.svg``.

    Args:
        image: uint8 (h, w), bright foreground on 0.
        title: Title above the picture.
        path: Path without a suffix. Existing files are replaced.

    Raises:
        OutputError: A file cannot be written.
    """
    with new_figure(_SIDE_IN, width_in=_SIDE_IN, fill=True) as figure:
        axes = figure.add_axes((0, 0, 1, 1))
        visualize_input(image, axes)
        axes.set_title(title, fontsize=_TITLE_POINTS)
    save_figure(figure, path)
