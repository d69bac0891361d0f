"""Degradations that leave a digit legible: pens, ruled lines, gaps, specks, low resolution.

Everything is drawn at twice the size of a data set's picture (:mod:`edge_synth.strokes`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

import cv2
import numpy as np

from edge_synth.arrays import ImageU8, Rng
from edge_synth.strokes import (
    are_upright_strokes,
    brighten,
    change_thickness,
    crop_ink,
    enlarge,
    left_of_line,
    narrow_to,
    pad,
    stroke_width,
    vary_sharpness,
)

Ends = tuple[tuple[int, int], tuple[int, int]]

# Widest growth and narrowest stroke in pixels of a digit that is 40 pixels high.
_WIDEST_GROWTH_PX: Final = 8
_HAIRLINE_PX: Final = 2
# Largest share of the digit's ink that a sliver of a neighbour adds; the negatives start at
# larger shares.
_MAX_SLIVER: Final = 0.14
# Largest share of the digit's ink that a cut removes.
_MAX_LOSS: Final = 0.08
# Probability of each degradation apart from the change of thickness.
_PROBABILITY: Final = 0.22
# Height in pixels of digits at low resolution: at least the first, less than the second.
_COARSE_PX: Final = (12, 21)


def degrade_digits(images: ImageU8, share: float, rng: Rng) -> Iterator[ImageU8]:
    """Degrade a share of the digits.

    Args:
        images: uint8 (n, 28, 28), bright ink on 0, each one digit.
        share: 0-1, of the digits that are degraded.
        rng: Source of randomness; equal state gives equal pictures.

    Yields:
        uint8 (h, w), bright ink on 0, one per image. A degraded digit is about 40 pixels
        high; the others keep their 28x28 pixels. The pictures are not centred.
    """
    degraded = rng.random(len(images)) < share
    slim = are_upright_strokes(images)
    neighbours = rng.integers(0, max(len(images), 1), len(images))
    for index, image in enumerate(images):
        if degraded[index]:
            yield degrade_digit(image, images[neighbours[index]], rng, slim=bool(slim[index]))
        else:
            yield image


def degrade_digit(image: ImageU8, neighbour: ImageU8, rng: Rng, *, slim: bool) -> ImageU8:
    """Degrade one digit.

    Args:
        image: uint8 (28, 28), the digit.
        neighbour: uint8 (28, 28), a digit of which a sliver may appear beside the first.
        rng: Source of randomness.
        slim: Whether the digit is one upright stroke, which no line may cross.

    Returns:
        uint8 (h, w), about 40 pixels high; ``image`` itself when it has no ink.
    """
    large = crop_ink(enlarge(image))
    if not large.size:
        return image
    large = vary_thickness(large, rng)
    chosen = rng.random(len(_DEGRADATIONS) + 3) < _PROBABILITY
    for degrade, is_chosen in zip(_DEGRADATIONS, chosen, strict=False):
        if is_chosen:
            large = degrade(large, rng)
    if chosen[-3]:
        large = _add_line(large, rng, slim=slim)
    if chosen[-2]:
        large = _add_sliver(large, crop_ink(enlarge(neighbour)), rng)
    return _reduce_resolution(large, rng) if chosen[-1] else vary_sharpness(large, rng)


def vary_thickness(image_hw: ImageU8, rng: Rng) -> ImageU8:
    """Narrow, keep or widen the strokes of a digit, each with a probability of a third.

    Args:
        image_hw: uint8 (h, w), a digit that is about 40 pixels high.
        rng: Source of randomness.

    Returns:
        uint8, (h, w) or larger.
    """
    kind = rng.random()
    if kind < 1 / 3:
        return narrow_to(image_hw, int(rng.integers(_HAIRLINE_PX, max(stroke_width(image_hw), 3))))
    if kind < 2 / 3:
        return image_hw
    return change_thickness(image_hw, int(rng.integers(1, _WIDEST_GROWTH_PX + 1)))


def _remove_line(image_hw: ImageU8, rng: Rng) -> ImageU8:
    """Cut the gap that remains when a ruled line is removed together with the ink on it."""
    image_hw = image_hw.copy()
    along = image_hw if rng.random() < 0.7 else image_hw.T
    width = int(rng.integers(1, 4))
    at = int(rng.uniform(0.1, 0.9) * len(along))
    along[at : at + width] = 0
    return image_hw


def _add_specks(image_hw: ImageU8, rng: Rng) -> ImageU8:
    margin = 4
    image_hw = pad(image_hw, margin)
    height, width = image_hw.shape
    for _ in range(rng.integers(1, 4)):
        centre = (int(rng.integers(1, width - 1)), int(rng.integers(1, height - 1)))
        cv2.circle(image_hw, centre, int(rng.integers(0, 3)), _level(rng), -1)
    return image_hw


def _cut_side(image_hw: ImageU8, rng: Rng) -> ImageU8:
    """Remove a little ink at one side, as a cut through the neighbour's stroke does."""
    mirrored = rng.random() < 0.5
    view = image_hw[:, ::-1] if mirrored else image_hw
    wanted = rng.uniform(0, _MAX_LOSS) * float(view.sum())
    place = int(np.searchsorted(np.cumsum(view.sum(axis=0, dtype=np.int64)), wanted))
    slope = rng.uniform(-0.2, 0.2)
    lost = left_of_line((view.shape[0], view.shape[1]), place, slope)
    if float(view[lost].sum()) > _MAX_LOSS * float(view.sum()):
        return image_hw
    kept = np.where(lost, 0, view).astype(np.uint8)
    return np.ascontiguousarray(kept[:, ::-1] if mirrored else kept)


