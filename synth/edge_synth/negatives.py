"""Negatives: pictures that do not show exactly one whole digit.

A reader cuts a line of writing into candidates and classifies each of them. Most candidates
are not a digit: halves, pairs, a digit with a piece of the next one, and other marks on the
paper. This module cuts and joins digits; :mod:`edge_synth.marks` and
:mod:`edge_synth.letters` draw the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Self

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_synth.arrays import ImageU8, Rng
from edge_synth.degradations import vary_thickness
from edge_synth.letters import draw_letter
from edge_synth.marks import draw_mark
from edge_synth.strokes import count_holes, crop_ink, enlarge, left_of_line, vary_sharpness

# Least and largest width of a part, as a share of the digit's width.
_PART_WIDTH: Final = (0.25, 0.70)
# Least and largest ink of a part, as a share of the digit's ink. A part with less is a speck,
# a part with more may still be the digit: from 0.85 on it mostly is.
_PART_INK: Final = (0.15, 0.65)
# By side: the digits whose parts may pass for a digit. Half an 8 is a 3, the right of a 9 is a
# 7, the right of a 4 or a 7 is a 1. A 1 has no parts. The right half of a 3 or a 5 and the left
# half of a 6 hold most of it; a 2 without its tail is a 2 or a 7.
_STILL_DIGITS: Final = {"left": (1, 2, 6), "right": (1, 3, 4, 5, 7, 8, 9)}
# Largest width of such a part that is still used, as a share of the digit's width.
_SMALL_PART: Final = 0.36
# Least ink of the smaller piece beside a whole digit, as a share of the larger one's ink.
_MIN_NEIGHBOUR: Final = 0.22
_SMALLEST_SCALE: Final = 0.75
# Largest distance between the feet of neighbours, in pixels of a digit 40 pixels high.
_UNEVEN_PX: Final = 6
# Digits that a pool holds at most; each is used several times.
_POOL_SIZE: Final = 5000


@dataclass(frozen=True)
class DigitPool:
    """Digits of about 40 pixels height and strokes of all widths, from which parts are taken.

    Attributes:
        pictures: uint8 (h, w) each, cropped to the ink.
        digits: The label of each picture, 0-9.
    """

    pictures: tuple[ImageU8, ...]
    digits: tuple[int, ...]

    @classmethod
    def draw(cls, images: ImageU8, digits: NDArray[np.int64], count: int, rng: Rng) -> Self:
        """Choose random digits and change the thickness of each once, the slow step.

        Args:
            images: uint8 (n, 28, 28), each one digit, n at least 1.
            digits: int64 (n,), their labels, 0-9.
            count: Negatives that will be made of the pool; it holds as many digits, but at
                least 1 and at most 5,000.
            rng: Source of randomness.
        """
        chosen = rng.integers(0, len(images), min(max(count, 1), _POOL_SIZE))
        larger = (vary_thickness(crop_ink(enlarge(images[index])), rng) for index in chosen)
        pictures = tuple(crop_ink(picture) for picture in larger)
        return cls(pictures, tuple(digits[chosen].tolist()))

    def pick(self, rng: Rng) -> tuple[ImageU8, int]:
        """Return a random picture, uint8 (h, w), and its label."""
        index = int(rng.integers(len(self.digits)))
        return self.pictures[index], self.digits[index]


def draw_negatives(pool: DigitPool, count: int, rng: Rng) -> Iterator[ImageU8 | None]:
    """Draw negatives of random kinds.

    Args:
        pool: The digits that parts and pairs are made of.
        count: Number of attempts.
        rng: Source of randomness; equal state gives equal pictures. Do not draw from it
            before the iterator is exhausted.

    Yields:
        uint8 (h, w), bright ink on 0, not centred; None where the attempt may show a digit.
    """
    kinds, shares = tuple(_KINDS), tuple(_KINDS.values())
    for kind in rng.choice(len(kinds), count, p=shares):
        picture = kinds[kind](pool, rng)
        yield None if picture is None else vary_sharpness(picture, rng)


def make_part(pool: DigitPool, rng: Rng) -> ImageU8 | None:
    """Cut off the left or right part of a digit.

    Returns:
        uint8 (h, w), bright ink on 0, or None when the part may pass for a digit.
    """
    image, digit = pool.pick(rng)
    side = "left" if rng.random() < 0.5 else "right"
    place, slope = _choose_cut(image, rng)
    width = place / image.shape[1] if side == "left" else 1 - place / image.shape[1]
    if digit in _STILL_DIGITS[side] and (digit == 1 or width > _SMALL_PART):
        return None
    part = _cut(image, side, place, slope)
    low, high = (limit * float(image.sum()) for limit in _PART_INK)
    if not low <= float(part.sum()) <= high:
        return None
    # A whole loop is a 0; with a piece of its stem it is a 6 or a 9.
    return None if count_holes(part) else part


def make_pair(pool: DigitPool, rng: Rng) -> ImageU8:
    """Put two or three digits side by side: a small gap apart, touching or overlapping.

    Returns:
        uint8 (h, w), bright ink on 0.
    """
    row = pool.pick(rng)[0]
    for _ in range(2 if rng.random() < 0.2 else 1):
        row = _join(row, _rescale(pool.pick(rng)[0], rng), int(rng.integers(-6, 14)), rng)
    return row


def make_crowded(pool: DigitPool, rng: Rng) -> ImageU8 | None:
    """Put a digit beside a large part of its neighbour, or two parts side by side.

    Returns:
        uint8 (h, w), bright ink on 0, or None when the neighbour's part is only a sliver.
    """
    (left, _), (right, _) = pool.pick(rng), pool.pick(rng)
    right = _rescale(right, rng)
    whole = ("left", "right", "none")[rng.choice(3, p=(0.35, 0.35, 0.3))]
    if whole != "left":
        left = _cut(left, "right", rng.uniform(0.3, 0.7) * left.shape[1], rng.uniform(-0.25, 0.25))
    if whole != "right":
        place = rng.uniform(0.3, 0.7) * right.shape[1]
        right = _cut(right, "left", place, rng.uniform(-0.25, 0.25))
    inks = sorted((float(left.sum()), float(right.sum())))
    if inks[0] < _MIN_NEIGHBOUR * inks[1]:
        return None
    return _join(left, right, int(rng.integers(-4, 8)), rng)


# The share of each kind; the shares sum to 1. A reader meets wrong cuts at every digit, but
# marks and letters only occasionally.
_KINDS: Final[Mapping[Callable[[DigitPool, Rng], ImageU8 | None], float]] = {
    make_part: 0.28,
    make_pair: 0.22,
    make_crowded: 0.18,
    lambda _, rng: draw_mark(rng): 0.20,
    lambda _, rng: draw_letter(rng): 0.12,
}


def _choose_cut(image_hw: ImageU8, rng: Rng) -> tuple[float, float]:
    """Return place and slope of a cut: anywhere, or vertical at the column of least ink."""
    width = image_hw.shape[1]
    if rng.random() < 0.6:
        return float(rng.uniform(*_PART_WIDTH)) * width, float(rng.uniform(-0.35, 0.35))
    ink = image_hw.sum(axis=0, dtype=np.int64)
    first, last = int(_PART_WIDTH[0] * width), int((1 - _PART_WIDTH[0]) * width) + 1
    return float(first + int(ink[first:last].argmin())), 0.0


def _cut(image_hw: ImageU8, side: str, place: float, slope: float) -> ImageU8:
    """Return one side of a cut. All rows stay, so that the part keeps its height in a row."""
    left = left_of_line((image_hw.shape[0], image_hw.shape[1]), place, slope)
    kept = left if side == "left" else ~left
    columns = np.flatnonzero((kept & (image_hw > 0)).any(axis=0))
    part = np.where(kept, image_hw, 0).astype(np.uint8)
    return part[:, columns[0] : columns[-1] + 1] if columns.size else part[:, :1]


def _rescale(image_hw: ImageU8, rng: Rng) -> ImageU8:
    scale = rng.uniform(_SMALLEST_SCALE, 1 / _SMALLEST_SCALE)
    size = tuple(max(2, round(scale * length)) for length in reversed(image_hw.shape))
    return np.asarray(cv2.resize(image_hw, size, interpolation=cv2.INTER_LINEAR), np.uint8)


def _join(left: ImageU8, right: ImageU8, gap: int, rng: Rng) -> ImageU8:
    """Put two pictures side by side, ``gap`` pixels between their ink; below 0 they overlap.

    The gap is measured in the row where the ink is nearest, not between the bounding boxes:
    the arm of a 7 extends over the digit after it.
    """
    shift = int(rng.integers(-_UNEVEN_PX, _UNEVEN_PX + 1))
    height = max(left.shape[0], right.shape[0]) + 2 * _UNEVEN_PX
    top = height - _UNEVEN_PX - left.shape[0]
    y = height - _UNEVEN_PX - right.shape[0] + shift
    rows = slice(max(top, y), min(top + left.shape[0], y + right.shape[0]))
    ends = _last_ink(left)[rows.start - top : rows.stop - top]
    begins = _last_ink(right[:, ::-1])[rows.start - y : rows.stop - y]
    # Both are counted from the outer side; -1 marks a row without ink.
    both = (ends >= 0) & (begins >= 0)
    free = (left.shape[1] - 1 - ends) + (right.shape[1] - 1 - begins)
    nearest = int(free[both].min()) if both.any() else 0
    x = max(0, left.shape[1] + gap - nearest)
    field = np.zeros((height, max(left.shape[1], x + right.shape[1])), np.uint8)
    field[top : top + left.shape[0], : left.shape[1]] = left
    beside = field[y : y + right.shape[0], x : x + right.shape[1]]
    np.maximum(beside, right, out=beside)
    return crop_ink(field)


def _last_ink(image_hw: ImageU8) -> NDArray[np.int64]:
    """Return the last column with ink of each row, int64 (h,); -1 in a row without ink."""
    ink = image_hw > 64
    last = image_hw.shape[1] - 1 - ink[:, ::-1].argmax(axis=1)
    ends: NDArray[np.int64] = np.where(ink.any(axis=1), last, -1)
    return ends
