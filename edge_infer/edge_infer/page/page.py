"""What was read on a page: lines of digits, where they stand and how sure that is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from edge_infer.boxes import Box


@dataclass(frozen=True)
class Digit:
    """One glyph.

    Attributes:
        label: Name of its class; of what was rejected, of the likeliest.
        confidence: 0-1, that it stands here as one glyph of that class.
        box: Its ink, in pixels of the picture that was given.
    """

    label: str
    confidence: float
    box: Box


@dataclass(frozen=True)
class Line:
    """Digits that stand in a row, one at least, from left to right.

    Attributes:
        digits: In reading order.
        box: Around them all, in pixels of the picture that was given.
    """

    digits: tuple[Digit, ...]
    box: Box

    @property
    def text(self) -> str:
        """The labels, without a gap."""
        return "".join(digit.label for digit in self.digits)

    @property
    def confidence(self) -> float:
        """0-1: that of the digit in most doubt."""
        return min(digit.confidence for digit in self.digits)


@dataclass(frozen=True)
class Page:
    """A page's lines, from top to bottom.

    Attributes:
        width: Of the picture that was given, in pixels.
        height: Likewise.
        lines: In reading order; empty on a page without digits.
        rejected: What looked like writing but is no digit, or none to be sure of.
        rotation_deg: 0, 90, 180 or 270: what the picture was turned by, clockwise, to be
            read. Boxes are of the picture before that.
    """

    width: int
    height: int
    lines: tuple[Line, ...]
    rejected: tuple[Digit, ...] = ()
    rotation_deg: int = 0

    @property
    def text(self) -> str:
        """The lines' texts, one under the other."""
        return "\n".join(line.text for line in self.lines)


def bounding_box(boxes: Iterable[Box]) -> Box:
    """Return the smallest box that holds them all, one at least."""
    all_boxes = list(boxes)
    x, y = min(box.x for box in all_boxes), min(box.y for box in all_boxes)
    right = max(box.x + box.width for box in all_boxes)
    bottom = max(box.y + box.height for box in all_boxes)
    return Box(x, y, right - x, bottom - y)
