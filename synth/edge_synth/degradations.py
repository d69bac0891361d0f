"""What happens to a digit between the pen and the reader, and leaves it the same digit.

Thick pens and hair-thin ones, rests of ruled lines and the gaps where such were taken away,
specks, a sliver of the neighbour, few pixels.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_synth.strokes import (
    ImageU8,
    are_upright_strokes,
    brighten,
    change_thickness,
    crop_ink,
    enlarge,
    half_plane,
    normalise,
    pad,
    refocus,
    stroke_width,
    thin_to,
)

Rng = np.random.Generator
Ends = tuple[tuple[int, int], tuple[int, int]]

# In pixels of a digit 40 high: two to each side when widest, at half the size.
_WIDEST: Final = 8
_HAIR: Final = 2
# A sliver of a neighbour has at most so much of the digit's own ink; others.py takes more
# than this for no digit. A cut takes at most so much of the digit's ink away.
MAX_SLIVER: Final = 0.14
MAX_LOSS: Final = 0.08
# How often a damaged digit has each trace beside its change of thickness.
_OFTEN: Final = 0.22
# Lowest and highest digits that are met on a page, in pixels, where coarse.
_COARSE: Final = (12, 21)


def damage_digits(images: ImageU8, share: float, rng: Rng) -> ImageU8:
    """Damage a share of the digits, and normalise all of them as the reader does.

    Args:
        images: uint8 (n, 28, 28), digits.
        share: 0-1, how many are damaged.
        rng: Source of randomness; equal state gives equal output.

    Returns:
        uint8 (n, 28, 28), a new array.
    """
    damaged = np.empty_like(images)
    hit = rng.random(len(images)) < share
    slim = are_upright_strokes(images)
    neighbours = rng.integers(0, max(len(images), 1), len(images))
    for index, image in enumerate(images):
        if hit[index]:
            neighbour = images[neighbours[index]]
            traced = _damage(image, neighbour, slim=bool(slim[index]), rng=rng)
            damaged[index] = normalise(traced)
        else:
            damaged[index] = normalise(image)
    return damaged


def _damage(image: ImageU8, neighbour: ImageU8, *, slim: bool, rng: Rng) -> ImageU8:
    """Return the digit at twice the size, damaged; untouched where nothing would remain."""
    large = crop_ink(enlarge(image))
    if not large.size:
        return image
    large = vary_thickness(large, rng)
    chances = rng.random(len(_TRACES) + 3) < _OFTEN
    for trace, chance in zip(_TRACES, chances, strict=False):
        if chance:
            large = trace(large, rng)
    if chances[-3]:
        large = _rule(large, rng, slim=slim)
    if chances[-2]:
        large = _add_sliver(large, crop_ink(enlarge(neighbour)), rng)
    return _coarsen(large, rng) if chances[-1] else refocus(large, rng)


def vary_thickness(image_hw: ImageU8, rng: Rng) -> ImageU8:
    """Redraw a digit, 40 pixels high, with another pen: a third each thinner, same, thicker."""
    kind = rng.random()
    if kind < 1 / 3:
        return thin_to(image_hw, int(rng.integers(_HAIR, max(stroke_width(image_hw), 3))))
    if kind < 2 / 3:
        return image_hw
    return change_thickness(image_hw, int(rng.integers(1, _WIDEST + 1)))


def _remove_line(image_hw: ImageU8, rng: Rng) -> ImageU8:
    """Leave the gap of a line that was taken away, here with the ink under it."""
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
    """Take a little away at a side, as a cut does that runs through the neighbour's stroke."""
    mirrored = rng.random() < 0.5
    view = image_hw[:, ::-1] if mirrored else image_hw
    wanted = rng.uniform(0, MAX_LOSS) * float(view.sum())
    place = int(np.searchsorted(np.cumsum(view.sum(axis=0, dtype=np.int64)), wanted))
    slope = rng.uniform(-0.2, 0.2)
    lost = half_plane(_shape(view), place, slope)
    if float(view[lost].sum()) > MAX_LOSS * float(view.sum()):
        return image_hw
    kept = np.where(lost, 0, view).astype(np.uint8)
    return np.ascontiguousarray(kept[:, ::-1] if mirrored else kept)


