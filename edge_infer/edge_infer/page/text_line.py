"""A text line: its segments, the spans of segments that may be glyphs, and their scores."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_infer.glyph.preprocess import make_glyph
from edge_infer.page.binarize import ImageU8, Ink
from edge_infer.page.components import Component, merge
from edge_infer.page.cut_paths import split
from edge_infer.page.decode import Candidate

# Segments in a span, at most: of the uncut components, and after cutting.
MAX_UNCUT_SEGMENTS: Final = 3
MAX_SEGMENTS: Final = 5
# Width of a span, and gap between its segments, at most, in digit heights of the line.
MAX_WIDTH: Final = 1.5
MAX_GAP: Final = 0.25
# A segment of this height, in digit heights, may be a whole digit.
TALL: Final = 0.7
# A span with this probability is a glyph and is not cut, unless it is wider than this, in digit
# heights, or has less than half of the digit height.
SURE: Final = 0.9
MAX_SURE_WIDTH: Final = 1.1
# The digits of a line differ in height. A lower glyph costs so many nats for the square of the
# missing height, in digit heights.
MIN_HEIGHT: Final = 0.75
LOW_COST: Final = 20.0
# Cost, in nats, of a glyph across a gap between two segments as tall as digits.
GAP_COST: Final = 3.0
# Cost, in nats, of leaving out a span of the size of a digit as a negative. It grows with the
# size, since a large span may contain several digits. The usual width of a digit in its heights.
NEGATIVE_COST: Final = 2.0
USUAL_WIDTH: Final = 0.75
# Probability of a negative, for a model without a class for negatives.
UNKNOWN_NEGATIVE: Final = 0.1
# The digit height of a line is this quantile of the heights of its components, some of which are
# parts of digits.
HEIGHT_QUANTILE: Final = 0.6


@dataclass(frozen=True, eq=False)
class Span:
    """Consecutive segments of a line, which may be one glyph.

    Attributes:
        start: Index of the first segment.
        end: Index after the last segment.
        component: The union of the segments.
        has_gap: Whether background separates two segments that are as tall as digits.
    """

    start: int
    end: int
    component: Component
    has_gap: bool


class TextLine:
    """The segments of a line, the spans that may be glyphs, and their class probabilities.

    Attributes:
        spans: All spans that may be one glyph.
        scores: float32 (classes,), the probabilities of the classified spans by (start, end).
    """

    def __init__(self, components: Sequence[Component], glyph_columns: NDArray[np.int64]) -> None:
        """Make a line.

        Args:
            components: At least one, from left to right.
            glyph_columns: int64 (n,), the columns of the probabilities that belong to glyphs.
        """
        heights = [one.box.height for one in components]
        self._digit_height = float(np.quantile(heights, HEIGHT_QUANTILE, method="nearest"))
        self._segments = list(components)
        self._glyphs = glyph_columns
        self.spans = make_spans(self._segments, self._digit_height, MAX_UNCUT_SEGMENTS)
        self.scores: dict[tuple[int, int], NDArray[np.float32]] = {}

    @property
    def length(self) -> int:
        """Number of segments."""
        return len(self._segments)

    def new_spans(self) -> list[Span]:
        """Return the spans that are not classified yet."""
        return [span for span in self.spans if (span.start, span.end) not in self.scores]

    def split(self) -> None:
        """Split the components that were not classified with confidence, and renew the spans."""
        sure = self._sure_segments()
        segments: list[Component] = []
        starts: list[int] = []
        for index, segment in enumerate(self._segments):
            starts.append(len(segments))
            segments += [segment] if index in sure else split(segment, self._digit_height)
        starts.append(len(segments))
        self.scores = {(starts[a], starts[b]): scores for (a, b), scores in self.scores.items()}
        self._segments = segments
        self.spans = make_spans(segments, self._digit_height)

    def _sure_segments(self) -> set[int]:
        sure: set[int] = set()
        for span in self.spans:
            box, height = span.component.box, self._digit_height
            is_sure = self.scores[span.start, span.end][self._glyphs].max() >= SURE
            fits = box.width <= MAX_SURE_WIDTH * height and box.height >= height / 2
            if is_sure and fits and not span.has_gap:
                sure.update(range(span.start, span.end))
        return sure

    def candidates(self, negative_column: int | None) -> list[Candidate]:
        """Return the spans, all classified, as candidates with the costs of their shapes.

        Args:
            negative_column: Column of the probabilities that belongs to negatives, if any.
        """
        return [self._candidate(span, negative_column) for span in self.spans]

    def _candidate(self, span: Span, negative_column: int | None) -> Candidate:
        scores = self.scores[span.start, span.end]
        negative = UNKNOWN_NEGATIVE if negative_column is None else float(scores[negative_column])
        box = span.component.box
        missing = max(0.0, MIN_HEIGHT - box.height / self._digit_height)
        cost = LOW_COST * missing**2 + GAP_COST * span.has_gap
        size = max(box.height, box.width / USUAL_WIDTH) / self._digit_height
        return Candidate(
            span.start,
            span.end,
            np.log(np.maximum(scores[self._glyphs].astype(np.float64), 1e-6)) - cost,
            float(np.log(max(negative, 1e-6))),
            NEGATIVE_COST * size,
        )


def make_spans(
    segments: Sequence[Component], digit_height: float, max_segments: int = MAX_SEGMENTS
) -> list[Span]:
    """Return all spans that may be one glyph, including each single segment.

    Args:
        segments: Segments of a line, from left to right.
        digit_height: Digit height of the line, in pixels.
        max_segments: Number of segments in a span, at most.
    """
    spans: list[Span] = []
    for start, first in enumerate(segments):
        left, right = first.box.x, first.box.right
        has_gap = False
        for end in range(start + 1, min(start + max_segments, len(segments)) + 1):
            box = segments[end - 1].box
            if box.x - right > MAX_GAP * digit_height:
                break
            tallest = max((one.box.height for one in segments[start : end - 1]), default=0)
            has_gap |= box.x >= right and min(tallest, box.height) >= TALL * digit_height
            left, right = min(left, box.x), max(right, box.right)
            if end > start + 1 and right - left > MAX_WIDTH * digit_height:
                break
            spans.append(Span(start, end, merge(segments[start:end]), has_gap))
    return spans


def make_tensor(component: Component, ink: Ink) -> ImageU8:
    """Normalise the ink of a component to the geometry of the model.

    Returns:
        uint8 (28, 28), bright ink on 0.
    """
    box = component.box
    framed = cv2.copyMakeBorder(component.mask, 1, 1, 1, 1, cv2.BORDER_CONSTANT)
    top, left = max(box.y - 1, 0), max(box.x - 1, 0)
    contrast = ink.contrast[top : box.bottom + 1, left : box.right + 1]
    inside = np.asarray(framed, np.uint8)[top - box.y + 1 :, left - box.x + 1 :]
    inside = inside[: contrast.shape[0], : contrast.shape[1]]
    return make_glyph(contrast, inside, ink.threshold // 2)
