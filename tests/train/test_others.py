from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from edge_infer.errors import UsageError
from edge_infer.glyph.classifier import Classifier
from edge_infer.glyph.preprocess import fit_to_box
from edge_synth.negatives import KINDS, make_others, name_classes, sample_others
from edge_synth.negatives_cut import DigitPool, make_crowded, make_pair, make_part
from edge_synth.negatives_drawn import DRAWN
from edge_synth.negatives_letters import GLYPHS, all_letters, draw_letter
from edge_synth.strokes import are_upright_strokes, count_holes

ImageU8 = NDArray[np.uint8]
TEN = tuple("0123456789")


@pytest.fixture(scope="module")
def digits(small_data: Path) -> tuple[ImageU8, NDArray[np.int64]]:
    with np.load(small_data) as arrays:
        return arrays["x_train"], arrays["y_train"]


@pytest.fixture(scope="module")
def others(digits) -> ImageU8:
    return make_others(*digits, 400, np.random.default_rng(0))


def strokes(digit: int) -> tuple[ImageU8, NDArray[np.int64]]:
    """Two upright strokes, said to be some digit."""
    images = np.zeros((4, 28, 28), np.uint8)
    images[:, 4:24, 8:11] = images[:, 4:24, 17:20] = 255
    return images, np.full(4, digit)


def test_others_are_as_many_as_asked_and_normalised(others: ImageU8) -> None:
    assert others.shape == (400, 28, 28)
    assert others.dtype == np.uint8
    assert (others.max(axis=(1, 2)) > 60).all()
    again = np.stack([fit_to_box(image) for image in others])
    assert (again == others).all(axis=(1, 2)).mean() > 0.95


def test_others_of_equal_seed_are_equal(digits) -> None:
    one, same, other = (make_others(*digits, 40, np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert (one == same).all()
    assert not (one == other).all()
    assert len(make_others(*digits, 0, np.random.default_rng(0))) == 0


def test_others_hold_no_upright_stroke(others: ImageU8) -> None:
    assert not are_upright_strokes(others).any()


def test_few_others_can_be_read_as_digits(others: ImageU8) -> None:
    """A recogniser of digits has no word for them: it is less sure than of digits."""
    sure = Classifier.load("edge").probabilities(others).max(axis=1) > 0.99
    assert sure.mean() < 0.5


def test_shares_of_the_kinds_are_whole() -> None:
    assert sum(KINDS.values()) == pytest.approx(1)
    assert sum(DRAWN.values()) == pytest.approx(1)


def test_sample_of_others_is_the_same_in_every_run(digits, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edge_synth.negatives._SAMPLE", 30)
    images, labels = digits
    sample = sample_others(images, labels)
    assert sample.shape == (30, 28, 28)
    # What the data themselves hold of no digit takes no part.
    more = np.concatenate((images, np.full((5, 28, 28), 255, np.uint8)))
    assert (sample_others(more, np.append(labels, np.full(5, 10))) == sample).all()


def test_class_of_what_is_no_digit_comes_last() -> None:
    assert name_classes(TEN) == (*TEN, "other")
    assert name_classes((*TEN, "other")) == (*TEN, "other")
    with pytest.raises(UsageError, match="digits 0-9 only, the data have the classes a, b"):
        name_classes(("a", "b"))


def test_parts_leave_out_what_may_be_a_digit() -> None:
    rng = np.random.default_rng(0)
    ones = DigitPool.draw(*strokes(1), 5, rng)
    assert all(make_part(ones, rng) is None for _ in range(50))
    rings = np.zeros((3, 28, 28), np.uint8)
    rings[:, 4:24, 4:14] = 255
    rings[:, 8:20, 7:11] = 0
    rings[:, 12:16, 14:24] = 255
    looped = DigitPool.draw(rings, np.full(3, 9), 8, rng)
    parts = [part for _ in range(200) if (part := make_part(looped, rng)) is not None]
    assert parts
    assert not any(count_holes(part) for part in parts)


def test_part_has_some_of_the_ink_and_not_most(digits) -> None:
    rng = np.random.default_rng(0)
    pool = DigitPool.draw(digits[0][:1], np.zeros(1, np.int64), 1, rng)
    whole = float(pool.pictures[0].sum())
    shares = [part.sum() / whole for _ in range(100) if (part := make_part(pool, rng)) is not None]
    assert len(shares) > 10
    assert 0.15 <= min(shares) < max(shares) <= 0.65


def test_pair_holds_the_ink_of_two_digits_or_three(digits) -> None:
    rng = np.random.default_rng(0)
    pool = DigitPool.draw(*digits, 20, rng)
    for _ in range(30):
        height, width = make_pair(pool, rng).shape
        assert width > 0.5 * height
    solid = np.zeros((1, 28, 28), np.uint8)
    solid[0, 4:24, 6:22] = 255
    blocks = DigitPool.draw(solid, np.zeros(1, np.int64), 1, rng)
    areas = [make_pair(blocks, rng).sum() / blocks.pictures[0].sum() for _ in range(30)]
    assert min(areas) > 1.3
    assert max(areas) > 2.2


def test_crowded_digit_has_a_large_piece_beside_it(digits) -> None:
    rng = np.random.default_rng(0)
    pool = DigitPool.draw(*digits, 30, rng)
    made = [make_crowded(pool, rng) for _ in range(80)]
    kept = [picture for picture in made if picture is not None]
    assert 30 < len(kept) < 80
    assert all(picture.any() for picture in kept)


@pytest.mark.parametrize("draw", DRAWN, ids=lambda draw: draw.__name__)
def test_drawn_pictures_have_ink_and_differ(
    draw: Callable[[np.random.Generator], ImageU8],
) -> None:
    rng = np.random.default_rng(0)
    pictures = [draw(rng) for _ in range(10)]
    for picture in pictures:
        assert picture.dtype == np.uint8
        assert 0.002 < (picture > 100).mean() < 0.8
    assert any((picture != pictures[0]).any() for picture in pictures)


def test_letters_are_drawn_whole_once_a_font() -> None:
    letters = all_letters()
    assert all_letters() is letters
    assert len(letters) % len(GLYPHS) == 0
    for letter in letters:
        assert letter.max() == 255
        assert not letter[[0, -1]].any()
        assert not letter[:, [0, -1]].any()
    # The hole of an "A" stays open.
    assert count_holes(letters[GLYPHS.index("A")]) == 1


def test_no_letter_is_a_digit_by_its_shape() -> None:
    assert not set(GLYPHS) & set("0OoQD1IilJ!/|2Zz?5Ss$6Gb7T8B&9gqyYUuCcL")
    rng = np.random.default_rng(0)
    assert all(draw_letter(rng).any() for _ in range(30))
