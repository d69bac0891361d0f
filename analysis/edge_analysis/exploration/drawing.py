"""Matplotlib drawings that the figures are made of; make them within ``drawing_style``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

import numpy as np
from matplotlib.figure import Figure as Drawing
from numpy.typing import NDArray

# In inches; letters of 9 points stay readable on a page of this width on a phone.
WIDTH: Final = 5.0
# For charts of so many classes that their labels would touch.
WIDE: Final = 9.0
MANY_CLASSES: Final = 30
LONGEST_NAME: Final = 12
_GAP: Final = 2
_TEXT_ROWS: Final = 11
_MOST_LABELS: Final = 36
_WIDE_POINTS: Final = 14
_COLOURS: Final = "viridis"


@dataclass(frozen=True, eq=False)
class Tile:
    """A small picture, uint8 (h, w) or (h, w, 3), with a text above it or none."""

    image: NDArray[np.uint8]
    text: str = ""


def draw_tiles(rows: Sequence[tuple[str, Sequence[Tile]]], columns: int) -> Any:
    """Draw rows of small pictures, each pixel to be seen.

    Args:
        rows: A label, and up to ``columns`` pictures, all of the same shape.
        columns: Most in a row.
    """
    height, width = next(tile for _, row in rows for tile in row).image.shape[:2]
    tops, bottom = _tops(rows, height)
    canvas = np.zeros((bottom, columns * (width + _GAP) - _GAP, 4), np.uint8)
    drawn: Any = Drawing(figsize=(WIDTH, WIDTH * canvas.shape[0] / canvas.shape[1]))
    axes = drawn.add_axes((0, 0, 1, 1))
    for top, (_, row) in zip(tops, rows, strict=True):
        for column, tile in enumerate(row):
            left = column * (width + _GAP)
            field = canvas[top : top + height, left : left + width]
            field[..., :3] = tile.image if tile.image.ndim == 3 else tile.image[..., None]
            field[..., 3] = 255
            if tile.text:
                axes.text(left + width / 2 - 0.5, top - 1.5, tile.text, ha="center", va="bottom")
    axes.imshow(canvas, interpolation="none")
    middles = [top + height / 2 - 0.5 for top in tops]
    axes.set_yticks(middles, [short(label) for label, _ in rows])
    axes.set_xticks([])
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    return drawn


def _tops(rows: Sequence[tuple[str, Sequence[Tile]]], height: int) -> tuple[list[int], int]:
    """Return where the pictures of each row begin, and where the last ones end."""
    tops: list[int] = []
    bottom = -_GAP
    for _, row in rows:
        tops.append(bottom + _GAP + (_TEXT_ROWS if any(tile.text for tile in row) else 0))
        bottom = tops[-1] + height
    return tops, bottom


def new_chart(classes: int, height: float, panels: int = 1) -> tuple[Any, Sequence[Any]]:
    """Return a drawing, and its axes one above the other over the same classes."""
    width = WIDE if classes > MANY_CLASSES else WIDTH
    drawn: Any = Drawing(figsize=(width, height * panels), layout="constrained")
    axes = drawn.subplots(panels, 1, sharex=True, squeeze=False)[:, 0]
    for one in axes:
        one.grid(axis="y")
        if width == WIDE:
            _enlarge(one)
    return drawn, axes


def name_ticks(axis: Any, class_names: Sequence[str]) -> None:
    """Write class names at an ``Axis``, as many as there is room for."""
    labels = [short(name) for name in class_names]
    every = -(-len(labels) // _MOST_LABELS)
    turned = axis.axis_name == "x" and max(map(len, labels)) * len(labels) > 2 * _MOST_LABELS
    axis.set_ticks(range(0, len(labels), every), labels[::every], rotation=90 if turned else 0)


def draw_heat_map(
    values: NDArray[np.float64], class_names: Sequence[str], texts: Sequence[Sequence[str]] | None
) -> Any:
    """Draw a square of values, rows and columns one a class; NaN stays empty.

    Args:
        values: float64 (classes, classes).
        class_names: In order.
        texts: To be written into the cells.
    """
    many = len(class_names) > MANY_CLASSES
    side = WIDE if many else WIDTH
    drawn: Any = Drawing(figsize=(side, side), layout="constrained")
    axes = drawn.subplots()
    image = axes.imshow(values, cmap=_COLOURS, interpolation="none")
    bar = drawn.colorbar(image, ax=axes, shrink=0.8, pad=0.02)
    bar.outline.set_visible(False)
    for row, line in enumerate(texts or ()):
        for column, text in enumerate(line):
            # White on the dark half of the colours, black on the light half.
            light = image.norm(values[row, column]) > 0.6
            colour = "black" if light else "white"
            axes.text(column, row, text, ha="center", va="center", color=colour, fontsize=8)
    for axis in (axes.xaxis, axes.yaxis):
        name_ticks(axis, class_names)
    if many:
        _enlarge(axes)
        _enlarge(bar.ax)
    axes.spines[:].set_visible(False)
    return drawn


def _enlarge(axes: Any) -> None:
    """Enlarge the letters of a wide drawing, which the page scales down."""
    axes.tick_params(labelsize=_WIDE_POINTS)
    for text in (axes.yaxis.label, axes.xaxis.label):
        text.set_size(_WIDE_POINTS)


def short(name: str) -> str:
    """Shorten a class name that would take too much room."""
    return name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 1]}…"


def chunks(count: int, most: int) -> list[range]:
    """Part 0 to ``count`` - 1 into as few runs of at most ``most`` as need be, of like lengths."""
    parts = -(-count // most)
    bounds = [at * count // parts for at in range(parts + 1)]
    return [range(*pair) for pair in pairwise(bounds)]
