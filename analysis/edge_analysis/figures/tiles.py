"""Sheets of small pictures with lines of text, and one picture with the value of each pixel."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from edge_analysis.figures.drawing import (
    POINTS_PER_INCH,
    WIDTH_IN,
    Drawing,
    new_figure,
    save_figure,
    series_colour,
)
from edge_analysis.text import shortened

MAX_TILES_PER_SHEET: Final = 100
# Gaps and letter heights are in pixels of the pictures.
_GAP: Final = 2
_GAP_WITH_TEXT: Final = 7
_MAX_LETTER_HEIGHT: Final = 7.5
# Distance of two lines divided by the letter height.
_LINE_SPACING: Final = 1.3
# Mean width of a bold letter divided by its height. The browser may have another font.
_LETTER_WIDTH: Final = 0.68
_LABEL_POINTS: Final = 8
_SIDE_IN: Final = 10
_VALUE_POINTS: Final = 7
_TITLE_POINTS: Final = 14
# Pixels above this grey level have black numbers.
_BRIGHT: Final = 127


@dataclass(frozen=True, eq=False)
class Tile:
    """A picture, uint8 (h, w) grey or (h, w, 3) RGB, with lines of text above.

    All tiles of a sheet have one size. ``colour`` is the index of the series colour of the first
    line; None for the text colour.
    """

    picture: NDArray[np.uint8]
    lines: tuple[str, ...] = ()
    colour: int | None = None


def draw_sheets(
    name: str, tiles: Sequence[Tile], columns: int, *, alt: str, caption: str
) -> Iterator[Drawing]:
    """Draw tiles row by row, up to 100 per sheet, all sheets at one scale.

    Names of further sheets end in ``-2``, ``-3`` and so on; the caption is that of the first.
    """
    for number, part in enumerate(chunks(len(tiles), MAX_TILES_PER_SHEET), 1):
        rows = [part[start : start + columns] for start in range(0, len(part), columns)]
        figure = draw_tile_rows([("", [tiles[at] for at in row]) for row in rows], columns)
        if number == 1:
            yield Drawing(name, figure, alt, caption)
        else:
            more = f"{alt} Sheet {number}."
            yield Drawing(f"{name}-{number}", figure, more, more)


def draw_tile_rows(rows: Sequence[tuple[str, Sequence[Tile]]], columns: int) -> Any:
    """Draw rows, given by label and up to ``columns`` tiles, at least one tile in all."""
    tiles = [tile for _, row in rows for tile in row]
    height, width = tiles[0].picture.shape[:2]
    longest = max(len(line) for tile in tiles for line in (*tile.lines, ""))
    gap = _GAP_WITH_TEXT if longest else _GAP
    letter = min(_MAX_LETTER_HEIGHT, (width + gap - 1) / (_LETTER_WIDTH * max(longest, 1)))
    margin = _label_margin([label for label, _ in rows], columns * (width + gap))
    sheet_width = margin + columns * (width + gap)
    line_counts = [max((len(tile.lines) for tile in row), default=0) for _, row in rows]
    heads = [math.ceil(_LINE_SPACING * letter * count) for count in line_counts]
    tops = np.cumsum([0, *(head + height + gap for head in heads)]).tolist()
    # Alpha 0: the background of the page shows between the pictures.
    sheet = np.zeros((tops[-1], sheet_width, 4), np.uint8)
    points = WIDTH_IN * POINTS_PER_INCH / sheet_width
    with new_figure(WIDTH_IN * tops[-1] / sheet_width, fill=True) as figure:
        axes = figure.add_axes((0, 0, 1, 1))
        axes.set_axis_off()
        for (label, row), head, top in zip(rows, heads, tops, strict=False):
            y = top + head
            style = {"ha": "right", "va": "center", "fontsize": _LABEL_POINTS}
            axes.text(0.95 * margin - 1, y + height / 2, shortened(label), **style)
            for column, tile in enumerate(row):
                x = margin + column * (width + gap)
                field = sheet[y : y + height, x : x + width]
                field[..., :3] = tile.picture if tile.picture.ndim == 3 else tile.picture[..., None]
                field[..., 3] = 255
                _write_lines(axes, tile, (x - 0.5, y), letter, points)
        axes.imshow(sheet, interpolation="none", aspect="auto")
    return figure


def chunks(count: int, most: int) -> list[range]:
    """Split the indices 0 to ``count`` - 1 into few runs of similar length, at most ``most``."""
    parts = -(-count // most)
    return [range(*pair) for pair in pairwise(at * count // parts for at in range(parts + 1))]


def _label_margin(labels: Sequence[str], tiles_width: int) -> int:
    """Return the width of the row labels in pixels of the pictures; 0 without labels."""
    longest = max(len(shortened(label)) for label in labels)
    margin = _LABEL_POINTS * (_LETTER_WIDTH * longest + 0.7) if longest else 0.0
    return math.ceil(margin * tiles_width / (WIDTH_IN * POINTS_PER_INCH - margin))


def _write_lines(
    axes: Any, tile: Tile, corner: tuple[float, int], letter: float, points_per_pixel: float
) -> None:
    left, bottom = corner
    for number, line in enumerate(tile.lines):
        coloured = number == 0 and tile.colour is not None
        colour = {"color": series_colour(tile.colour or 0)} if coloured else {}
        above = len(tile.lines) - 1 - number
        axes.text(
            left,
            bottom - (above + 0.35) * _LINE_SPACING * letter,
            line,
            fontsize=letter * points_per_pixel,
            fontweight="bold" if coloured else "normal",
            va="baseline",
            **colour,
        )


def visualize_input(image: NDArray[np.uint8], axes: Any) -> None:
    """Draw a picture, uint8 (h, w), with the value of each pixel.

    ``axes`` are ``matplotlib.axes.Axes`` of about 10 inches for 28 pixels.
    """
    axes.imshow(image, cmap="gray", vmin=0, vmax=255, interpolation="nearest")
    for (row, column), value in np.ndenumerate(image):
        colour = "black" if value > _BRIGHT else "white"
        style = {"ha": "center", "va": "center", "fontsize": _VALUE_POINTS, "color": colour}
        axes.text(column, row, str(value), **style)
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
