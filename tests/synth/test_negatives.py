"""Negatives: parts, pairs and marks that do not show one whole digit."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from edge_infer.glyph.classifier import Classifier
from edge_infer.glyph.preprocess import fit_to_box
from edge_synth import DigitPool, are_upright_strokes, draw_negatives
from edge_synth.letters import LETTERS, all_letters, draw_letter
from edge_synth.marks import MARKS
from edge_synth.negatives import make_part
from edge_synth.strokes import count_holes

ImageU8 = NDArray[np.uint8]


@pytest.fixture
def pool(digits, labels) -> DigitPool:
    return DigitPool.draw(digits, labels, 100, np.random.default_rng(0))


def test_negatives_of_equal_seed_are_equal(pool: DigitPool) -> None:
    def draw(seed: int) -> list[bytes]:
        pictures = draw_negatives(pool, 40, np.random.default_rng(seed))
        return [b"" if picture is None else picture.tobytes() for picture in pictures]

    assert draw(1) == draw(1) != draw(2)
    assert not list(draw_negatives(pool, 0, np.random.default_rng(0)))


def test_few_negatives_are_read_as_digits(pool: DigitPool) -> None:
    pictures = draw_negatives(pool, 400, np.random.default_rng(0))
    made = [fit_to_box(one) for one in pictures if one is not None and one.any()]
    assert len(made) > 250
    images = np.stack(made)
    kept = images[~are_upright_strokes(images)]
    sure = Classifier.load("edge").probabilities(kept).max(axis=1) > 0.99
    assert sure.mean() < 0.5


def test_a_one_has_no_parts() -> None:
    strokes = np.zeros((4, 28, 28), np.uint8)
    strokes[:, 4:24, 8:11] = strokes[:, 4:24, 17:20] = 255
    rng = np.random.default_rng(0)
    pool = DigitPool.draw(strokes, np.ones(4, np.int64), 5, rng)
    assert all(make_part(pool, rng) is None for _ in range(50))


def test_no_part_has_a_whole_loop() -> None:
    rng = np.random.default_rng(0)
    rings = np.zeros((3, 28, 28), np.uint8)
    rings[:, 4:24, 4:14] = 255
    rings[:, 8:20, 7:11] = 0
    rings[:, 12:16, 14:24] = 255
    pool = DigitPool.draw(rings, np.full(3, 9), 8, rng)
    parts = [part for _ in range(200) if (part := make_part(pool, rng)) is not None]
    assert parts
    assert not any(count_holes(part) for part in parts)


@pytest.mark.parametrize("draw", MARKS, ids=lambda draw: draw.__name__.strip("_"))
def test_marks_have_ink_and_differ(draw: Callable[[np.random.Generator], ImageU8]) -> None:
    rng = np.random.default_rng(0)
    pictures = [draw(rng) for _ in range(10)]
    for picture in pictures:
        assert picture.dtype == np.uint8
        assert 0.002 < (picture > 100).mean() < 0.8
    assert any((picture != pictures[0]).any() for picture in pictures)


def test_letters_are_drawn_whole_once_a_font() -> None:
    letters = all_letters()
    assert all_letters() is letters
    assert len(letters) % len(LETTERS) == 0
    for letter in letters:
        assert letter.max() == 255
        assert not letter[[0, -1]].any()
        assert not letter[:, [0, -1]].any()
    # The hole of an "A" stays open.
    assert count_holes(letters[LETTERS.index("A")]) == 1


def test_no_letter_has_the_shape_of_a_digit() -> None:
    assert not set(LETTERS) & set("0OoQD1IilJ!/|2Zz?5Ss$6Gb7T8B&9gqyYUuCcL")
    rng = np.random.default_rng(0)
    assert all(draw_letter(rng).any() for _ in range(30))
