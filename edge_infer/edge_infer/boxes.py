"""Bounding boxes and their reading order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Box:
    """A rectangle of pixels: columns x to x + width - 1 and rows y to y + height - 1."""

    x: int
    y: int
    width: int
    height: int


def reading_order(boxes: Sequence[Box]) -> list[int]:
    """Order boxes in rows from top to bottom, and in each row from left to right.

    Returns:
        Indices into ``boxes``.
    """
    rows: list[list[int]] = []
    for index in sorted(range(len(boxes)), key=lambda index: _middle(boxes[index])):
        if rows and _in_row(boxes[index], [boxes[other] for other in rows[-1]]):
            rows[-1].append(index)
        else:
            rows.append([index])
    return [index for row in rows for index in sorted(row, key=lambda index: boxes[index].x)]


def _middle(box: Box) -> float:
    return box.y + box.height / 2


def _in_row(box: Box, row: Sequence[Box]) -> bool:
    middle = sum(_middle(other) for other in row) / len(row)
    height = sum(other.height for other in row) / len(row)
    return abs(_middle(box) - middle) < height / 2
