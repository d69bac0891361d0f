"""The reader of pages."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from edge_infer.classifier import Classifier
from edge_infer.find import find_digits
from edge_infer.pieces import Box
from edge_infer.reading.page import Digit, Line, Page, around

Rotation = Literal["auto", "0", "90", "180", "270"]
DEFAULT_PAGE_MODEL: Final = "edge"


class PageReader:
    """Reads the digits of a page. Made ready by :meth:`load`; may be shared by threads."""

    def __init__(self, classifier: Classifier) -> None:
        """Wrap a loaded classifier; most callers want :meth:`load`."""
        self._classifier = classifier

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
        digits = []
        found = find_digits(image)
        for digit, answer in zip(
            found, self._classifier.predictions([one.tensor for one in found]), strict=True
        ):
            digits.append(Digit(answer.label or "", answer.confidence, digit.box))
        height, width = image.shape[:2]
        lines: list[list[Digit]] = []
        for digit in digits:
            if lines and _beside(lines[-1][-1].box, digit.box):
                lines[-1].append(digit)
            else:
                lines.append([digit])
        return Page(
            width=width,
            height=height,
            lines=tuple(Line(tuple(one), around(d.box for d in one)) for one in lines),
        )


def _beside(left: Box, right: Box) -> bool:
    return right.x > left.x and abs(
        right.y + right.height / 2 - left.y - left.height / 2
    ) < left.height / 2
