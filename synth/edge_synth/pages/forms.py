"""The forms that digits and letters are written in: control points of pen strokes.

A stroke is "x,y" points in hundredths of the glyph's height, y down, in the order of the
pen; a smooth curve runs through them, and "!" marks a corner in it. Several forms stand
for one digit, since people write 1, 4, 7 and 9 in ways that differ by more than a jitter.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]

# Points sampled on the curve between two control points.
SAMPLES: Final = 10

DIGIT_FORMS: Final[dict[str, tuple[tuple[str, ...], ...]]] = {
    "0": (
        ("30,0 9,16 0,50 9,86 31,100 53,84 60,48 50,13 29,0",),
        ("36,1 12,12 1,48 8,84 30,100 54,82 60,44 46,9 24,3 16,12",),
        ("26,2 8,24 4,60 16,94 36,98 50,74 50,34 38,6 27,1",),
        ("32,0 10,8 0,36 0,66 12,94 34,100 56,90 62,62 60,32 50,8 30,0",),
    ),
    "1": (
        ("20,0 19,50 20,100",),
        ("26,0 14,100",),
        ("4,24 16,12 24,0! 23,100",),
        ("0,40 16,22 32,0! 29,50 28,100",),
        ("2,26 16,14 26,0! 26,99", "4,99 24,98 48,99"),
    ),
    "2": (
        ("4,22 12,5 32,0 51,9 53,29 38,57 4,98! 30,97 58,96",),
        ("5,24 14,4 36,0 52,14 46,42 26,74 8,94 0,88 8,80 24,86 42,97 62,93",),
        ("2,16 22,1 46,4 54,22 44,50 20,82 1,99! 20,93 38,98 60,95",),
        ("8,8 30,0 50,10 50,32 34,62 6,100! 56,99",),
    ),
    "3": (
        ("4,13 22,0 46,4 52,22 40,40 18,47! 42,50 57,66 50,90 26,100 1,89",),
        ("4,3! 50,1! 24,40! 46,45 57,66 48,90 24,100 1,92",),
        ("6,10 28,0 48,9 47,30 30,43 21,48 27,46 48,54 54,76 40,96 18,100 0,90",),
    ),
    "4": (
        ("18,0 10,30 2,58! 30,57 60,55", "42,26 40,62 38,100"),
        ("42,0 22,34 0,66! 30,66 62,64", "43,0 42,50 41,100"),
        ("8,2 6,28 8,52! 30,53 56,50", "48,0 46,50 45,100"),
        ("40,100! 44,50 45,1! 22,36 1,68! 64,66",),
        ("24,4 12,34 4,60! 34,58 62,54", "50,34 44,64 36,100"),
    ),
    "5": (
        ("12,3 7,44! 28,37 50,46 56,68 44,93 20,100 0,91", "12,3 32,2 54,0"),
        ("56,1 34,2 13,3! 8,45! 30,38 52,48 56,72 42,95 20,100 1,92",),
        ("9,5 8,45! 32,42 52,54 52,80 34,98 4,97", "8,4 54,2"),
        ("58,3 20,1! 15,40! 38,42 54,58 50,84 30,99 2,95",),
    ),
    "6": (
        ("46,0 22,20 5,54 5,84 24,100 46,92 55,74 44,57 24,58 8,72",),
        ("50,7 38,0 16,20 2,58 8,92 30,100 50,88 52,66 34,55 14,62 4,78",),
        ("38,0 16,32 3,66 8,92 28,100 48,90 50,70 32,60 12,68 5,80",),
    ),
    "7": (
        ("0,4 28,4 54,2! 38,44 22,100",),
        ("2,4 30,4 58,1! 40,46 26,100", "14,50 32,48 54,46"),
        ("2,18 4,3! 30,4 56,2! 36,48 24,100",),
        ("0,10 14,2 34,8 58,2! 34,46 26,100", "12,54 34,50 52,50"),
        ("0,3 52,2! 44,38 32,70 28,100",),
        ("0,8 24,2 50,4! 34,44 16,100", "6,64 28,52 52,36"),
    ),
    "8": (
        ("50,13 30,0 10,10 12,30 32,46 52,64 54,86 32,100 8,90 6,68 24,50 46,32 52,14 44,4",),
        ("30,46 10,36 8,12 30,0 50,12 48,36 29,46 6,64 4,88 30,100 56,88 54,64 31,47",),
        ("46,10 28,0 12,12 16,30 36,44 50,62 48,88 28,100 8,88 10,66 30,48 44,30 46,11",),
    ),
    "9": (
        ("52,14 34,0 10,10 4,34 20,49 40,42 53,12! 50,56 46,100",),
        ("53,16 36,0 10,10 4,34 22,50 44,40 54,14! 55,56 48,88 28,100 6,93",),
        ("48,10 28,0 6,14 6,38 24,48 42,36 50,10! 44,52 28,100",),
        ("44,42 22,50 4,36 8,10 30,0 48,10 50,34 46,70 34,100",),
    ),
}
# None that a person could take for a digit.
LETTER_FORMS: Final[dict[str, tuple[tuple[str, ...], ...]]] = {
    "A": (("2,100 28,0! 56,100", "12,64 46,64"),),
    "E": (("52,2 6,2! 6,99! 54,98", "8,48 44,48"),),
    "H": (("4,0 4,100", "54,0 54,100", "4,50 54,50"),),
    "K": (("4,0 4,100", "52,0 6,54! 54,100"),),
    "M": (("0,100 8,0! 34,70! 62,0! 70,100",),),
    "N": (("2,100 4,0! 52,100! 54,0",),),
    "R": (("4,100 4,2! 36,0 48,24 34,46 6,50! 52,100",),),
    "T": (("0,2 58,2", "30,2 29,100"),),
    "W": (("0,0 18,100! 36,40! 54,100! 74,0",),),
    "X": (("2,0 54,100", "54,0 2,100"),),
    "e": (("4,76 48,68 44,48 24,42 4,60 6,88 28,100 50,90",),),
    "k": (("4,0 4,100", "40,46 6,74! 42,100"),),
    "m": (("2,44 4,100! 6,60 20,46 32,56 33,100! 36,58 50,46 62,56 64,100",),),
    "n": (("2,44 4,100! 6,60 24,44 40,56 42,100",),),
    "w": (("0,46 14,100! 28,56! 42,100! 56,46",),),
    "+": (("30,30 30,82", "4,56 56,56"),),
}


def form_count(glyph: str) -> int:
    """Return how many forms there are of a digit, letter or sign."""
    return len(_forms(glyph))


def control_points(glyph: str, form: int) -> list[tuple[Points, NDArray[np.bool_]]]:
    """Return the strokes of one form.

    Args:
        glyph: A digit, or one of ``LETTER_FORMS``.
        form: Which of its forms, from 0.

    Returns:
        For each stroke its float64 (n, 2) points in heights of the glyph, and bool (n,)
        whether each is a corner.
    """
    strokes = []
    for text in _forms(glyph)[form]:
        words = text.split()
        numbers = [word.rstrip("!").split(",") for word in words]
        corners = np.array([word.endswith("!") for word in words])
        strokes.append((np.array(numbers, np.float64) / 100, corners))
    return strokes


def curve(points: Points, corners: NDArray[np.bool_]) -> Points:
    """Return the pen's path through control points: float64 (m, 2)."""
    ends = [0, *(np.flatnonzero(corners[1:-1]) + 1).tolist(), len(points) - 1]
    runs = [_smooth(points[start : end + 1]) for start, end in pairwise(ends)]
    return np.concatenate(runs)


