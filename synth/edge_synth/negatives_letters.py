"""Letters and signs as pictures that are not a digit, from the fonts that come with matplotlib."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Final

import cv2
import numpy as np

from edge_synth.strokes import LARGE_SIZE, ImageU8, change_thickness, stroke_width

Rng = np.random.Generator

# Left out as they can be read as digits, by hand more than in print: O o Q D and 0, I l i j
# J ! / | and 1, Z z ? and 2, S s $ and 5, b G and 6, T and 7, B & and 8, g q and 9, y Y and
# an open 4; and as many a 0 and a 6 is left open: U u, C c, L. The oldest TeX fonts have
# other signs in the places of < > { and }.
GLYPHS: Final = "AEFHKMNPRVWXadefhkmnprtvwx#%*+=@()["
# By file name, without their digits; upright and slanted, light and bold.
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
# Outlines are filled at eight times the size of the network's picture and reduced once.
_FILL_SIZE: Final = 4 * LARGE_SIZE
_MARGIN: Final = 0.15


def draw_letter(rng: Rng) -> ImageU8:
    """Draw a letter or a sign, distorted, its strokes at times thinned to a pen's.

    Returns:
        uint8 (56, 56), full ink 255.
    """
    letters = all_letters()
    letter = letters[rng.integers(len(letters))]
    size = (LARGE_SIZE, LARGE_SIZE)
    warped = np.asarray(cv2.warpAffine(letter, _random_map(rng), size), np.uint8)
    if rng.random() < 0.5:
        width = stroke_width(warped)
        if width > 2:
            return change_thickness(warped, int(rng.integers(2, width + 1)) - width)
    return warped


@lru_cache(maxsize=1)
def all_letters() -> tuple[ImageU8, ...]:
    """Draw every glyph in every font once, uint8 (56, 56) each."""
    # Here and not above: only a training on such material needs it.
    import matplotlib as mpl
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import TextPath

    folder = Path(mpl.get_data_path()) / "fonts" / "ttf"
    letters: list[ImageU8] = []
    for font in _FONTS:
        properties = FontProperties(fname=folder / f"{font}.ttf")
        for glyph in GLYPHS:
            outlines = TextPath((0, 0), glyph, size=100, prop=properties).to_polygons()
            letters.append(_fill([np.asarray(outline, np.float64) for outline in outlines]))
    return tuple(letters)


def _fill(outlines: list[np.ndarray]) -> ImageU8:
    """Fill outlines, holes left open, in the middle of the field."""
    points = np.concatenate(outlines)
    low, high = points.min(axis=0), points.max(axis=0)
    scale = (1 - 2 * _MARGIN) * _FILL_SIZE / float((high - low).max())
    # A font's y runs upwards.
    moved = [
        (outline - (low + high) / 2) * (scale, -scale) + _FILL_SIZE / 2 for outline in outlines
    ]
    field = np.zeros((_FILL_SIZE, _FILL_SIZE), np.uint8)
    cv2.fillPoly(field, [np.rint(outline).astype(np.int32) for outline in moved], 255)
    size = (LARGE_SIZE, LARGE_SIZE)
    return np.asarray(cv2.resize(field, size, interpolation=cv2.INTER_AREA), np.uint8)


def _random_map(rng: Rng) -> np.ndarray:
    """Return a (2, 3) map about the middle: turn, slant and proportions."""
    lean, slant = np.deg2rad(rng.uniform(-12, 12, 2))
    turn = np.array([[np.cos(lean), -np.sin(lean)], [np.sin(lean), np.cos(lean)]])
    linear = turn @ np.array([[1, np.tan(slant)], [0, 1]]) @ np.diag(rng.uniform(0.75, 1.1, 2))
    middle = np.full(2, (LARGE_SIZE - 1) / 2)
    return np.concatenate((linear, (middle - linear @ middle)[:, np.newaxis]), axis=1)
