"""Sheets of small pictures with a line of text above each."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from edge_analysis.evaluation.figures.canvas import WIDTH_IN, canvas, series

# In pixels of the pictures.
_GAP: Final = 7
_TALLEST_LETTER: Final = 7.5
# Height of a line over the size of its letters.
_LEADING: Final = 1.3
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
        columns: In a row; the sheet is as wide for fewer, so that all sheets have one scale.

    Returns:
        A ``matplotlib.figure.Figure``.
    """
    side = tiles[0].pictures[0].shape[0]
    letter = _letter_height(tiles)
    head = math.ceil(_LEADING * letter * len(tiles[0].lines))
    tall = head + len(tiles[0].pictures) * (side + 1) + _GAP
    wide = side + _GAP
    rows = -(-len(tiles) // columns)
    # Empty ground shows the page through.
    sheet = np.zeros((rows * tall, columns * wide, 4), np.uint8)
    for place, tile in enumerate(tiles):
        row, column = divmod(place, columns)
        _paste(sheet, tile, row * tall + head, column * wide)
    with canvas(WIDTH_IN * rows * tall / (columns * wide), arranged=False) as figure:
        axes = figure.add_axes((0, 0, 1, 1))
        axes.set_axis_off()
        axes.imshow(sheet, interpolation="none", aspect="auto")
        unit = WIDTH_IN * _POINTS_AN_INCH / (columns * wide)
        for place, tile in enumerate(tiles):
            row, column = divmod(place, columns)
            _write(axes, tile, (column * wide, row * tall + head), letter, unit)
    return figure


def _paste(sheet: NDArray[np.uint8], tile: Tile, top: int, left: int) -> None:
    for picture in tile.pictures:
        height, width = picture.shape[:2]
        place = sheet[top : top + height, left : left + width]
        place[..., :3] = picture if picture.ndim == 3 else picture[..., np.newaxis]
        place[..., 3] = 255
        top += height + 1


def _letter_height(tiles: Sequence[Tile]) -> float:
    """Return the size of letters, in pixels of the pictures, at which the longest line fits."""
    longest = max(len(line) for tile in tiles for line in tile.lines)
    width = tiles[0].pictures[0].shape[1] + _GAP - 1
    return min(_TALLEST_LETTER, float(width / (_LETTER * max(longest, 1))))


def _write(
    axes: Any, tile: Tile, corner: tuple[int, int], letter: float, points_a_pixel: float
) -> None:
    """Write the lines of a tile, the last one right above the corner of its picture."""
    left, bottom = corner
    for number, line in enumerate(tile.lines):
        colour = {} if number or tile.colour is None else {"color": series(tile.colour)}
        above = len(tile.lines) - 1 - number
        axes.text(
            left - 0.5,
            bottom - (above + 0.35) * _LEADING * letter,
            line,
            fontsize=letter * points_a_pixel,
            fontweight="bold" if colour else "normal",
            va="baseline",
            **colour,
        )
