"""Letters and signs of fonts, as negatives."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Final

import cv2
import numpy as np

from edge_synth.arrays import ImageU8, Points, Rng, rotation
from edge_synth.strokes import LARGE_SIZE, change_thickness, stroke_width

# Characters that nobody takes for a digit, even when written by hand. Left out are O o Q D and
# 0, I l i j J ! / | and 1, Z z ? and 2, S s $ and 5, b G and 6, T and 7, B & and 8, g q and 9,
# y Y and an open 4; U u C c L, as many a 0 or 6 is left open; and < > { }, in whose places the
# oldest TeX fonts have other characters.
LETTERS: Final = "AEFHKMNPRVWXadefhkmnprtvwx#%*+=@()["
# File names of fonts that matplotlib ships, without their digits; upright and slanted, light
# and bold.
_FONTS: Final = (
    "DejaVuSans",
    "DejaVuSans-Bold",
    "DejaVuSans-Oblique",
    "DejaVuSansMono",
    "DejaVuSerif",
    "DejaVuSerif-Italic",
    "STIXGeneral",
    "STIXGeneralItalic",
    "cmb10",
    "cmr10",
    "cmss10",
    "cmti10",
    "cmtt10",
)
# Side in pixels of the picture in which letters are filled before they are reduced.
_FILL_SIZE: Final = 4 * LARGE_SIZE
# Background around a letter, as a share of that side.
_MARGIN: Final = 0.15


def draw_letter(rng: Rng) -> ImageU8:
    """Draw a distorted letter or sign of a random font, at times with the strokes of a pen.

    Args:
        rng: Source of randomness; equal state gives an equal picture.

    Returns:
        uint8 (56, 56), bright ink on 0.

    Raises:
        ModuleNotFoundError: matplotlib, whose fonts are used, is not installed.
    """
    letters = all_letters()
    letter = letters[rng.integers(len(letters))]
    lean, slant = np.deg2rad(rng.uniform(-12, 12, 2))
    linear = rotation(lean) @ np.array([[1, np.tan(slant)], [0, 1]])
    linear = linear @ np.diag(rng.uniform(0.75, 1.1, 2))
    middle = np.full(2, (LARGE_SIZE - 1) / 2)
    about_middle = np.concatenate((linear, (middle - linear @ middle)[:, np.newaxis]), axis=1)
    size = (LARGE_SIZE, LARGE_SIZE)
    warped = np.asarray(cv2.warpAffine(letter, about_middle, size), np.uint8)
    if rng.random() < 0.5:
        width = stroke_width(warped)
        if width > 2:
            return change_thickness(warped, int(rng.integers(2, width + 1)) - width)
    return warped


@lru_cache(maxsize=1)
def all_letters() -> tuple[ImageU8, ...]:
    """Draw each of :data:`LETTERS` in each font, uint8 (56, 56) each, bright ink on 0.

    Raises:
        ModuleNotFoundError: matplotlib, whose fonts are used, is not installed.
    """
    # matplotlib is imported here because only the training of negatives needs it.
    import matplotlib as mpl
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import TextPath

    folder = Path(mpl.get_data_path()) / "fonts" / "ttf"
    letters: list[ImageU8] = []
    for font in _FONTS:
        properties = FontProperties(fname=folder / f"{font}.ttf")
        for letter in LETTERS:
            outlines = TextPath((0, 0), letter, size=100, prop=properties).to_polygons()
            letters.append(_fill([np.asarray(outline, np.float64) for outline in outlines]))
    return tuple(letters)


def _fill(outlines: Sequence[Points]) -> ImageU8:
    """Fill outlines with even-odd holes, centred in uint8 (56, 56)."""
    points = np.concatenate(outlines)
    low, high = points.min(axis=0), points.max(axis=0)
    scale = (1 - 2 * _MARGIN) * _FILL_SIZE / float((high - low).max())
    # The y axis of a font points upwards.
    moved = [
        (outline - (low + high) / 2) * (scale, -scale) + _FILL_SIZE / 2 for outline in outlines
    ]
    field = np.zeros((_FILL_SIZE, _FILL_SIZE), np.uint8)
    cv2.fillPoly(field, [np.rint(outline).astype(np.int32) for outline in moved], 255)
    size = (LARGE_SIZE, LARGE_SIZE)
    return np.asarray(cv2.resize(field, size, interpolation=cv2.INTER_AREA), np.uint8)
