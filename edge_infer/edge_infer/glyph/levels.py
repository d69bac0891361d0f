"""Grey levels by their histogram: where ground ends and ink begins.

Integers throughout, and float64 only where its result is exact or rounded the same on
every machine.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

_LEVELS: Final = np.arange(256, dtype=np.int64)
_POWERS: Final = np.stack((np.ones_like(_LEVELS), _LEVELS, _LEVELS**2))
# Shares of the ground under its median, and of the ink under "full ink": not the
# brightest pixel, since one glint must not decide how dark the whole digit is.
_GROUND_PERCENT: Final = 50
_FULL_PERCENT: Final = 95


class Split(NamedTuple):
    """A histogram parted in ground (up to ``threshold``) and ink (above it).

    Attributes:
        threshold: Otsu's level, 0-254.
        contrast: Mean of the ink less mean of the ground, in levels; 0 when either is empty.
        deviation: Standard deviation of the ground, in levels.
        ground: Median level of the ground.
        full: Level under which 95 % of the ink lies, above ``ground``.
    """

    threshold: int
    contrast: float
    deviation: float
    ground: int
    full: int


def split_levels(histograms: NDArray[np.int64]) -> list[Split]:
    """Part each histogram in ground and ink, and describe both.

    Args:
        histograms: int64 (n, 256), in each row at least one count above 0.
    """
    sums = (histograms * _POWERS[:, np.newaxis]).cumsum(axis=2)
    thresholds = _best_thresholds(sums[0], sums[1]).tolist()
    # Python's numbers for single figures, on which numpy's calls cost more than the work.
    below = [sums[:, row, threshold].tolist() for row, threshold in enumerate(thresholds)]
    whole = sums[:2, :, -1].T.tolist()
    wanted = [
        (
            _share(ground_count, _GROUND_PERCENT),
            ground_count + _share(count - ground_count, _FULL_PERCENT),
        )
        for (ground_count, _, _), (count, _) in zip(below, whole, strict=True)
    ]
    reached = sums[0][:, np.newaxis] >= np.array(wanted)[:, :, np.newaxis]
    levels = reached.argmax(axis=2).tolist()
    return list(map(_describe, thresholds, below, whole, levels))


def otsu_threshold(histogram: NDArray[np.int64]) -> int:
    """Find the level that parts a histogram best in two (Otsu 1979).

    Args:
        histogram: (256,) counts.

    Returns:
        Level t in 0-254: the classes are <= t and > t. The first of equals.
    """
    sums = (histogram * _POWERS[:2, np.newaxis]).cumsum(axis=2)
    return int(_best_thresholds(sums[0], sums[1])[0])


@lru_cache(maxsize=1024)
def stretch_table(ground: int, full: int) -> NDArray[np.uint8]:
    """Map level ``ground`` and below to 0, ``full`` and above to 255, linearly between.

    Args:
        ground: Level 0-254.
        full: Level above ``ground``, at most 255.

    Returns:
        uint8 (256,) look-up table, read-only because it is shared.
    """
    span = full - ground
    stretched = ((_LEVELS - ground) * 255 + span // 2) // span
    table = np.clip(stretched, 0, 255).astype(np.uint8)
    table.flags.writeable = False
    return table


def _best_thresholds(
    count_below: NDArray[np.int64], sum_below: NDArray[np.int64]
) -> NDArray[np.int64]:
    count, total = count_below[:, -1:], sum_below[:, -1:]
    # Between-class variance times n squared, without a division by an empty class.
    score = (total * count_below - count * sum_below).astype(np.float64)
    score *= score
    score /= np.maximum(count_below * (count - count_below), 1)
    best: NDArray[np.int64] = score[:, :255].argmax(axis=1)
    return best


def _describe(
    threshold: int, below: Sequence[int], whole: Sequence[int], levels: Sequence[int]
) -> Split:
    """Describe a histogram by its sums of counts and levels and by two levels.

    Args:
        threshold: That parts it.
        below: Counts, levels and their squares, summed up to the threshold.
        whole: Counts and levels, summed over all.
        levels: Median of the ground, and under which most of the ink lies.
    """
    ground_count, ground_sum, ground_squares = below
    count, total = whole
    ink_count = count - ground_count
    if not ink_count or not ground_count:
        return Split(threshold, contrast=0.0, deviation=0.0, ground=0, full=1)
    ground_mean = ground_sum / ground_count
    ground, full = levels
    return Split(
        threshold,
        contrast=(total - ground_sum) / ink_count - ground_mean,
        deviation=math.sqrt(max(ground_squares / ground_count - ground_mean * ground_mean, 0.0)),
        ground=ground,
        full=max(full, ground + 1),
    )


def _share(count: int, percent: int) -> int:
    """Return ``percent`` of ``count``, rounded up."""
    return -(-count * percent // 100)