_TRACES: Final[tuple[Callable[[ImageU8, Rng], ImageU8], ...]] = (
    _remove_line,
    _add_specks,
    _cut_side,
)


def _rule(image_hw: ImageU8, rng: Rng, *, slim: bool) -> ImageU8:
    """Leave a rest of a ruled line, at most a quarter of the height beyond the digit.

    A 1 gets none but a short one at its foot or head: with one through it, it is a plus.
    """
    reach = max(2, image_hw.shape[0] // 4)
    image_hw = pad(image_hw, reach)
    if slim:
        ends = _serif(image_hw, reach, rng)
    else:
        ends = (_level_rule if rng.random() < 0.7 else _upright_rule)(image_hw, reach, rng)
    cv2.line(image_hw, *ends, _level(rng), int(rng.integers(1, 4)))
    return image_hw


def _serif(image_hw: ImageU8, reach: int, rng: Rng) -> Ends:
    """A short line, as far to the left of a stroke's end as to the right."""
    y = image_hw.shape[0] - reach - 1 if rng.random() < 0.5 else reach
    x = int(np.average(np.arange(image_hw.shape[1]), weights=image_hw[y] + 1e-3))
    half = int(rng.uniform(0.4, 1) * reach)
    return (x - half, y), (x + half, y)


def _level_rule(image_hw: ImageU8, reach: int, rng: Rng) -> Ends:
    """A line through the digit or under it, over its width and more, or a part of it."""
    height, width = (length - 2 * reach for length in image_hw.shape)
    y = reach + int(rng.uniform(-0.08, 1.08) * (height - 1))
    left = int(rng.uniform(-0.5 * width, 0) if rng.random() < 0.3 else rng.uniform(0, reach))
    right = int(rng.uniform(0, reach))
    tilt = int(rng.integers(-1, 2))
    return (reach - left, y), (reach + width + right, y + tilt)


def _upright_rule(image_hw: ImageU8, reach: int, rng: Rng) -> Ends:
    """A line half as high as the digit at most; as high, it would be a 1 beside it."""
    height, width = (length - 2 * reach for length in image_hw.shape)
    length = int(rng.uniform(0.2, 0.5) * height)
    x = reach + int(rng.integers(-3, width + 3))
    y = reach + int(rng.uniform(0, 1) * (height - length))
    return (x, y), (x, y + length)


def _add_sliver(image_hw: ImageU8, neighbour_hw: ImageU8, rng: Rng) -> ImageU8:
    """Put the near edge of a neighbour beside the digit, or onto it by a pixel or two."""
    if not neighbour_hw.size:
        return image_hw
    mirrored = rng.random() < 0.5
    own, other = (part[:, ::-1] if mirrored else part for part in (image_hw, neighbour_hw))
    wanted = rng.uniform(0.02, MAX_SLIVER) * float(own.sum())
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


def _coarsen(image_hw: ImageU8, rng: Rng) -> ImageU8:
    """See the digit with few pixels, as on a photograph from afar."""
    height = int(rng.integers(*_COARSE))
    if height >= image_hw.shape[0]:
        return image_hw
    width = max(1, round(image_hw.shape[1] * height / image_hw.shape[0]))
    coarse = cv2.resize(image_hw, (width, height), interpolation=cv2.INTER_AREA)
    return brighten(np.asarray(coarse, np.uint8))


def _level(rng: Rng) -> int:
    return int(rng.integers(140, 256))


def _shape(image_hw: NDArray[np.uint8]) -> tuple[int, int]:
    return image_hw.shape[0], image_hw.shape[1]
