"""The page reader: from a picture of any size to lines of digits."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final, Literal, get_args

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_infer.boxes import bounding_box
from edge_infer.errors import UsageError
from edge_infer.glyph.classifier import Classifier
from edge_infer.glyph.preprocess import to_grey
from edge_infer.model.metadata import OTHER_CLASS
from edge_infer.page.binarize import ImageU8, Ink, find_ink
from edge_infer.page.bleed_through import ink_strength, remove_bleed_through
from edge_infer.page.components import Component, digit_height, find_components
from edge_infer.page.decode import Choice, decode, decode_as
from edge_infer.page.layout import find_text_lines
from edge_infer.page.line_filter import ReadLine, outlier_lines
from edge_infer.page.orientation import QUARTERS, likeliest_rotation, rotated_tensors
from edge_infer.page.page import Digit, Line, Page
from edge_infer.page.text_line import Span, TextLine, make_tensor

Rotation = Literal["auto", "0", "90", "180", "270"]

DEFAULT_PAGE_MODEL: Final = "page"
# The longer side of the working picture in pixels: digits of 1 % of it are readable.
WORKING_SIZE: Final = 1600
# A picture whose shorter side has fewer pixels has no room for a digit.
MIN_SIDE: Final = 8
# Orientation is detected on the largest components.
ORIENTATION_COMPONENTS: Final = 24
# Digits of lower confidence are rejected.
MIN_CONFIDENCE: Final = 0.4


class PageReader:
    """Reads the digits of a page. Created by :meth:`load`. Threads may share an instance."""

    def __init__(self, classifier: Classifier) -> None:
        """Wrap a loaded classifier. Most callers use :meth:`load`."""
        names = classifier.metadata.class_names
        self._classifier = classifier
        self._glyphs = np.array([i for i, name in enumerate(names) if name != OTHER_CLASS])
        self._names = [names[index] for index in self._glyphs]
        self._negative = names.index(OTHER_CLASS) if OTHER_CLASS in names else None

    @classmethod
    def load(cls, model: str | Path | None = None, *, threads: int = 1) -> PageReader:
        """Load a shipped model or a model file.

        Args:
            model: Name of a shipped model or path of a model file; None for the page model. A
                model without the class ``other`` takes more negatives for digits.
            threads: Number of threads for batches, as for :meth:`Classifier.load`.

        Raises:
            ModelError: Missing, foreign or damaged.
            UsageError: ``threads`` is not in 1-256.
        """
        name = DEFAULT_PAGE_MODEL if model is None else model
        return cls(Classifier.load(name, threads=threads))

    @property
    def classifier(self) -> Classifier:
        """The classifier of single glyphs."""
        return self._classifier

    def read(
        self,
        image: ImageU8,
        *,
        expect: str | re.Pattern[str] | None = None,
        rotate: Rotation = "auto",
    ) -> Page:
        """Read a page.

        Args:
            image: uint8 (h, w) grey, (h, w, 3) BGR or (h, w, 4) BGRA; dark ink on light or light
                ink on dark.
            expect: Regular expression for a whole line. A line that can be read as such a text
                is read as the likeliest one. Other lines are read as without it.
            rotate: Clockwise rotation of the picture before reading, in degrees; ``"auto"``
                detects it.

        Raises:
            ImageError: The array is no such picture.
            UsageError: ``expect`` is no regular expression, or ``rotate`` is invalid.
        """
        pattern = _compile(expect)
        if rotate not in get_args(Rotation):
            names = ", ".join(get_args(Rotation))
            raise UsageError(f"rotate must be one of {names}, found {rotate!r}")
        grey = to_grey(image)
        height, width = grey.shape
        work = _reduced(grey)
        if min(work.shape) < MIN_SIDE:
            return Page(width, height, ())
        ink = find_ink(work)
        components = remove_bleed_through(find_components(ink), ink, work)
        text_lines, ink, quarters = self._text_lines(components, ink, rotate)
        read, rejected = self._read_lines(text_lines, ink, pattern)

        def placed(digits: Sequence[Digit]) -> tuple[Digit, ...]:
            return tuple(_placed(digit, ink, quarters, grey.shape) for digit in digits)

        lines = [
            Line(digits, bounding_box(digit.box for digit in digits))
            for digits in map(placed, read)
        ]
        return Page(width, height, tuple(lines), placed(rejected), 90 * quarters)

    def _read_lines(
        self, lines: Sequence[TextLine], ink: Ink, pattern: re.Pattern[str] | None
    ) -> tuple[list[Sequence[Digit]], list[Digit]]:
        """Return the digits of each line that has some, and the rejected digits.

        Boxes refer to the rotated working picture.
        """
        read: list[ReadLine] = []
        rejected: list[Digit] = []
        for line in lines:
            accepted: list[Digit] = []
            strengths: list[float] = []
            path, min_confidence = self._decode(line, pattern)
            for choice in path:
                span = line.spans[choice.candidate]
                digit = self._digit(line, span, choice.class_id)
                if choice.class_id is not None and digit.confidence >= min_confidence:
                    accepted.append(digit)
                    strengths.append(ink_strength(span.component, ink))
                else:
                    rejected.append(digit)
            if accepted:
                read.append(ReadLine(accepted, float(np.median(strengths))))
        for index in reversed(outlier_lines(read)):
            rejected += read.pop(index).digits
        return [line.digits for line in read], rejected

    def _text_lines(
        self, components: Sequence[Component], ink: Ink, rotate: Rotation
    ) -> tuple[list[TextLine], Ink, int]:
        """Return lines with classified spans, the rotated ink, and the number of quarter turns."""
        quarters = 0 if rotate == "auto" else int(rotate) // 90
        components, ink = _rotated(components, ink, quarters)
        lines = self._lay_out(components)
        if rotate == "auto":
            quarters = self._classify_and_find_rotation(lines, ink)
            if quarters:
                components, ink = _rotated(components, ink, quarters)
                lines = self._lay_out(components)
        self._classify(lines, ink)
        for line in lines:
            line.split()
        self._classify(lines, ink)
        return lines, ink, quarters

    def _lay_out(self, components: Sequence[Component]) -> list[TextLine]:
        lines = find_text_lines(components, digit_height(components))
        return [TextLine(line, self._glyphs) for line in lines]

    def _classify_and_find_rotation(self, lines: Sequence[TextLine], ink: Ink) -> int:
        """Classify all spans, and the largest components in every rotation, in one inference."""
        spans = [span for line in lines for span in line.spans]
        single = [index for index, span in enumerate(spans) if span.end == span.start + 1]
        by_area = sorted(single, key=lambda index: -spans[index].component.area)
        largest = by_area[:ORIENTATION_COMPONENTS]
        scores = self._classify(lines, ink, largest)
        if not largest:
            return 0
        upright, rotated = scores[largest], scores[len(spans) :]
        likeliest = np.concatenate((upright, rotated))[:, self._glyphs].max(axis=1)
        return likeliest_rotation(np.log(likeliest.astype(np.float64)).reshape(QUARTERS, -1))

    def _classify(
        self, lines: Sequence[TextLine], ink: Ink, also_rotated: Sequence[int] = ()
    ) -> NDArray[np.float32]:
        """Store the probabilities of all new spans in their lines.

        Args:
            lines: Lines with new spans.
            ink: Ink of the page.
            also_rotated: Indices of new spans that are classified in the other rotations too.

        Returns:
            float32 (n, classes), of the new spans and then of the rotated ones, all of one
            rotation together.
        """
        todo = [(line, span) for line in lines for span in line.new_spans()]
        if not todo:
            return np.zeros((0, 0), np.float32)
        tensors = np.stack([make_tensor(span.component, ink) for _, span in todo])
        rotated = rotated_tensors(tensors[list(also_rotated)])
        probabilities = self._classifier.probabilities(np.concatenate((tensors, rotated)))
        for (line, span), scores in zip(todo, probabilities, strict=False):
            line.scores[span.start, span.end] = scores
        return probabilities

    def _decode(
        self, line: TextLine, pattern: re.Pattern[str] | None
    ) -> tuple[list[Choice], float]:
        """Return the reading of a line, and the minimum confidence of its digits."""
        candidates = line.candidates(self._negative)
        if pattern is not None:
            path = decode_as(candidates, line.length, self._names, pattern)
            if path is not None:
                # Without its doubtful digits the line would not match the pattern.
                return path, 0.0
        return decode(candidates, line.length), MIN_CONFIDENCE

    def _digit(self, line: TextLine, span: Span, class_id: int | None) -> Digit:
        scores = line.scores[span.start, span.end][self._glyphs]
        best = int(scores.argmax()) if class_id is None else class_id
        confidence = 0.0 if class_id is None else float(scores[class_id])
        return Digit(self._names[best], confidence, span.component.box)


def _rotated(
    components: Sequence[Component], ink: Ink, quarters: int
) -> tuple[Sequence[Component], Ink]:
    if not quarters:
        return components, ink
    shape = ink.contrast.shape
    return [component.rotated(quarters, *shape) for component in components], ink.rotated(quarters)


def _compile(expect: str | re.Pattern[str] | None) -> re.Pattern[str] | None:
    try:
        return re.compile(expect) if isinstance(expect, str) else expect
    except re.error as error:
        raise UsageError(f"{expect!r} is no regular expression: {error}") from error


def _reduction(shape: tuple[int, ...]) -> int:
    return max(1, -(-max(shape) // WORKING_SIZE))


def _reduced(grey_hw: ImageU8) -> ImageU8:
    factor = _reduction(grey_hw.shape)
    if factor == 1:
        return grey_hw
    height, width = (max(1, length // factor) for length in grey_hw.shape)
    whole = grey_hw[: height * factor, : width * factor]
    return np.asarray(cv2.resize(whole, (width, height), interpolation=cv2.INTER_AREA), np.uint8)


def _placed(digit: Digit, ink: Ink, quarters: int, shape: tuple[int, ...]) -> Digit:
    """Convert the box of a digit from the rotated working picture to the given picture."""
    box = digit.box.rotated(QUARTERS - quarters, *ink.contrast.shape)
    return replace(digit, box=box.scaled(_reduction(shape)))
