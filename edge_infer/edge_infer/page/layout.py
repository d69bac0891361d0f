"""Layout analysis: group connected components into text lines in reading order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from edge_infer.boxes import Box, bounding_box, reading_order
from edge_infer.page.components import Component

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
    return [_from_left_to_right(lines[index]) for index in order]


@dataclass
class _Stack:
    """Components above one another: a digit with broken strokes."""

    components: list[Component]
    box: Box


def _stack(components: Sequence[Component], digit_height: float) -> list[_Stack]:
    """Group components that are close above one another and together no taller than a digit."""
    stacks: list[_Stack] = []
    for component in sorted(components, key=lambda one: -one.area):
        for stack in stacks:
            if _are_one_digit(component.box, stack.box, digit_height):
                stack.components.append(component)
                stack.box = bounding_box((stack.box, component.box))
                break
        else:
            stacks.append(_Stack([component], component.box))
    return stacks


def _are_one_digit(box: Box, other: Box, digit_height: float) -> bool:
    shared = min(box.right, other.right) - max(box.x, other.x)
    # Most pairs of a page stand side by side, so this is checked first.
    if shared <= 0:
        return False
    height = max(box.bottom, other.bottom) - min(box.y, other.y)
    return (
        shared >= MIN_SHARED_WIDTH * min(box.width, other.width)
        and -box.shared_rows(other) <= MAX_BREAK * digit_height
        and height <= MAX_HEIGHT * max(digit_height, other.height)
    )


def _from_left_to_right(line: Sequence[_Stack]) -> list[Component]:
    stacks = sorted(line, key=lambda stack: stack.box.x + stack.box.width / 2)
    return [component for stack in stacks for component in stack.components]


def _best_line(box: Box, lines: Sequence[list[_Stack]]) -> list[_Stack] | None:
    """Return the line whose last stack overlaps a box most, among those that are near."""
    best, best_share = None, MIN_OVERLAP
    for line in lines:
        last = line[-1].box
        if box.x - last.right > MAX_GAP * max(box.height, last.height):
            continue
        share = box.shared_rows(last) / min(box.height, last.height)
        if share > best_share:
            best, best_share = line, share
    return best


def _nearest_line(box: Box, lines: Sequence[list[_Stack]]) -> list[_Stack] | None:
    """Return the line with the digit nearest to a small part, if there is one near."""
    best, best_distance = None, MAX_PART_DISTANCE
    for line in lines:
        for other in (stack.box for stack in line):
            gap_x = max(other.x - box.right, box.x - other.right, 0)
            distance = max(gap_x, -box.shared_rows(other), 0) / other.height
            if distance < best_distance:
                best, best_distance = line, distance
    return best
