"""A text line: its segments, the spans of segments that may be glyphs, and their scores."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_infer.glyph.preprocess import make_glyph
from edge_infer.page.binarize import Ink
from edge_infer.page.components import Component, merge
from edge_infer.page.cut_paths import split
from edge_infer.page.decode import Candidate

ImageU8 = NDArray[np.uint8]

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

    def __init__(self, components: Sequence[Component]) -> None:
        """Make a line of components, at least one, from left to right."""
        heights = [one.box.height for one in components]
        self._digit_height = float(np.quantile(heights, HEIGHT_QUANTILE, method="nearest"))
        self._segments = list(components)
        self.spans = make_spans(self._segments, self._digit_height, MAX_UNCUT_SEGMENTS)
        self.scores: dict[tuple[int, int], NDArray[np.float32]] = {}

    @property
    def length(self) -> int:
        """Number of segments."""
        return len(self._segments)

    def new_spans(self) -> list[Span]:
        """Return the spans that are not classified yet."""
        return [span for span in self.spans if (span.start, span.end) not in self.scores]

    def split(self, glyph_columns: NDArray[np.int64]) -> None:
        """Split the components that were not classified with confidence, and renew the spans.

        Args:
            glyph_columns: int64 (n,), the columns of the probabilities that belong to glyphs.
        """
        sure = self._sure_segments(glyph_columns)
        segments: list[Component] = []
        starts: list[int] = []
        for index, segment in enumerate(self._segments):
            starts.append(len(segments))
            segments += [segment] if sure[index] else split(segment, self._digit_height)
        starts.append(len(segments))
        self.scores = {(starts[a], starts[b]): scores for (a, b), scores in self.scores.items()}
        self._segments = segments
        self.spans = make_spans(segments, self._digit_height)

    def candidate(
        self, span: Span, glyph_columns: NDArray[np.int64], log_negative: float
    ) -> Candidate:
        """Return a classified span as a candidate, with the costs of its shape.

        Args:
            span: A classified span.
            glyph_columns: int64 (n,), the columns of the probabilities that belong to glyphs.
            log_negative: Log probability that it is no glyph.
        """
        probabilities = self.scores[span.start, span.end][glyph_columns].astype(np.float64)
        box = span.component.box
        missing = max(0.0, MIN_HEIGHT - box.height / self._digit_height)
        cost = LOW_COST * missing**2 + GAP_COST * span.has_gap
        scores = np.log(np.maximum(probabilities, 1e-6)) - cost
        size = max(box.height, box.width / USUAL_WIDTH) / self._digit_height
        return Candidate(span.start, span.end, scores, log_negative, NEGATIVE_COST * size)

    def _sure_segments(self, glyph_columns: NDArray[np.int64]) -> list[bool]:
        sure = [False] * len(self._segments)
        for span in self.spans:
            box, height = span.component.box, self._digit_height
            is_sure = self.scores[span.start, span.end][glyph_columns].max() >= SURE
            fits = box.width <= MAX_SURE_WIDTH * height and box.height >= height / 2
            if is_sure and fits and not span.has_gap:
                sure[span.start : span.end] = [True] * (span.end - span.start)
        return sure


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
    for start in range(len(segments)):
        right = segments[start].box.x + segments[start].box.width
        left = segments[start].box.x
        has_gap = False
        for end in range(start + 1, min(start + max_segments, len(segments)) + 1):
            box = segments[end - 1].box
            if box.x - right > MAX_GAP * digit_height:
                break
            has_gap |= (
                end > start + 1
                and box.x >= right
                and _are_tall(segments[start : end - 1], segments[end - 1], TALL * digit_height)
            )
            left, right = min(left, box.x), max(right, box.x + box.width)
            if end > start + 1 and right - left > MAX_WIDTH * digit_height:
                break
            spans.append(Span(start, end, merge(segments[start:end]), has_gap))
    return spans


def _are_tall(before: Sequence[Component], segment: Component, limit: float) -> bool:
    return segment.box.height >= limit and max(one.box.height for one in before) >= limit


def make_tensor(component: Component, ink: Ink) -> ImageU8:
    """Normalise the ink of a component to the geometry of the model.

    Returns:
        uint8 (28, 28), bright ink on 0.
    """
    box = component.box
    framed = cv2.copyMakeBorder(component.mask, 1, 1, 1, 1, cv2.BORDER_CONSTANT)
    top, left = max(box.y - 1, 0), max(box.x - 1, 0)
    contrast = ink.contrast[top : box.y + box.height + 1, left : box.x + box.width + 1]
    inside = np.asarray(framed, np.uint8)[top - box.y + 1 :, left - box.x + 1 :]
    inside = inside[: contrast.shape[0], : contrast.shape[1]]
    return make_glyph(contrast, inside, ink.threshold // 2)
