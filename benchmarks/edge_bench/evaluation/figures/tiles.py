"""Sheets of small pictures with a line of text above each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from edge_bench.evaluation.figures.canvas import WIDTH_IN, canvas, series

_GAP: Final = 7
_LINE: Final = 9
_POINTS_AN_INCH: Final = 72
# Width of a bold letter over its size, on average; a browser may not have the same font.
_LETTER: Final = 0.68


@dataclass(frozen=True, eq=False)
class Tile:
    """One picture on a sheet.

    Attributes:
        pictures: Of one size, one under the other: uint8 (h, w) grey or (h, w, 3) RGB.
        lines: Written above.
        colour: Index of one of the page's colours for the first line; None for that of text.
    """

    pictures: tuple[NDArray[np.uint8], ...]
    lines: tuple[str, ...]
    colour: int | None = None


def draw_sheet(tiles: Sequence[Tile], columns: int) -> Any:
    """Draw tiles row by row.

    Args:
        tiles: At least one, all with as many pictures and lines.
        columns: In a row.

    Returns:
        A ``matplotlib.figure.Figure``.
    """
    columns = min(columns, len(tiles))
    side = tiles[0].pictures[0].shape[0]
    head = _LINE * len(tiles[0].lines)
    tall = head + len(tiles[0].pictures) * (side + 1) + _GAP
    wide = side + _GAP
    rows = -(-len(tiles) // columns)
    # Empty ground shows the page through.
    sheet = np.zeros((rows * tall, columns * wide, 4), np.uint8)
    for place, tile in enumerate(tiles):
        row, column = divmod(place, columns)
        _paste(sheet, tile, row * tall + head, column * wide)
    width_in = min(WIDTH_IN, 0.9 * columns)
    height_in = width_in * rows * tall / (columns * wide)
    with canvas(height_in, width_in, arranged=False) as figure:
        axes = figure.add_axes((0, 0, 1, 1))
        axes.set_axis_off()
        axes.imshow(sheet, interpolation="none", aspect="auto")
        points = _text_size(tiles, width_in * _POINTS_AN_INCH / (columns * wide))
        for place, tile in enumerate(tiles):
            row, column = divmod(place, columns)
            _write(axes, tile, (column * wide, row * tall), points)
    return figure


def _paste(sheet: NDArray[np.uint8], tile: Tile, top: int, left: int) -> None:
    for picture in tile.pictures:
        height, width = picture.shape[:2]
        place = sheet[top : top + height, left : left + width]
        place[..., :3] = picture if picture.ndim == 3 else picture[..., np.newaxis]
        place[..., 3] = 255
        top += height + 1


def _text_size(tiles: Sequence[Tile], unit: float) -> float:
    """Return the size in points at which the longest line fits, one pixel being ``unit`` wide."""
    longest = max(len(line) for tile in tiles for line in tile.lines)
    width = tiles[0].pictures[0].shape[1] + _GAP - 1
    return unit * min(0.85 * _LINE, float(width / (_LETTER * max(longest, 1))))


def _write(axes: Any, tile: Tile, corner: tuple[int, int], points: float) -> None:
    left, top = corner
    for number, line in enumerate(tile.lines):
        colour = {} if number or tile.colour is None else {"color": series(tile.colour)}
        axes.text(
            left - 0.5,
            top + (number + 0.8) * _LINE,
            line,
            fontsize=points,
            fontweight="bold" if colour else "normal",
            va="baseline",
            **colour,
        )
