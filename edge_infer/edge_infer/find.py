"""Find what may be digits in a camera's frame.

Simple on purpose: ink that stands apart on a ground that is plain nearby, of either
polarity, in any light. What it finds need not be a digit; the classifier's reject
threshold tells. Time is linear in the pixels of the frame, with a bound on the number
of pieces looked at.

Where digits stand is decided on a reduced frame, with ``INTER_AREA``; a build of OpenCV
that rounds it otherwise may move a box by a pixel. The tensors are cut from the full
frame by the exact operations of ``preprocess`` alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_infer.levels import otsu_threshold, split_levels, stretch_table
from edge_infer.pieces import Box, join_pieces, reading_order
from edge_infer.preprocess import MIN_CONTRAST, fit_to_box, to_grey

ImageU8 = NDArray[np.uint8]

MAX_DIGITS: Final = 64
MAX_PIECES: Final = 256
# The longer side of the frame in which digits are looked for.
WORKING_SIZE: Final = 640
# The ground is looked for over squares of this share of the shorter side: wider than
# the thickest stroke, narrower than most shadows.
GROUND_WINDOW: Final = 0.3
# Grey levels, and standard deviations of the ground's noise, between ink and ground. At
# 3 standard deviations Gaussian noise of any grain made no candidate yet; 5 is the margin.
MIN_DEPTH: Final = MIN_CONTRAST
MIN_DEPTH_SD: Final = 5.0
# With this share of the ink in candidates, nothing is hidden in the rest.
MOST_INK: Final = 0.9
# Sizes in pixels of the working frame.
MIN_PIECE_AREA: Final = 6
MIN_HEIGHT: Final = 10
# Width over height, and the share of the box that is ink: a zero in strokes of a
# fortieth of its height has 0.1, and half of that passes. A solid box is no digit unless
# it is as slim as a one.
MIN_ASPECT, MAX_ASPECT = 0.05, 1.6
MIN_FILL, MAX_FILL = 0.05, 0.75
SLIM_ASPECT: Final = 0.4


@dataclass(frozen=True, eq=False)
class FoundDigit:
    """A candidate in a frame.

    Attributes:
        box: The ink's bounding box in pixels of the frame.
        tensor: uint8 (28, 28), bright ink on 0, ready for the classifier.
    """

    box: Box
    tensor: ImageU8


@dataclass(frozen=True, eq=False)
class _Candidate:
    """A digit's pieces in the working frame, dark on light."""

    box: Box
    area: int
    mask: ImageU8
    grey: ImageU8
    depth: ImageU8


