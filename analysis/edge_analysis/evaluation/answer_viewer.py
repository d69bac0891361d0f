"""A window that shows the answers of a model page by page, correct ones green, wrong ones red.

OpenCV draws it; Matplotlib would need a GUI toolkit.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_analysis.data_set import Split
from edge_analysis.evaluation.answers import Answers
from edge_infer.camera.window import ESCAPE, LEFT, RIGHT, FrameWindow
from edge_infer.drawing import DARK, FAINT, LIGHT, SURE, Colour, Word

KEYS: Final = "n, space, right: next   p, left: back   e: errors only   q, Esc: close"
_RED: Final[Colour] = (80, 80, 255)
_COLUMNS: Final = 6
_ROWS: Final = 4
_SIDE: Final = 140
_WIDTH: Final = 170
_HEIGHT: Final = 190
_HEAD: Final = 40
_POLL_MS: Final = 40
# OpenCV 5 draws letters of most scripts, OpenCV 4 only ASCII.
_ENCODING: Final = "utf-8" if int(cv2.__version__.partition(".")[0]) >= 5 else "ascii"


class AnswerViewer:
    """Shows the answers of a model, or only the wrong ones, in pages of 24 from ``first``."""

    def __init__(self, split: Split, answers: Answers, names: Sequence[str]) -> None:
        self.first = 0
        self.errors_only = False
        self._split = split
        self._answers = answers
        self._names = [name.encode(_ENCODING, "replace").decode(_ENCODING) for name in names]

    def run(self, window: FrameWindow) -> None:
        """Show pages until the user closes the window or presses q or Esc."""
        window.show(self.page())
        while not window.closed:
            key = window.key(_POLL_MS)
            if key in ("q", ESCAPE):
                return
            if self.press(key):
                window.show(self.page())

    def press(self, key: str) -> bool:
        """Handle a key; return whether the page changed."""
        step = _COLUMNS * _ROWS
        if key in ("n", " ", RIGHT) and self.first + step < len(self._shown):
            self.first += step
        elif key in ("p", LEFT) and self.first:
            self.first = max(0, self.first - step)
        elif key == "e":
            self.errors_only, self.first = not self.errors_only, 0
        else:
            return False
        return True

    def page(self) -> NDArray[np.uint8]:
        """Draw the page, uint8 (h, w, 3) BGR."""
        picture = np.full((_HEAD + _ROWS * _HEIGHT, _COLUMNS * _WIDTH, 3), DARK, np.uint8)
        shown = self._shown[self.first : self.first + _COLUMNS * _ROWS]
        kind = "wrong answers" if self.errors_only else "answers"
        until = self.first + len(shown)
        text = f"{self.first + bool(until)}-{until} of {len(self._shown)} {kind}   {KEYS}"
        Word(text, 0.5, 1).draw(picture, (10, 25), LIGHT)
        for place, at in enumerate(shown.tolist()):
            row, column = divmod(place, _COLUMNS)
            self._draw(picture, at, column * _WIDTH + 10, _HEAD + row * _HEIGHT)
        return picture

    @property
    def _shown(self) -> NDArray[np.int64]:
        if self.errors_only:
            return self._answers.errors_by_confidence
        return np.arange(len(self._answers.labels))

    def _draw(self, picture: NDArray[np.uint8], at: int, left: int, top: int) -> None:
        size = (_SIDE, _SIDE)
        large = cv2.resize(self._split.images[at], size, interpolation=cv2.INTER_NEAREST_EXACT)
        picture[top : top + _SIDE, left : left + _SIDE] = np.asarray(large)[..., np.newaxis]
        label, answered = (
            self._names[int(ids[at])] for ids in (self._answers.labels, self._answers.predicted)
        )
        right = bool(self._answers.right[at])
        text = answered if right else f"{answered}, not {label}"
        Word(text, 0.6, 1).draw(picture, (left, top + _SIDE + 20), SURE if right else _RED)
        sure = f"#{at}  {100 * float(self._answers.confidences[at]):.1f} %"
        Word(sure, 0.45, 1).draw(picture, (left, top + _SIDE + 38), FAINT)
