"""Draw the images on which a model file and its Keras model disagree."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_infer.errors import OutputError
from edge_infer.io.atomic import atomic_path
from edge_infer.model.run_folder import Calibration

MAX_TILES: Final = 120
_COLUMNS: Final = 6
_ENLARGED: Final = 140
_MARGIN: Final = 10
_LINE: Final = 18
_TILE_WIDTH: Final = _ENLARGED + 2 * _MARGIN
_TILE_HEIGHT: Final = _ENLARGED + 4 * _LINE + _MARGIN
_TITLE_HEIGHT: Final = 36
_BACKGROUND: Final = 255
_FOREGROUND: Final = 40

ImageU8 = NDArray[np.uint8]


def draw_changed(
    path: Path,
    calibration: Calibration,
    changed_indices: tuple[int, ...],
    answers: tuple[NDArray[np.float32], NDArray[np.float32]],
    class_names: tuple[str, ...],
) -> None:
    """Write a picture of the test images whose label changed, with both answers.

    The suffix of ``path`` gives the format. At most :data:`MAX_TILES` are drawn; the title counts
    all of them. ``answers`` are the probabilities from Keras and from the file, float32
    (n, classes) each.

    Raises:
        OutputError: OpenCV does not support the format, or the file cannot be written.
    """
    tiles: list[ImageU8] = []
    for index in changed_indices[:MAX_TILES]:
        label = class_names[int(calibration.test_labels[index])]
        captions = [f"#{index}  true {label}"]
        for source, probabilities in zip(("Keras", "file "), answers, strict=True):
            row = probabilities[index]
            captions.append(f"{source} {class_names[int(row.argmax())]}  {row.max():.3f}")
        tiles.append(_tile(calibration.test_images[index], captions))
    title = f"{len(changed_indices)} of {len(calibration.test_labels)} test images changed label"
    if len(changed_indices) > MAX_TILES:
        title += f" (first {MAX_TILES} shown)"
    sheet = _sheet(tiles, title)
    try:
        encoded = cv2.imencode(path.suffix or ".png", sheet)[1]
    except cv2.error as error:
        raise OutputError(
            f"cannot write {path}: OpenCV has no picture format {path.suffix!r}; use .png"
        ) from error
    with atomic_path(path) as temporary:
        temporary.write_bytes(encoded.tobytes())


def _tile(image_hw: ImageU8, captions: list[str]) -> ImageU8:
    tile = np.full((_TILE_HEIGHT, _TILE_WIDTH), _BACKGROUND, np.uint8)
    enlarged = cv2.resize(image_hw, (_ENLARGED, _ENLARGED), interpolation=cv2.INTER_NEAREST_EXACT)
    tile[_MARGIN : _MARGIN + _ENLARGED, _MARGIN : _MARGIN + _ENLARGED] = enlarged
    for row, caption in enumerate(captions, start=1):
        _print(tile, caption, _MARGIN + _ENLARGED + row * _LINE)
    return tile


def _sheet(tiles: list[ImageU8], title: str) -> ImageU8:
    rows = -(-len(tiles) // _COLUMNS)
    shape = (_TITLE_HEIGHT + rows * _TILE_HEIGHT, _COLUMNS * _TILE_WIDTH)
    sheet = np.full(shape, _BACKGROUND, np.uint8)
    _print(sheet, title, _TITLE_HEIGHT - _MARGIN)
    for place, tile in enumerate(tiles):
        row, column = divmod(place, _COLUMNS)
        top, left = _TITLE_HEIGHT + row * _TILE_HEIGHT, column * _TILE_WIDTH
        sheet[top : top + _TILE_HEIGHT, left : left + _TILE_WIDTH] = tile
    return sheet


def _print(image_hw: ImageU8, text: str, baseline: int) -> None:
    origin = (_MARGIN, baseline)
    cv2.putText(image_hw, text, origin, cv2.FONT_HERSHEY_SIMPLEX, 0.45, _FOREGROUND, 1, cv2.LINE_AA)