def find_digits(frame: ImageU8) -> list[FoundDigit]:
    """Find digit-like ink, dark on light or light on dark.

    Args:
        frame: uint8 (h, w) grey, (h, w, 3) BGR or (h, w, 4) BGRA.

    Returns:
        At most :data:`MAX_DIGITS` candidates, the largest ones, in reading order. Ink
        that touches the frame's border is left out: its rest is not to be seen.

    Raises:
        ImageError: The array is not such a picture.
    """
    grey = to_grey(frame)
    factor = -(-max(grey.shape) // WORKING_SIZE)
    if min(grey.shape) < factor * MIN_HEIGHT:
        return []
    views = (grey, np.asarray(cv2.bitwise_not(grey), np.uint8))
    dark, light = (_dark_candidates(_reduced(view, factor)) for view in views)
    chosen = [(one, views[0]) for one in dark if not _is_inside_any(one, light)]
    chosen += [(one, views[1]) for one in light if not _is_inside_any(one, dark)]
    chosen.sort(key=lambda item: -item[0].area)
    cut = [_cut_out(one, view, factor) for one, view in chosen[:MAX_DIGITS]]
    digits = [digit for digit in cut if digit is not None]
    return [digits[index] for index in reading_order([digit.box for digit in digits])]


def _reduced(grey_hw: ImageU8, factor: int) -> ImageU8:
    height, width = (length // factor for length in grey_hw.shape)
    if factor == 1:
        return grey_hw
    whole = grey_hw[: height * factor, : width * factor]
    return np.asarray(cv2.resize(whole, (width, height), interpolation=cv2.INTER_AREA), np.uint8)


def _dark_candidates(grey_hw: ImageU8) -> list[_Candidate]:
    """Find dark ink at two depths: any ink at all, and ink much darker than the rest.

    The second finds digits on a printed grid, whose faint lines tie them together.
    """
    side = int(min(grey_hw.shape) * GROUND_WINDOW) | 1
    hat = cv2.morphologyEx(grey_hw, cv2.MORPH_BLACKHAT, np.ones((side, side), np.uint8))
    depth = np.asarray(hat, np.uint8)
    histogram = np.bincount(depth.ravel(), minlength=256)
    low = _noise_level(histogram)
    if low >= 255 or not histogram[low + 1 :].any():
        return []
    above = histogram.copy()
    above[: low + 1] = 0
    candidates = list(_candidates_at(grey_hw, depth, low))
    if sum(candidate.area for candidate in candidates) > MOST_INK * int(above.sum()):
        return candidates
    for candidate in _candidates_at(grey_hw, depth, otsu_threshold(above)):
        if not _is_inside_any(candidate, candidates):
            candidates.append(candidate)
    return candidates


def _noise_level(histogram: NDArray[np.int64]) -> int:
    """Return the depth under which a pixel may be noise, by the median and the quartile.

    The lower quartile, since ink is above: there may be much of it.
    """
    total = np.cumsum(histogram)
    median, quartile = np.searchsorted(total, [total[-1] * 0.5, total[-1] * 0.25])
    deviation = 1.48 * float(median - quartile)
    return min(255, max(MIN_DEPTH, int(median + MIN_DEPTH_SD * deviation)))


def _candidates_at(grey_hw: ImageU8, depth_hw: ImageU8, threshold: int) -> Iterator[_Candidate]:
    mask = (depth_hw > threshold).view(np.uint8)
    # The algorithm of Grana et al. (2010) took 0.4 ms where OpenCV's default took 1.9.
    count, labels, stats, _ = cv2.connectedComponentsWithStatsWithAlgorithm(
        mask, 8, cv2.CV_32S, cv2.CCL_GRANA
    )
    pieces = _plausible_pieces(stats.astype(np.int64), grey_hw.shape)
    boxes, areas = stats[pieces, :4].astype(np.int64), stats[pieces, 4]
    groups = join_pieces(boxes)
    label_hw = np.asarray(labels, np.int32)
    group_of_label = np.full(count, -1)
    group_of_label[pieces] = groups
    for group in np.unique(groups):
        box, area = _around(boxes[groups == group]), int(areas[groups == group].sum())
        if not _is_digit_like(box, area):
            continue
        place = slice(box.y, box.y + box.height), slice(box.x, box.x + box.width)
        inside = (group_of_label[label_hw[place]] == group).view(np.uint8)
        candidate = _Candidate(box, area, inside, grey_hw[place], depth_hw[place])
        if _is_minority(candidate, grey_hw):
            yield candidate


def _plausible_pieces(stats: NDArray[np.int64], shape: tuple[int, ...]) -> NDArray[np.int64]:
    """Return the labels of pieces clear of the border, the largest ones."""
    x, y, width, height, area = stats.T
    kept = (area >= MIN_PIECE_AREA) & (x > 0) & (y > 0)
    kept &= (x + width < shape[1]) & (y + height < shape[0])
    kept[0] = False
    labels = np.flatnonzero(kept)
    return labels[np.argsort(-area[labels], kind="stable")[:MAX_PIECES]]


def _is_digit_like(box: Box, area: int) -> bool:
    aspect = box.width / box.height
    fill = area / (box.width * box.height)
    if box.height < MIN_HEIGHT or not MIN_ASPECT <= aspect <= MAX_ASPECT:
        return False
    return fill >= MIN_FILL and (fill <= MAX_FILL or aspect <= SLIM_ASPECT)


def _is_minority(candidate: _Candidate, grey_hw: ImageU8) -> bool:
    """Tell ink from the holes and gaps that it leaves: ink is the lesser part around.

    The inside of a white zero on black is dark on light too, but so is all around it.
    """
    box, inside = candidate.box, candidate.mask.view(np.bool_)
    ink = float(candidate.grey[inside].mean())
    level = ink + float(candidate.depth[inside].mean()) / 2
    margin = max(box.width, box.height) // 2
    around = grey_hw[
        max(box.y - margin, 0) : box.y + box.height + margin,
        max(box.x - margin, 0) : box.x + box.width + margin,
    ]
    return 2 * int(np.count_nonzero(around <= level)) < around.size


def _cut_out(candidate: _Candidate, full_hw: ImageU8, factor: int) -> FoundDigit | None:
    """Take a candidate's ink from the full frame and bring it to the model's geometry."""
    box = candidate.box
    near = _enlarged(cv2.dilate(np.pad(candidate.mask, 1), np.ones((3, 3), np.uint8)), factor)
    ground = np.pad(candidate.grey + candidate.depth, 1, mode="edge")
    top, left = (box.y - 1) * factor, (box.x - 1) * factor
    crop = full_hw[top : top + near.shape[0], left : left + near.shape[1]]
    depth = np.asarray(cv2.subtract(_enlarged(ground, factor), crop), np.uint8)
    split = split_levels(np.bincount(depth[near.view(np.bool_)], minlength=256))
    if not split.contrast:
        return None
    ink = np.asarray(cv2.LUT(depth, stretch_table(split.ground, split.full)), np.uint8) * near
    x, y, width, height = cv2.boundingRect((ink > 127).view(np.uint8))
    return FoundDigit(Box(left + x, top + y, width, height), fit_to_box(ink))


def _enlarged(image: object, factor: int) -> ImageU8:
    return np.asarray(image, np.uint8).repeat(factor, axis=0).repeat(factor, axis=1)


def _around(boxes: NDArray[np.int64]) -> Box:
    x, y = boxes[:, :2].min(axis=0)
    right, bottom = (boxes[:, :2] + boxes[:, 2:]).max(axis=0)
    return Box(int(x), int(y), int(right - x), int(bottom - y))


def _is_inside_any(candidate: _Candidate, others: Iterable[_Candidate]) -> bool:
    """Say whether the middle of a candidate lies in the box of a larger one."""
    box = candidate.box
    x, y = box.x + box.width / 2, box.y + box.height / 2
    return any(
        other.box.x <= x < other.box.x + other.box.width
        and other.box.y <= y < other.box.y + other.box.height
        and box.width * box.height <= other.box.width * other.box.height
        for other in others
    )
