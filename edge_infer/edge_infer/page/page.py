"""The result of reading a page: lines of digits with bounding boxes and confidences."""

from __future__ import annotations

from dataclasses import dataclass

from edge_infer.boxes import Box


@dataclass(frozen=True)
class Digit:
    """One glyph.

    Attributes:
        label: Name of its class; of the likeliest class if it is rejected.
        confidence: 0-1; 0 for a negative.
        box: Bounding box of its ink, in pixels of the given picture.
    """

    label: str
    confidence: float
    box: Box


@dataclass(frozen=True)
class Line:
    """A line of digits.

    Attributes:
        digits: From left to right, at least one.
        box: Bounding box of the line, in pixels of the given picture.
    """

    digits: tuple[Digit, ...]
    box: Box

    @property
    def text(self) -> str:
        """The labels, without spaces."""
        return "".join(digit.label for digit in self.digits)

    @property
    def confidence(self) -> float:
        """The lowest confidence of its digits, 0-1."""
        return min(digit.confidence for digit in self.digits)


@dataclass(frozen=True)
class Page:
    """The lines of a page.

    Attributes:
        width: Width of the given picture in pixels.
        height: Height of the given picture in pixels.
        lines: In reading order; empty if the page has no digits.
        rejected: Ink that is no digit or was not recognised with confidence.
        rotation_deg: Clockwise rotation of the picture before it was read: 0, 90, 180 or 270.
            Boxes refer to the picture before rotation.
    """

    width: int
    height: int
    lines: tuple[Line, ...]
    rejected: tuple[Digit, ...] = ()
    rotation_deg: int = 0

    @property
    def text(self) -> str:
        """The texts of the lines, separated by newlines."""
        return "\n".join(line.text for line in self.lines)
