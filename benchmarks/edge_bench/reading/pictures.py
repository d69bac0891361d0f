"""Pictures of the misses: what was read and where, with truth and reading beneath.

They show other people's handwriting and are for looking at: they go where the caller says,
never beside the results that are kept.
"""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_bench.reading.readers import OwnReader
from edge_bench.reading.results import PageResult, missed, what_is_wrong
from edge_infer.drawing import DARK, LIGHT, Word
from edge_infer.errors import OutputError
from edge_infer.io.atomic import atomic_path
from edge_infer.page.annotate import draw_page

SHEET: Final = "misses.png"
FOLDER: Final = "misses"
# Of a page as it is shown.
LONGEST_PX: Final = 1400
LARGEST_SCALE: Final = 3
NARROWEST_PX: Final = 480
TILE_WIDTH_PX: Final = 480
TILE_HEIGHT_PX: Final = 330
TILES_ACROSS: Final = 4
_LINE_PX: Final = 22
_PAD_PX: Final = 8
_GAP_PX: Final = 10
_FONT_SCALE: Final = 0.5
_GLYPH_PX: Final = 9.5

ImageU8 = NDArray[np.uint8]


def write_misses(
    folder: Path, reader: OwnReader, pictures: Sequence[Path], results: Sequence[PageResult]
) -> int:
    """Write a picture of every miss, and all on one sheet; take away those of a call before.

    Args:
        folder: Gets ``misses.png`` and ``misses/``.
        reader: Reads those pages once more.
        pictures: The file of each page.
        results: Of each page.

    Returns:
        How many there are. A file that cannot be read at all has none.

    Raises:
        OutputError: The folder cannot be written.
    """
    for number, result in enumerate(results, 1):
        _place(folder, number, result).unlink(missing_ok=True)
    (folder / SHEET).unlink(missing_ok=True)
    tiles: list[ImageU8] = []
    for number, result in missed(results):
        if result.error is None:
            drawn = draw_page(reader.look(pictures[number - 1]), with_rejected=True)
            lines = caption_lines(number, result)
            _write_picture(_place(folder, number, result), draw_miss(drawn, lines))
            tiles.append(draw_tile(drawn, lines))
    if tiles:
        _write_picture(folder / SHEET, draw_sheet(tiles))
    return len(tiles)


def draw_miss(drawn: ImageU8, lines: Sequence[str]) -> ImageU8:
    """Put a caption beneath an annotated page, made smaller or larger to be seen.

    Args:
        drawn: uint8 (h, w, 3) BGR.
        lines: ASCII.
    """
    page = _fitted(drawn, LONGEST_PX, LONGEST_PX)
    page = _padded(page, page.shape[0], max(page.shape[1], NARROWEST_PX))
    return np.vstack([page, _caption(lines, page.shape[1])])


def draw_tile(drawn: ImageU8, lines: Sequence[str]) -> ImageU8:
    """Draw the same for a sheet: all tiles are equally wide."""
    page = _fitted(drawn, TILE_WIDTH_PX, TILE_HEIGHT_PX)
    page = _padded(page, page.shape[0], TILE_WIDTH_PX)
    return np.vstack([page, _caption(lines, TILE_WIDTH_PX)])


def draw_sheet(tiles: Sequence[ImageU8]) -> ImageU8:
    """Lay tiles side by side, in rows; one at least."""
    across = min(TILES_ACROSS, len(tiles))
    rows: list[ImageU8] = []
    for first in range(0, len(tiles), across):
        row = tiles[first : first + across]
        height = max(tile.shape[0] for tile in row) + _GAP_PX
        padded = [_padded(tile, height, TILE_WIDTH_PX + _GAP_PX) for tile in row]
        rows.append(_padded(np.hstack(padded), height, across * (TILE_WIDTH_PX + _GAP_PX)))
    return np.vstack(rows)


def caption_lines(number: int, result: PageResult) -> list[str]:
    """Say in a few lines what stands there, what was read and what is wrong."""
    order = " (in any order)" if result.is_scattered else ""
    lines = [
        f"{number}  {result.file}",
        f"truth {' / '.join(result.truth) or 'nothing'}{order}",
        f"read  {' / '.join(result.rows) or 'nothing'}",
        f"wrong {what_is_wrong(result)}",
    ]
    # OpenCV's fonts have no more than ASCII.
    return [line.encode("ascii", "replace").decode("ascii") for line in lines]


def _place(folder: Path, number: int, result: PageResult) -> Path:
    return folder / FOLDER / f"{number:02}-{Path(result.file).stem}.png"


def _write_picture(path: Path, picture: ImageU8) -> None:
    with atomic_path(path) as temporary:
        if not cv2.imwrite(str(temporary), picture):
            raise OutputError(f"OpenCV cannot write {path}", code="unwritable")


def _caption(lines: Sequence[str], width: int) -> ImageU8:
    characters = int((width - 2 * _PAD_PX) / _GLYPH_PX)
    wrapped = [part for line in lines for part in textwrap.wrap(line, characters)]
    strip = _blank(_LINE_PX * len(wrapped) + 2 * _PAD_PX, width)
    for row, text in enumerate(wrapped, 1):
        Word(text, _FONT_SCALE, 1).draw(strip, (_PAD_PX, _LINE_PX * row), DARK)
    return strip


def _fitted(picture: ImageU8, width: int, height: int) -> ImageU8:
    """Make a picture smaller where it is larger than that, and small ones larger."""
    scale = min(width / picture.shape[1], height / picture.shape[0])
    if scale > 1:
        scale = min(int(scale), LARGEST_SCALE)
    size = (max(1, round(scale * picture.shape[1])), max(1, round(scale * picture.shape[0])))
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(picture, size, interpolation=way), np.uint8)


def _padded(picture: ImageU8, height: int, width: int) -> ImageU8:
    canvas = _blank(height, width)
    canvas[: picture.shape[0], : picture.shape[1]] = picture
    return canvas


def _blank(height: int, width: int) -> ImageU8:
    return np.full((height, width, 3), LIGHT, np.uint8)
