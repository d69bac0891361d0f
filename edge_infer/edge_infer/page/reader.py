"""The reader of pages: from a picture of any size to lines of digits."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final, Literal, get_args

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_infer.boxes import Box
from edge_infer.errors import UsageError
from edge_infer.glyph.classifier import Classifier
from edge_infer.glyph.preprocess import to_grey
from edge_infer.model.metadata import OTHER_CLASS
from edge_infer.page.decode import Candidate, Choice, decode, decode_as
from edge_infer.page.ink import Ink, find_page_ink
from edge_infer.page.lattice import Span, make_tensor
from edge_infer.page.page import Digit, Line, Page, bounding_box
from edge_infer.page.pale import leave_out_pale, strength
from edge_infer.page.row import Row
from edge_infer.page.rows import find_rows
from edge_infer.page.stray import ReadRow, stray_rows
from edge_infer.page.strokes import Piece, digit_height, find_pieces
from edge_infer.page.turn import (
    QUARTERS,
    further_turns,
    likeliest_turn,
    turn_box,
    turn_ink,
    turn_piece,
)

ImageU8 = NDArray[np.uint8]
Rotation = Literal["auto", "0", "90", "180", "270"]

DEFAULT_PAGE_MODEL: Final = "page"
# The longer side of the picture that is worked on: digits of 1 % of it are readable.
WORKING_SIZE: Final = 1600
# A picture with a shorter side than this, in pixels, has no room for a digit.
MIN_SIDE: Final = 8
# Pieces by which it is told how a page is turned, the largest.
TURN_PIECES: Final = 24
# What is less likely than this is given as rejected.
MIN_CONFIDENCE: Final = 0.4
# That a piece is no glyph, for a model that has no class for it.
UNKNOWN_OTHER: Final = 0.1


class PageReader:
    """Reads the digits of a page. Made ready by :meth:`load`; may be shared by threads."""

    def __init__(self, classifier: Classifier) -> None:
        """Wrap a loaded classifier; most callers want :meth:`load`."""
        names = classifier.metadata.class_names
        self._classifier = classifier
        self._glyphs = np.array([i for i, name in enumerate(names) if name != OTHER_CLASS])
        self._names = [names[index] for index in self._glyphs]
        self._other = names.index(OTHER_CLASS) if OTHER_CLASS in names else None

    @classmethod
    def load(cls, model: str | Path | None = None, *, threads: int = 1) -> PageReader:
        """Load a shipped model or a model file.

        Args:
            model: A shipped model's name or a path; None for the one made for pages. One
                that has no class ``other`` takes more of what is no digit for one.
            threads: That share out a batch, as for :meth:`Classifier.load`.

        Raises:
            ModelError: Missing, foreign or damaged.
            UsageError: ``threads`` outside 1-256.
        """
        name = DEFAULT_PAGE_MODEL if model is None else model
        return cls(Classifier.load(name, threads=threads))

    @property
    def classifier(self) -> Classifier:
        """The recogniser of single glyphs."""
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
            image: uint8 (h, w) grey, (h, w, 3) BGR or (h, w, 4) BGRA; dark on light or
                light on dark.
            expect: What a whole line must look like. Lines that can be read so are, in
                the likeliest such way; others stay as they are.
            rotate: What to turn the picture by, clockwise, before reading; ``"auto"``
                finds out.

        Raises:
            ImageError: The array is not such a picture.
            UsageError: ``expect`` is no regular expression, or no such ``rotate``.
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
        ink = find_page_ink(work)
        pieces = leave_out_pale(find_pieces(ink), ink, work)
        rows, ink, quarters = self._rows(pieces, ink, rotate)
        read, rejected = self._read_rows(rows, ink, pattern)

        def placed(digits: Sequence[Digit]) -> tuple[Digit, ...]:
            return tuple(_placed(digit, ink, quarters, grey.shape) for digit in digits)

        lines = [Line(row, bounding_box(digit.box for digit in row)) for row in map(placed, read)]
        return Page(width, height, tuple(lines), placed(rejected), 90 * quarters)

    def _read_rows(
        self, rows: Sequence[Row], ink: Ink, pattern: re.Pattern[str] | None
    ) -> tuple[list[list[Digit]], list[Digit]]:
        """Decode rows; return the digits of each that has some, and what is rejected.

        Boxes are in the turned working picture.
        """
        read: list[ReadRow] = []
        rejected: list[Digit] = []
        for row in rows:
            path, least = self._decode(row, pattern)
            sure: list[Digit] = []
            strengths: list[float] = []
            for choice in path:
                digit = self._digit(row, choice)
                if choice.class_id is not None and digit.confidence >= least:
                    sure.append(digit)
                    strengths.append(strength(row.spans[choice.candidate].piece, ink))
                else:
                    rejected.append(digit)
            if sure:
                read.append(ReadRow(sure, float(np.median(strengths))))
        for index in reversed(stray_rows(read)):
            rejected += read.pop(index).digits
        return [list(row.digits) for row in read], rejected

    def _rows(
        self, pieces: Sequence[Piece], ink: Ink, rotate: Rotation
    ) -> tuple[list[Row], Ink, int]:
        """Return rows with every span looked at, the ink as turned, and by how much."""
        quarters = 0 if rotate == "auto" else int(rotate) // 90
        pieces, ink = _turned(pieces, ink, quarters)
        rows = _lay_out(pieces)
        if rotate == "auto":
            quarters = self._look_and_find_turn(rows, ink)
            if quarters:
                pieces, ink = _turned(pieces, ink, quarters)
                rows = _lay_out(pieces)
        self._look_at(rows, ink)
        for row in rows:
            row.cut(self._glyphs)
        self._look_at(rows, ink)
        return rows, ink, quarters

    def _look_and_find_turn(self, rows: Sequence[Row], ink: Ink) -> int:
        """Look at the spans as they are and at the largest pieces in every turn, all at once."""
        spans = [span for row in rows for span in row.spans]
        single = [index for index, span in enumerate(spans) if span.end == span.start + 1]
        largest = sorted(single, key=lambda index: -spans[index].piece.area)[:TURN_PIECES]
        seen = self._look_at(rows, ink, largest)
        if not largest:
            return 0
        as_it_is, turned = seen[largest], seen[len(spans) :]
        likeliest = np.concatenate((as_it_is, turned))[:, self._glyphs].max(axis=1)
        return likeliest_turn(np.log(likeliest.astype(np.float64)).reshape(QUARTERS, -1))

    def _look_at(
        self, rows: Sequence[Row], ink: Ink, also_turned: Sequence[int] = ()
    ) -> NDArray[np.float32]:
        """Recognise all new spans, and some of these in the other turns as well.

        Returns:
            Probabilities of the spans, and then of the turned, those of a quarter together.
        """
        todo = [(row, span) for row in rows for span in row.new_spans()]
        if not todo:
            return np.zeros((0, 0), np.float32)
        tensors = np.stack([make_tensor(span.piece, ink) for _, span in todo])
        turned = further_turns(tensors[list(also_turned)])
        probabilities = self._classifier.probabilities(np.concatenate((tensors, turned)))
        for (row, span), scores in zip(todo, probabilities, strict=False):
            row.scores[span.start, span.end] = scores
        return probabilities

    def _decode(self, row: Row, pattern: re.Pattern[str] | None) -> tuple[list[Choice], float]:
        """Return what the row reads as, and the least confidence of what is kept of it."""
        candidates = [self._candidate(row, span) for span in row.spans]
        if pattern is not None:
            path = decode_as(candidates, row.length, self._names, pattern)
            if path is not None:
                # Without a digit in doubt the line would not look as expected.
                return path, 0.0
        return decode(candidates, row.length), MIN_CONFIDENCE

    def _candidate(self, row: Row, span: Span) -> Candidate:
        scores = row.scores[span.start, span.end]
        other = UNKNOWN_OTHER if self._other is None else float(scores[self._other])
        return row.candidate(span, self._glyphs, float(np.log(max(other, 1e-6))))

    def _digit(self, row: Row, choice: Choice) -> Digit:
        span = row.spans[choice.candidate]
        scores = row.scores[span.start, span.end][self._glyphs]
        if choice.class_id is None:
            return Digit(self._names[int(scores.argmax())], 0.0, span.piece.box)
        return Digit(self._names[choice.class_id], float(scores[choice.class_id]), span.piece.box)


def _turned(pieces: Sequence[Piece], ink: Ink, quarters: int) -> tuple[Sequence[Piece], Ink]:
    if not quarters:
        return pieces, ink
    shape = ink.depth.shape
    return [turn_piece(piece, quarters, *shape) for piece in pieces], turn_ink(ink, quarters)


def _lay_out(pieces: Sequence[Piece]) -> list[Row]:
    return [Row(group) for group in find_rows(pieces, digit_height(pieces))]


def _compile(expect: str | re.Pattern[str] | None) -> re.Pattern[str] | None:
    try:
        return re.compile(expect) if isinstance(expect, str) else expect
    except re.error as error:
        raise UsageError(f"{expect!r} is no regular expression: {error}") from error


def _reduced(grey_hw: ImageU8) -> ImageU8:
    factor = -(-max(grey_hw.shape) // WORKING_SIZE)
    if factor <= 1:
        return grey_hw
    height, width = (max(1, length // factor) for length in grey_hw.shape)
    whole = grey_hw[: height * factor, : width * factor]
    return np.asarray(cv2.resize(whole, (width, height), interpolation=cv2.INTER_AREA), np.uint8)


def _placed(digit: Digit, ink: Ink, quarters: int, shape: tuple[int, ...]) -> Digit:
    """Bring a digit's box from the turned working picture to the one that was given."""
    height, width = ink.depth.shape
    box = turn_box(digit.box, QUARTERS - quarters, height, width)
    factor = max(1, -(-max(shape) // WORKING_SIZE))
    scaled = Box(box.x * factor, box.y * factor, box.width * factor, box.height * factor)
    return Digit(digit.label, digit.confidence, scaled)
