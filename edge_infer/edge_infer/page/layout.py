"""Layout analysis: group connected components into text lines in reading order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from edge_infer.boxes import Box, reading_order
from edge_infer.page.components import Component
from edge_infer.page.page import bounding_box

# Neighbours in a line have at most this gap, in heights of the taller, and at least this vertical
# overlap, as a fraction of the lower height.
MAX_GAP: Final = 2.5
MIN_OVERLAP: Final = 0.4
# Lower stacks, in digit heights, are parts of digits. They start no line.
MIN_HEIGHT: Final = 0.45
# A small part belongs to a line whose nearest digit is at most this far, in its heights.
MAX_PART_DISTANCE: Final = 0.5
# Parts of one digit overlap horizontally by at least this fraction of the narrower width, have at
# most this vertical gap, in digit heights, and together at most this height, in digit heights.
MIN_SHARED_WIDTH: Final = 0.5
MAX_BREAK: Final = 0.12
MAX_HEIGHT: Final = 1.3


def find_text_lines(components: Sequence[Component], digit_height: float) -> list[list[Component]]:
    """Group components into text lines: a line continues at its nearest neighbour to the right.

    Args:
        components: Components of a page.
        digit_height: In pixels.

    Returns:
        Lines in reading order, each from left to right by the centres of the boxes.
    """
    lines: list[list[_Stack]] = []
    small: list[_Stack] = []
    for stack in sorted(_stack(components, digit_height), key=lambda stack: stack.box.x):
        if stack.box.height < MIN_HEIGHT * digit_height:
            small.append(stack)
            continue
        line = _best_line(stack.box, lines)
        if line is None:
            lines.append([stack])
        else:
            line.append(stack)
    for stack in small:
        nearest = _nearest_line(stack.box, lines)
        if nearest is not None:
            nearest.append(stack)
    order = reading_order([bounding_box(stack.box for stack in line) for line in lines])
    return [_in_order(lines[index]) for index in order]


class _Stack:
    """Components above one another: a digit with broken strokes."""

    def __init__(self, component: Component) -> None:
        self.components = [component]
        self.box = component.box

    def add(self, component: Component) -> None:
        self.components.append(component)
        self.box = bounding_box((self.box, component.box))


def _stack(components: Sequence[Component], digit_height: float) -> list[_Stack]:
    """Group components that are close above one another and together no taller than a digit."""
    stacks: list[_Stack] = []
    for component in sorted(components, key=lambda one: -one.area):
        for stack in stacks:
            if _are_one_digit(component.box, stack.box, digit_height):
                stack.add(component)
                break
        else:
            stacks.append(_Stack(component))
    return stacks


def _are_one_digit(box: Box, other: Box, digit_height: float) -> bool:
    # Most pairs of a page stand side by side, so this is checked first.
    if box.x >= other.x + other.width or other.x >= box.x + box.width:
        return False
    shared = min(box.x + box.width, other.x + other.width) - max(box.x, other.x)
    height = max(box.y + box.height, other.y + other.height) - min(box.y, other.y)
    return (
        shared >= MIN_SHARED_WIDTH * min(box.width, other.width)
        and -_overlap(box, other) <= MAX_BREAK * digit_height
        and height <= MAX_HEIGHT * max(digit_height, other.height)
    )


def _in_order(line: Sequence[_Stack]) -> list[Component]:
    """Return the components of a line from left to right, those of a stack together."""
    stacks = sorted(line, key=lambda stack: stack.box.x + stack.box.width / 2)
    return [component for stack in stacks for component in stack.components]


def _best_line(box: Box, lines: Sequence[list[_Stack]]) -> list[_Stack] | None:
    """Return the line whose last stack overlaps a box most, among those that are near."""
    best, best_share = None, MIN_OVERLAP
    for line in lines:
        last = line[-1].box
        gap = box.x - (last.x + last.width)
        if gap > MAX_GAP * max(box.height, last.height):
            continue
        share = _overlap(box, last) / min(box.height, last.height)
        if share > best_share:
            best, best_share = line, share
    return best


def _nearest_line(box: Box, lines: Sequence[list[_Stack]]) -> list[_Stack] | None:
    """Return the line with the digit nearest to a small part, if there is one near."""
    best, best_distance = None, MAX_PART_DISTANCE
    for line in lines:
        for stack in line:
            other = stack.box
            gap_x = max(other.x - box.x - box.width, box.x - other.x - other.width, 0)
            gap_y = max(other.y - box.y - box.height, box.y - other.y - other.height, 0)
            distance = max(gap_x, gap_y) / other.height
            if distance < best_distance:
                best, best_distance = line, distance
    return best


def _overlap(box: Box, other: Box) -> int:
    """Return the vertical overlap in pixels, negative for a gap."""
    return min(box.y + box.height, other.y + other.height) - max(box.y, other.y)