_DEGRADATIONS: Final[tuple[Callable[[ImageU8, Rng], ImageU8], ...]] = (
    _remove_line,
    _add_specks,
    _cut_side,
)


def _add_line(image_hw: ImageU8, rng: Rng, *, slim: bool) -> ImageU8:
    """Add a piece of a ruled line, at most a quarter of the height beyond the digit.

    A 1 gets only a short line at its foot or head; a line across its middle makes it a plus.
    """
    reach = max(2, image_hw.shape[0] // 4)
    image_hw = pad(image_hw, reach)
    if slim:
        ends = _serif(image_hw, reach, rng)
    else:
        ends = (_level_line if rng.random() < 0.7 else _upright_line)(image_hw, reach, rng)
    cv2.line(image_hw, *ends, _level(rng), int(rng.integers(1, 4)))
    return image_hw


def _serif(image_hw: ImageU8, reach: int, rng: Rng) -> Ends:
    """Return the ends of a short line, centred on an end of the stroke."""
    y = image_hw.shape[0] - reach - 1 if rng.random() < 0.5 else reach
    x = int(np.average(np.arange(image_hw.shape[1]), weights=image_hw[y] + 1e-3))
    half = int(rng.uniform(0.4, 1) * reach)
    return (x - half, y), (x + half, y)


def _level_line(image_hw: ImageU8, reach: int, rng: Rng) -> Ends:
    """Return the ends of a level line through the digit or under it."""
    height, width = (length - 2 * reach for length in image_hw.shape)
    y = reach + int(rng.uniform(-0.08, 1.08) * (height - 1))
    left = int(rng.uniform(-0.5 * width, 0) if rng.random() < 0.3 else rng.uniform(0, reach))
    right = int(rng.uniform(0, reach))
    tilt = int(rng.integers(-1, 2))
    return (reach - left, y), (reach + width + right, y + tilt)


def _upright_line(image_hw: ImageU8, reach: int, rng: Rng) -> Ends:
    """Return the ends of an upright line of at most half the height; a higher one is a 1."""
    height, width = (length - 2 * reach for length in image_hw.shape)
    length = int(rng.uniform(0.2, 0.5) * height)
    x = reach + int(rng.integers(-3, width + 3))
    y = reach + int(rng.uniform(0, 1) * (height - length))
    return (x, y), (x, y + length)


def _add_sliver(image_hw: ImageU8, neighbour_hw: ImageU8, rng: Rng) -> ImageU8:
    """Put the near edge of a neighbour beside the digit, or a few pixels into it."""
    if not neighbour_hw.size:
        return image_hw
    mirrored = rng.random() < 0.5
    own, other = (part[:, ::-1] if mirrored else part for part in (image_hw, neighbour_hw))
    wanted = rng.uniform(0.02, _MAX_SLIVER) * float(own.sum())
    columns = int(np.searchsorted(np.cumsum(other.sum(axis=0, dtype=np.int64)), wanted))
    if not columns:
        return image_hw
    overlap = int(rng.integers(-3, 3))
    height = max(own.shape[0], other.shape[0])
    field = np.zeros((height, own.shape[1] + columns + 3), np.uint8)
    field[: own.shape[0], : own.shape[1]] = own
    top = int(rng.integers(0, height - other.shape[0] + 1))
    left = own.shape[1] - overlap
    beside = field[top : top + other.shape[0], left : left + columns]
    np.maximum(beside, other[:, : beside.shape[1]], out=beside)
    return np.ascontiguousarray(field[:, ::-1] if mirrored else field)


def _reduce_resolution(image_hw: ImageU8, rng: Rng) -> ImageU8:
    """Reduce a digit to few pixels, as in a photograph from a distance."""
    height = int(rng.integers(*_COARSE_PX))
    if height >= image_hw.shape[0]:
        return image_hw
    width = max(1, round(image_hw.shape[1] * height / image_hw.shape[0]))
    coarse = cv2.resize(image_hw, (width, height), interpolation=cv2.INTER_AREA)
    return brighten(np.asarray(coarse, np.uint8))


def _level(rng: Rng) -> int:
    return int(rng.integers(140, 256))
