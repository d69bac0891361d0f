"""The window of answers, without a display."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from edge_analysis.evaluation import Answers, AnswerViewer, Split
from edge_infer.camera.window import LEFT, RIGHT
from edge_infer.drawing import SURE

WRONG = (30, 55)


class ScriptedWindow:
    """Takes pictures and returns keys, as a window of OpenCV does."""

    def __init__(self, keys: str) -> None:
        self.pictures: list[NDArray[np.uint8]] = []
        self._keys = list(keys)

    @property
    def closed(self) -> bool:
        assert self._keys, "the window was not closed"
        return self._keys[0] == "X"

    def show(self, picture: NDArray[np.uint8]) -> None:
        self.pictures.append(picture)

    def key(self, wait_ms: int) -> str:
        assert wait_ms > 0
        return self._keys.pop(0)


def viewer_of(answers: Answers, names: Sequence[str]) -> AnswerViewer:
    n = len(answers.labels)
    split = Split("test", np.full((n, 28, 28), 99, np.uint8), answers.labels, np.arange(n))
    return AnswerViewer(split, answers, names)


@pytest.fixture
def viewer() -> AnswerViewer:
    """A viewer of 60 answers, two of them wrong."""
    labels = np.zeros(60, np.int64)
    predicted = labels.copy()
    predicted[list(WRONG)] = 1
    answers = Answers(labels, np.eye(2, dtype=np.float32)[predicted])
    return viewer_of(answers, ("ä", "b"))


def shows(picture: NDArray[np.uint8], colour: tuple[int, int, int]) -> bool:
    return bool((picture == colour).all(axis=2).any())


def test_keys_change_the_page(viewer: AnswerViewer) -> None:
    window = ScriptedWindow("n nnpq")
    viewer.run(window)  # type: ignore[arg-type]
    # There is no fourth page of 24: the second "n" after the last changed nothing.
    assert len(window.pictures) == 4
    assert viewer.first == 24
    np.testing.assert_array_equal(window.pictures[1], window.pictures[3])


def test_right_answers_are_green_and_wrong_ones_red(viewer: AnswerViewer) -> None:
    red = (80, 80, 255)
    assert shows(viewer.page(), SURE)
    assert not shows(viewer.page(), red)
    assert viewer.press("n")
    assert shows(viewer.page(), SURE)
    assert shows(viewer.page(), red)
    assert viewer.press("e")
    assert viewer.first == 0
    assert not shows(viewer.page(), SURE)
    assert shows(viewer.page(), red)


def test_other_keys_change_nothing_and_closing_ends(viewer: AnswerViewer) -> None:
    assert not any(map(viewer.press, ("p", "", "x", LEFT)))
    assert viewer.press(RIGHT)
    assert viewer.press(LEFT)
    window = ScriptedWindow("nX")
    viewer.run(window)  # type: ignore[arg-type]
    assert len(window.pictures) == 2


def test_names_of_any_script_and_a_page_without_errors() -> None:
    viewer = viewer_of(Answers(np.zeros(1, np.int64), np.float32([[1, 0]])), "Жb")
    assert shows(viewer.page(), SURE)
    assert viewer.press("e")
    assert not shows(viewer.page(), SURE)