def _forms(glyph: str) -> tuple[tuple[str, ...], ...]:
    return DIGIT_FORMS.get(glyph) or LETTER_FORMS[glyph]


def _smooth(points: Points) -> Points:
    """Sample the cubic spline whose tangents are those of parabolas through three points."""
    steps = np.maximum(np.linalg.norm(np.diff(points, axis=0), axis=1), 1e-6)
    slopes = np.diff(points, axis=0) / steps[:, None]
    tangents = np.concatenate([slopes[:1], slopes[:1], slopes[-1:]])[: len(points)]
    if len(points) > 2:
        before, after = steps[:-1, None], steps[1:, None]
        inner = (slopes[:-1] * after + slopes[1:] * before) / (before + after)
        first, last = 2 * slopes[:1] - inner[:1], 2 * slopes[-1:] - inner[-1:]
        tangents = np.concatenate([first, inner, last])
    t = np.linspace(0, 1, SAMPLES)[None, :, None]
    length = steps[:, None, None]
    start, end = points[:-1, None], points[1:, None]
    sampled = (
        (2 * t**3 - 3 * t**2 + 1) * start
        + (t**3 - 2 * t**2 + t) * length * tangents[:-1, None]
        + (3 * t**2 - 2 * t**3) * end
        + (t**3 - t**2) * length * tangents[1:, None]
    )
    return sampled.reshape(-1, 2)
