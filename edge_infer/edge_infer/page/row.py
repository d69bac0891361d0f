"""One row of writing on its way from pieces to glyphs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from edge_infer.page.cuts import cut
from edge_infer.page.decode import Candidate
from edge_infer.page.lattice import Span, make_spans
from edge_infer.page.strokes import Piece

# Pieces that are tried together before anything is cut.
MAX_WHOLE: Final = 3
# With this probability a piece is a glyph, and not cut, if it is no wider and no lower
# than digits of the row are (in heights of those).
SURE: Final = 0.9
MAX_SURE_WIDTH: Final = 1.1
# Digits of a row differ in height; under this share of the row's a glyph is unlikely, by so
# many nats for the square of what is missing.
MIN_HEIGHT: Final = 0.75
LOW_COST: Final = 20.0
# Nats that it costs to take for one glyph what stands apart and is as tall as digits are.
APART_COST: Final = 3.0
# Nats that it costs to leave out as no digit what is as large as one, and the width of
# digits in their heights: a speck costs less, what may hold several digits more.
OTHER_COST: Final = 2.0
USUAL_WIDTH: Final = 0.75
# Of the heights of a row's pieces, that of its digits: some pieces are parts.
HEIGHT_QUANTILE: Final = 0.6


class Row:
    """Atoms of a row, the spans of them that may be glyphs, and what those are taken for.

    Attributes:
        spans: Every run of atoms that may be a glyph.
        scores: Probabilities float32 (classes,) by a span's atoms, for spans looked at.
    """

    def __init__(self, pieces: Sequence[Piece]) -> None:
        """Take pieces, one at least, from left to right."""
        heights = [piece.box.height for piece in pieces]
        self._height = float(np.quantile(heights, HEIGHT_QUANTILE, method="nearest"))
        self._atoms = list(pieces)
        self.spans = make_spans(self._atoms, self._height, MAX_WHOLE)
        self.scores: dict[tuple[int, int], NDArray[np.float32]] = {}

    @property
    def length(self) -> int:
        """Number of atoms."""
        return len(self._atoms)

    def new_spans(self) -> list[Span]:
        """Return the spans that have not been looked at."""
        return [span for span in self.spans if (span.start, span.end) not in self.scores]

    def cut(self, glyph_columns: NDArray[np.int64]) -> None:
        """Cut what has not been recognised for sure, and make the spans anew.

        Args:
            glyph_columns: int64, columns of the probabilities that are of glyphs.
        """
        sure = self._sure_atoms(glyph_columns)
        atoms: list[Piece] = []
        starts: list[int] = []
        for index, atom in enumerate(self._atoms):
            starts.append(len(atoms))
            atoms += [atom] if sure[index] else cut(atom, self._height)
        starts.append(len(atoms))
        self.scores = {(starts[a], starts[b]): scores for (a, b), scores in self.scores.items()}
        self._atoms = atoms
        self.spans = make_spans(atoms, self._height)

    def candidate(
        self, span: Span, glyph_columns: NDArray[np.int64], log_other: float
    ) -> Candidate:
        """Weigh what the recogniser said of a span by the span's height.

        Args:
            span: That has been looked at.
            glyph_columns: int64, columns of the probabilities that are of glyphs.
            log_other: That it is none.
        """
        probabilities = self.scores[span.start, span.end][glyph_columns].astype(np.float64)
        missing = max(0.0, MIN_HEIGHT - span.piece.box.height / self._height)
        cost = LOW_COST * missing**2 + APART_COST * span.is_apart
        scores = np.log(np.maximum(probabilities, 1e-6)) - cost
        box = span.piece.box
        size = max(box.height, box.width / USUAL_WIDTH) / self._height
        return Candidate(span.start, span.end, scores, log_other, OTHER_COST * size)

    def _sure_atoms(self, glyph_columns: NDArray[np.int64]) -> list[bool]:
        sure = [False] * len(self._atoms)
        for span in self.spans:
            box = span.piece.box
            is_sure = self.scores[span.start, span.end][glyph_columns].max() >= SURE
            fits = box.width <= MAX_SURE_WIDTH * self._height and box.height >= self._height / 2
            if is_sure and fits and not span.is_apart:
                sure[span.start : span.end] = [True] * (span.end - span.start)
        return sure
