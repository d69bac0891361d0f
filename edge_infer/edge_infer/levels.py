"""Grey levels by their histogram: where ground ends and ink begins.

Integers throughout, and float64 only where its result is exact or rounded the same on
every machine.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

_LEVELS: Final = np.arange(256, dtype=np.int64)
_POWERS: Final = np.stack((np.ones_like(_LEVELS), _LEVELS, _LEVELS**2))
# Shares of the ground under its median, and of the ink under "full ink": not the
# brightest pixel, since one glint must not decide how dark the whole digit is.
_GROUND_PERCENT: Final = 50
_FULL_PERCENT: Final = 95


@dataclass(frozen=True, slots=True)
class Split:
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
    return [_describe(sums[:, row], threshold) for row, threshold in enumerate(thresholds)]


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


def _describe(sums: NDArray[np.int64], threshold: int) -> Split:
    """Describe a histogram by its running sums (3, 256) of counts, levels and squares."""
    count_below = sums[0]
    ground_count, ground_sum, ground_squares = sums[:, threshold].tolist()
    whole = sums[:, -1].tolist()
    ink_count = whole[0] - ground_count
    if not ink_count or not ground_count:
        return Split(threshold, contrast=0.0, deviation=0.0, ground=0, full=1)
    ground_mean = ground_sum / ground_count
    ground = _first_reaching(count_below, _share(ground_count, _GROUND_PERCENT))
    full = _first_reaching(count_below, ground_count + _share(ink_count, _FULL_PERCENT))
    return Split(
        threshold,
        contrast=(whole[1] - ground_sum) / ink_count - ground_mean,
        deviation=max(ground_squares / ground_count - ground_mean**2, 0.0) ** 0.5,
        ground=ground,
        full=max(full, ground + 1),
    )


def _share(count: int, percent: int) -> int:
    """Return ``percent`` of ``count``, rounded up."""
    return -(-count * percent // 100)


def _first_reaching(count_below: NDArray[np.int64], wanted: int) -> int:
    return int(count_below.searchsorted(wanted))
