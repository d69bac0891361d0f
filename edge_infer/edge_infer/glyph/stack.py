"""Many small pictures prepared at once, each as ``preprocess`` prepares it alone.

On 28x28 pixels it is the number of calls that costs, not the pixels. So pictures of one size
go through every step together; what becomes of one is the same whatever lies beside it.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby, islice
from operator import attrgetter
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_infer.glyph.blocks import reduce_to
from edge_infer.glyph.ink import (
    MIN_PIECE_SHARE,
    find_ink,
    ground_window,
    holds_ink,
    is_light_ground,
    square,
)
from edge_infer.glyph.levels import split_levels, stretch_table
from edge_infer.glyph.preprocess import (
    BOX_SIZE,
    IMAGE_SIZE,
    WORKING_SIZE,
    centre_offset,
    fit_to_box,
    to_grey,
)

# In a stack a picture is padded by what its window reaches. Where that is much more than the
# picture, as around a strip, or more than a core's second cache holds, a stack gains nothing.
_MOST_PADDING: Final = 4
_MOST_PADDED_PIXELS: Final = 128 * 1024
_LARGEST_STACK: Final = 64
# A threshold above which no pixel lies.
_NOTHING_ABOVE: Final = 255

ImageU8 = NDArray[np.uint8]


def prepare_digits(images: Sequence[ImageU8]) -> list[ImageU8 | None]:
    """Make the tensors of several pictures, as ``prepare_digit`` does.

    Pictures of one size in a row, unless they are strips, take less time so: 28x28 pixels as
    MNIST's little over a third, 40x40 two thirds, 64x64 nearly all.

    Raises:
        ImageError: An array is not such a picture.
    """
    tensors: list[ImageU8 | None] = []
    greys = (reduce_to(to_grey(image), WORKING_SIZE) for image in images)
    for shape, alike in groupby(greys, attrgetter("shape")):
        while stack := list(islice(alike, stack_size(*shape))):
            if len(stack) > 1:
                tensors += fit_inks(find_inks(np.stack(stack)))
            else:
                ink = find_ink(stack[0])
                tensors.append(None if ink is None else fit_to_box(ink))
    return tensors


def stack_size(height: int, width: int) -> int:
    """Return how many pictures of a size are best stacked: 1 where they are better alone."""
    margin = 2 * (ground_window(height, width) // 2)
    padded = (height + margin) * (width + margin)
    if padded > _MOST_PADDING * height * width:
        return 1
    return max(1, min(_LARGEST_STACK, _MOST_PADDED_PIXELS // padded))


def find_inks(greys_nhw: ImageU8) -> ImageU8:
    """Do as :func:`edge_infer.glyph.ink.find_ink` does, with each picture of a stack.

    Args:
        greys_nhw: uint8 (n, h, w), n at least 1.

    Returns:
        uint8 (n, h, w): ground 0, full ink 255; a picture without ink is all 0.
    """
    count, height, width = greys_nhw.shape
    depths = _depths(greys_nhw)
    # One table of levels after another, so that a pixel's entry tells its picture too.
    entries = depths + 256 * np.arange(count)[:, np.newaxis, np.newaxis]
    histograms = np.bincount(entries.ravel(), minlength=256 * count).reshape(count, 256)
    splits = split_levels(histograms)
    thresholds = [split.threshold if holds_ink(split) else _NOTHING_ABOVE for split in splits]
    # A line of ground between pictures, one under the other, keeps them apart.
    masks = np.zeros((count, height + 1, width), np.uint8)
    np.greater(
        depths, np.array(thresholds, np.uint8)[:, np.newaxis, np.newaxis], out=masks[:, :height]
    )
    kept = _without_specks(masks)
    near = np.asarray(cv2.dilate(kept.reshape(-1, width), square(3)), np.uint8)
    tables = np.concatenate([stretch_table(split.ground, split.full) for split in splits])
    inks: ImageU8 = tables.take(entries)
    inks *= near.reshape(masks.shape)[:, :height]
    return inks


def fit_inks(inks_nhw: ImageU8) -> list[ImageU8 | None]:
    """Do as :func:`edge_infer.glyph.preprocess.fit_to_box` does, with each picture of a stack.

    Args:
        inks_nhw: uint8 (n, h, w), bright ink on 0.

    Returns:
        Of each uint8 (28, 28), or None where there is no ink.
    """
    count, height, width = inks_nhw.shape
    lines = np.asarray(
        cv2.reduce(inks_nhw.reshape(-1, width), 1, cv2.REDUCE_SUM, dtype=cv2.CV_32S), np.int64
    ).reshape(count, height)
    columns = inks_nhw.sum(axis=1, dtype=np.int64)
    mass = lines.sum(axis=1).tolist()
    vertical, horizontal = _extents_and_moments(lines), _extents_and_moments(columns)
    fields = np.zeros((count, IMAGE_SIZE, IMAGE_SIZE), np.uint8)
    fitted: list[ImageU8 | None] = []
    for ink, field, total, (y, tall, down), (x, wide, across) in zip(
        inks_nhw, fields, mass, vertical, horizontal, strict=True
    ):
        if not total:
            fitted.append(None)
        elif max(tall, wide) != BOX_SIZE:
            fitted.append(fit_to_box(ink))
        else:
            # As large as it is to be: it only moves.
            top = centre_offset(down - y * total, total, tall)
            left = centre_offset(across - x * total, total, wide)
            field[top : top + tall, left : left + wide] = ink[y : y + tall, x : x + wide]
            fitted.append(field)
    return fitted


def _extents_and_moments(sums: NDArray[np.int64]) -> list[list[int]]:
    """Return of each row where what is not 0 begins, its length, and the first moment."""
    length = sums.shape[1]
    filled = sums > 0
    first = filled.argmax(axis=1)
    after_last = length - filled[:, ::-1].argmax(axis=1)
    extents: list[list[int]] = np.stack(
        (first, after_last - first, sums @ np.arange(length)), axis=1
    ).tolist()
    return extents


def _depths(greys_nhw: ImageU8) -> ImageU8:
    """Return how much each pixel differs from its ground towards ink: a white top-hat."""
    # 255 less a level is its bits inverted.
    inverted = np.array([255 * is_light for is_light in _are_light_grounds(greys_nhw)], np.uint8)
    depths = greys_nhw ^ inverted[:, np.newaxis, np.newaxis]
    window = ground_window(*greys_nhw.shape[1:])
    depths -= _slide(_slide(depths, window, np.minimum, 255), window, np.maximum, 0)
    return depths


def _without_specks(masks_nhw: ImageU8) -> ImageU8:
    """Remove specks from each mask of a stack; the last line of each is empty."""
    count, height, width = masks_nhw.shape
    _, labels, stats, _ = cv2.connectedComponentsWithStats(
        masks_nhw.reshape(-1, width), connectivity=8
    )
    areas = stats[:, cv2.CC_STAT_AREA].astype(np.float64)
    areas[0] = 0
    pictures = stats[:, cv2.CC_STAT_TOP] // height
    keep = areas >= MIN_PIECE_SHARE * np.bincount(pictures, areas, count)[pictures]
    if keep[1:].all():
        return masks_nhw
    keep[0] = False
    kept: ImageU8 = keep.view(np.uint8).take(np.asarray(labels, np.int32))
    return kept.reshape(masks_nhw.shape)


def _are_light_grounds(greys_nhw: ImageU8) -> list[bool]:
    """Do as :func:`edge_infer.glyph.ink.is_light_ground` does, with each picture of a stack."""
    sides = (greys_nhw[:, 0], greys_nhw[:, -1], greys_nhw[:, :, 0], greys_nhw[:, :, -1])
    border = np.concatenate(sides, axis=1)
    border.sort(axis=1)
    typical = border[:, (border.shape[1] - 1) // 2].tolist()
    pixels = greys_nhw.reshape(len(greys_nhw), -1)
    extremes = (typical, pixels.min(axis=1).tolist(), pixels.max(axis=1).tolist())
    return [
        level == lightest
        if darkest < lightest and level in {darkest, lightest}
        else is_light_ground(grey)
        for grey, level, darkest, lightest in zip(greys_nhw, *extremes, strict=True)
    ]


def _slide(images_nhw: ImageU8, side: int, extreme: np.ufunc, beyond: int) -> ImageU8:
    """Take the extreme over the square around each pixel, as ``cv2.erode`` and ``dilate`` do.

    Windows are doubled until they are as wide as wanted, over all pictures as one row of
    pixels: what runs from one line into the next lands in the margin, which is left out.

    Args:
        images_nhw: uint8 (n, h, w).
        side: Of the square, odd.
        extreme: ``np.minimum`` or ``np.maximum``.
        beyond: What stands beyond the edge.

    Returns:
        uint8 (n, h, w), a view of something larger.
    """
    count, height, width = images_nhw.shape
    margin = side // 2
    line, lines = width + 2 * margin, height + 2 * margin
    padded = np.full((count, lines, line), beyond, np.uint8)
    padded[:, margin : margin + height, margin : margin + width] = images_nhw
    row = padded.reshape(-1)
    for step in (1, line):
        covered = 1
        while covered < side:
            more = min(covered, side - covered)
            row = extreme(row[: -more * step], row[more * step :])
            covered += more
    return np.ndarray(images_nhw.shape, np.uint8, row, strides=(lines * line, line, 1))
