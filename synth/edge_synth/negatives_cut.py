"""Pictures that are not one digit, made of digits: halves, pairs, and what a wrong cut leaves.

A reader that tries cuts sees far more of these than of anything else.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Self

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_synth.degradations import vary_thickness
from edge_synth.strokes import ImageU8, count_holes, crop_ink, enlarge, half_plane

Rng = np.random.Generator

# Of the digit's width, what a part has.
_PART_WIDTH: Final = (0.25, 0.70)
# Of the digit's ink: with more a part may still be the digit (from 0.85 on it mostly is),
# with less it is a speck.
_PART_INK: Final = (0.15, 0.65)
# Parts that are other digits or may pass for some: half an 8 is a 3, the right of a 9 a 7,
# that of a 4 or a 7 a 1; a 1 has no parts; much of a 3 or a 5 is in its right half, a 6 in
# its left, a 2 without its tail still a 2 or a 7. By side, the digits that are not cut so.
_STILL_DIGITS: Final = {"left": (1, 2, 6), "right": (1, 3, 4, 5, 7, 8, 9)}
# Such parts count as what they are only while small.
_SMALL_PART: Final = 0.36
# How much of its neighbour's ink a second piece has at least, beside a whole digit.
_MIN_NEIGHBOUR: Final = 0.22
_SMALLEST_SCALE: Final = 0.75
# How far above or below its neighbour's foot a digit stands, in pixels of a height of 40.
_UNEVEN: Final = 6


@dataclass(frozen=True)
class DigitPool:
    """Digits, some 40 pixels high, by pens of all widths, that parts are taken from.

    Attributes:
        pictures: uint8 (h, w) each, cut down to the ink.
        digits: Which one each is, 0-9.
    """

    pictures: tuple[ImageU8, ...]
    digits: tuple[int, ...]

    @classmethod
    def draw(cls, images: ImageU8, digits: NDArray[np.int64], count: int, rng: Rng) -> Self:
        """Take so many random digits and redraw each once, which is what takes the time.

        Args:
            images: uint8 (n, 28, 28), each one digit, n at least 1.
            digits: int64 (n,), which one each is, 0-9.
            count: At least 1.
            rng: Source of randomness.
        """
        chosen = rng.integers(0, len(images), count)
        larger = (vary_thickness(crop_ink(enlarge(images[index])), rng) for index in chosen)
        pictures = tuple(crop_ink(picture) for picture in larger)
        return cls(pictures, tuple(digits[chosen].tolist()))

    def pick(self, rng: Rng) -> tuple[ImageU8, int]:
        """Return a random one, and which digit it is."""
        index = int(rng.integers(len(self.digits)))
        return self.pictures[index], self.digits[index]


def make_part(pool: DigitPool, rng: Rng) -> ImageU8 | None:
    """Cut off the left or right part of a digit; None where it may pass for a digit."""
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
    # A loop that is left whole is a 0, with a rest of its stem a 6 or a 9.
    return None if count_holes(part) else part


def make_pair(pool: DigitPool, rng: Rng) -> ImageU8:
    """Put two digits, at times three, side by side: apart by little, touching, overlapping."""
    row = pool.pick(rng)[0]
    for _ in range(2 if rng.random() < 0.2 else 1):
        row = _join(row, _rescale(pool.pick(rng)[0], rng), int(rng.integers(-6, 14)), rng)
    return row


def make_crowded(pool: DigitPool, rng: Rng) -> ImageU8 | None:
    """Put a digit beside a large part of its neighbour, or two parts side by side.

    None where the neighbour's part is so small that it is only a sliver.
    """
    (left, _), (right, _) = pool.pick(rng), pool.pick(rng)
    right = _rescale(right, rng)
    whole = ("left", "right", "none")[rng.choice(3, p=(0.35, 0.35, 0.3))]
    if whole != "left":
        left = _cut(left, "right", rng.uniform(0.3, 0.7) * left.shape[1], rng.uniform(-0.25, 0.25))
    if whole != "right":
        right = _cut(
            right, "left", rng.uniform(0.3, 0.7) * right.shape[1], rng.uniform(-0.25, 0.25)
        )
    inks = sorted((float(left.sum()), float(right.sum())))
    if inks[0] < _MIN_NEIGHBOUR * inks[1]:
        return None
    return _join(left, right, int(rng.integers(-4, 8)), rng)


def _choose_cut(image: ImageU8, rng: Rng) -> tuple[float, float]:
    """Return place and slope: anywhere, or straight down where there is least ink."""
    width = image.shape[1]
    if rng.random() < 0.6:
        return float(rng.uniform(*_PART_WIDTH)) * width, float(rng.uniform(-0.35, 0.35))
    ink = image.sum(axis=0, dtype=np.int64)
    first, last = int(_PART_WIDTH[0] * width), int((1 - _PART_WIDTH[0]) * width) + 1
    return float(first + int(ink[first:last].argmin())), 0.0


def _cut(image: ImageU8, side: str, place: float, slope: float) -> ImageU8:
    left = half_plane((image.shape[0], image.shape[1]), place, slope)
    kept = left if side == "left" else ~left
    columns = np.flatnonzero((kept & (image > 0)).any(axis=0))
    part = np.where(kept, image, 0).astype(np.uint8)
    # The rows stay, so that the part keeps its height beside another digit.
    return part[:, columns[0] : columns[-1] + 1] if columns.size else part[:, :1]


def _rescale(image: ImageU8, rng: Rng) -> ImageU8:
    scale = rng.uniform(_SMALLEST_SCALE, 1 / _SMALLEST_SCALE)
    size = tuple(max(2, round(scale * length)) for length in reversed(image.shape))
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_LINEAR), np.uint8)


def _join(left: ImageU8, right: ImageU8, gap: int, rng: Rng) -> ImageU8:
    """Put two pictures side by side with so many pixels between their ink, where below 0 over.

    The nearest rows count, not the boxes: the arm of a 7 reaches over what follows it.
    """
    shift = int(rng.integers(-_UNEVEN, _UNEVEN + 1))
    height = max(left.shape[0], right.shape[0]) + 2 * _UNEVEN
    top = height - _UNEVEN - left.shape[0]
    y = height - _UNEVEN - right.shape[0] + shift
    rows = slice(max(top, y), min(top + left.shape[0], y + right.shape[0]))
    ends = _last_ink(left)[rows.start - top : rows.stop - top]
    begins = _last_ink(right[:, ::-1])[rows.start - y : rows.stop - y]
    # Both count from the outer side; -1 stands for a row without ink.
    both = (ends >= 0) & (begins >= 0)
    free = (left.shape[1] - 1 - ends) + (right.shape[1] - 1 - begins)
    nearest = int(free[both].min()) if both.any() else 0
    x = max(0, left.shape[1] + gap - nearest)
    field = np.zeros((height, max(left.shape[1], x + right.shape[1])), np.uint8)
    field[top : top + left.shape[0], : left.shape[1]] = left
    beside = field[y : y + right.shape[0], x : x + right.shape[1]]
    np.maximum(beside, right, out=beside)
    return crop_ink(field)


def _last_ink(image: ImageU8) -> NDArray[np.int64]:
    """Return each row's last column with ink, -1 where there is none."""
    ink = image > 64
    last = image.shape[1] - 1 - ink[:, ::-1].argmax(axis=1)
    ends: NDArray[np.int64] = np.where(ink.any(axis=1), last, -1)
    return ends
