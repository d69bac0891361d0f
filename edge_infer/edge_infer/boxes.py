"""Bounding boxes and their reading order."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Box:
    """An upright rectangle in pixels: columns x to right - 1, rows y to bottom - 1."""

    x: int
    y: int
    width: int
    height: int

    @property
    def right(self) -> int:
        """Column after the last."""
        return self.x + self.width

    @property
    def bottom(self) -> int:
        """Row after the last."""
        return self.y + self.height

    def scaled(self, factor: int) -> Box:
        """Return the box in a picture enlarged by a whole number."""
        return Box(self.x * factor, self.y * factor, self.width * factor, self.height * factor)

    def rotated(self, quarters: int, height: int, width: int) -> Box:
        """Return the box rotated clockwise with its picture of ``height`` and ``width``."""
        box = self
        for _ in range(quarters % 4):
            box = Box(height - box.bottom, box.x, box.height, box.width)
            height, width = width, height
        return box

    def shared_rows(self, other: Box) -> int:
        """Return the number of rows that both boxes have; negative for a gap."""
        return min(self.bottom, other.bottom) - max(self.y, other.y)


def bounding_box(boxes: Iterable[Box]) -> Box:
    """Return the smallest box that contains all boxes, at least one."""
    all_boxes = list(boxes)
    x, y = min(box.x for box in all_boxes), min(box.y for box in all_boxes)
    right, bottom = max(box.right for box in all_boxes), max(box.bottom for box in all_boxes)
    return Box(x, y, right - x, bottom - y)


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
