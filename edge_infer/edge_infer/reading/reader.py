"""The reader of pages."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final, Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_infer.classifier import Classifier
from edge_infer.pieces import Box
from edge_infer.preprocess import to_grey
from edge_infer.reading.cuts import cut
from edge_infer.reading.decode import Candidate, Choice, decode, decode_as
from edge_infer.reading.ink import Ink, find_page_ink
from edge_infer.reading.lattice import Span, make_spans, make_tensor
from edge_infer.reading.page import Digit, Line, Page, around
from edge_infer.reading.rows import find_rows
from edge_infer.reading.strokes import Piece, find_pieces

Rotation = Literal["auto", "0", "90", "180", "270"]
DEFAULT_PAGE_MODEL: Final = "edge"
WORKING_SIZE: Final = 1600
OTHER = "other"
SURE = 0.9
MIN_CONFIDENCE = 0.4


class PageReader:
    """Reads the digits of a page. Made ready by :meth:`load`; may be shared by threads."""

    def __init__(self, classifier: Classifier) -> None:
        """Wrap a loaded classifier; most callers want :meth:`load`."""
        self._classifier = classifier
        self._names = classifier.metadata.class_names
        self._digits = [i for i, n in enumerate(self._names) if n != OTHER]
        self._other = self._names.index(OTHER) if OTHER in self._names else None

    @classmethod
    def load(cls, model: str | Path | None = None, *, threads: int = 1) -> PageReader:
        """Load a shipped model or a model file.

        Args:
            model: A shipped model's name or a path; None for the one made for pages.
            threads: Threads inside one operator.

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
        image: NDArray[np.uint8],
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
            UsageError: ``expect`` is no regular expression.
        """
        grey = to_grey(image)
        factor = max(1, -(-max(grey.shape) // WORKING_SIZE))
        work = grey
        if factor > 1:
            size = (max(1, grey.shape[1] // factor), max(1, grey.shape[0] // factor))
            work = np.asarray(cv2.resize(grey, size, interpolation=cv2.INTER_AREA), np.uint8)
        ink = find_page_ink(work)
        pieces, height = find_pieces(ink)
        rows = [_Row(row, height) for row in find_rows(pieces, height)]
        self._score(rows, ink)
        for row in rows:
            row.refine()
        self._score(rows, ink)
        pattern = re.compile(expect) if isinstance(expect, str) else expect
        lines, rejected = [], []
        for row in rows:
            digits = self._decode(row, pattern, factor)
            good = [d for d in digits if d.label != OTHER and d.confidence >= MIN_CONFIDENCE]
            rejected += [d for d in digits if d not in good]
            if good:
                lines.append(Line(tuple(good), around(d.box for d in good)))
        return Page(image.shape[1], image.shape[0], tuple(lines), tuple(rejected))

    def _score(self, rows: list[_Row], ink: Ink) -> None:
        todo = [(row, span) for row in rows for span in row.spans if (span.start, span.end) not in row.scores]
        if not todo:
            return
        tensors = np.stack([make_tensor(span.piece, ink) for _, span in todo])
        for (row, span), p in zip(todo, self._classifier.probabilities(tensors), strict=True):
            row.scores[span.start, span.end] = p

    def _decode(self, row: _Row, pattern: re.Pattern[str] | None, factor: int) -> list[Digit]:
        candidates = [self._candidate(row, span) for span in row.spans]
        names = [self._names[i] for i in self._digits]
        path: list[Choice] | None = None
        if pattern is not None:
            path = decode_as(candidates, len(row.atoms), names, pattern)
        if path is None:
            path = decode(candidates, len(row.atoms))
        digits = []
        for choice in path:
            span = row.spans[choice.candidate]
            p = row.scores[span.start, span.end]
            b = span.piece.box
            box = Box(b.x * factor, b.y * factor, b.width * factor, b.height * factor)
            if choice.class_id is None:
                digits.append(Digit(OTHER, 0.0, box))
            else:
                digits.append(Digit(names[choice.class_id], float(p[self._digits[choice.class_id]]), box))
        return digits

    def _candidate(self, row: _Row, span: Span) -> Candidate:
        p = np.maximum(row.scores[span.start, span.end].astype(np.float64), 1e-6)
        low = max(0.0, 0.45 - span.piece.box.height / row.height)
        log_p = np.log(p[self._digits]) - 20 * low
        log_o = float(np.log(p[self._other])) if self._other is not None else -2.0
        if low:
            log_o = max(log_o, -0.5)
        return Candidate(span.start, span.end, log_p, log_o)


class _Row:
    def __init__(self, pieces: Sequence[Piece], height: float) -> None:
        self.atoms = list(pieces)
        tall = sorted(p.box.height for p in pieces)
        self.height = float(tall[int(len(tall) * 0.6)]) if tall else height
        self.spans = make_spans(self.atoms, self.height, 3)
        self.scores: dict[tuple[int, int], NDArray[np.float32]] = {}

    def refine(self) -> None:
        """Cut what is not settled."""
        settled = [False] * len(self.atoms)
        for span in self.spans:
            p = self.scores[span.start, span.end]
            box = span.piece.box
            if p[:10].max() >= SURE and box.width <= 1.1 * self.height and box.height >= 0.5 * self.height:
                for i in range(span.start, span.end):
                    settled[i] = True
        atoms: list[Piece] = []
        where: dict[int, int] = {}
        for i, atom in enumerate(self.atoms):
            where[i] = len(atoms)
            atoms += [atom] if settled[i] else cut(atom, self.height)
        where[len(self.atoms)] = len(atoms)
        old = {(where[a], where[b]): p for (a, b), p in self.scores.items()}
        self.atoms = atoms
        self.spans = make_spans(atoms, self.height)
        self.scores = {}
        for span in self.spans:
            if (span.start, span.end) in old:
                self.scores[span.start, span.end] = old[span.start, span.end]
