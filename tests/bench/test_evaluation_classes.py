"""The figures of the classes: which of many are drawn, and what is said of them."""

from __future__ import annotations

import pytest

pytest.importorskip("matplotlib")
from edge_analysis.evaluation.figures.classes import draw_mistakes
from edge_analysis.evaluation.scores import ClassScore


def score(name: str, missed: int) -> ClassScore:
    return ClassScore(
        name=name,
        support=20,
        answered=20,
        correct=20 - missed,
        precision=1 - missed / 20,
        recall=1 - missed / 20,
        recall_95=(0.0, 1.0),
        f1=1 - missed / 20,
    )


def test_most_mistakes_of_many_classes_are_drawn_in_order() -> None:
    # Every third class has no mistakes: 30 of 45 have some.
    drawn = draw_mistakes([score(f"c{at}", at % 3) for at in range(45)])
    assert drawn is not None
    (axes,) = drawn.drawing.axes
    names = [label.get_text() for label in axes.get_yticklabels()]
    assert names == [f"c{at}" for at in range(45) if at % 3]
    assert drawn.caption.startswith("The 30 of 45 classes with the most mistakes.")


def test_class_that_is_never_missed_is_named() -> None:
    drawn = draw_mistakes([score("a", 1), score("b", 0)])
    assert drawn is not None
    assert drawn.caption.endswith("Never missed: b.")
    drawn = draw_mistakes([score("a", 1), score("b", 2)])
    assert drawn is not None
    assert drawn.caption.endswith("Every class is missed at times.")
    assert draw_mistakes([score("a", 0)]) is None
