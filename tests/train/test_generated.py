"""Drawn digits, degradations and negatives as training data."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from edge_infer.errors import UsageError
from edge_infer.glyph.preprocess import fit_to_box
from edge_synth import are_upright_strokes
from edge_train import augment

ImageU8 = NDArray[np.uint8]
TEN = tuple("0123456789")


@pytest.fixture(scope="module")
def digits(small_data: Path) -> tuple[ImageU8, NDArray[np.int64]]:
    with np.load(small_data) as arrays:
        return arrays["x_train"], arrays["y_train"]


def test_drawn_digits_are_normalised() -> None:
    labels = np.repeat(np.arange(10), 5)
    images = augment.draw_digits(labels, np.random.default_rng(0))
    assert images.shape == (50, 28, 28)
    assert (images.max(axis=(1, 2)) > 60).all()
    for image in images:
        rows, columns = np.nonzero(image)
        assert max(np.ptp(rows), np.ptp(columns)) + 1 in (19, 20)
    assert augment.draw_digits(np.zeros(0, np.int64), np.random.default_rng(0)).shape == (0, 28, 28)


def test_all_digits_are_normalised_whether_degraded_or_not(digits) -> None:
    shifted = np.roll(digits[0][:50], 2, axis=2)
    images = augment.degrade_digits(shifted, 0, np.random.default_rng(0))
    assert (images == np.stack([fit_to_box(image) for image in shifted])).all()
    degraded = augment.degrade_digits(shifted, 1, np.random.default_rng(0))
    assert (degraded != images).any(axis=(1, 2)).mean() > 0.75
    empty = np.zeros((3, 28, 28), np.uint8)
    assert not augment.degrade_digits(empty, 1, np.random.default_rng(0)).any()


def test_negatives_are_normalised_and_hold_no_upright_stroke(digits) -> None:
    negatives = augment.make_negatives(*digits, 200, np.random.default_rng(0))
    assert negatives.shape == (200, 28, 28)
    assert (negatives.max(axis=(1, 2)) > 60).all()
    again = np.stack([fit_to_box(image) for image in negatives])
    assert (again == negatives).all(axis=(1, 2)).mean() > 0.95
    assert not are_upright_strokes(negatives).any()


def test_negatives_of_equal_seed_are_equal(digits) -> None:
    one, same, other = (
        augment.make_negatives(*digits, 40, np.random.default_rng(seed)) for seed in (1, 1, 2)
    )
    assert (one == same).all()
    assert not (one == other).all()


def test_validation_negatives_are_the_same_in_every_run(
    digits, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(augment, "VALIDATION_NEGATIVES", 30)
    images, labels = digits
    sample = augment.validation_negatives(images, labels)
    assert sample.shape == (30, 28, 28)
    # Images of the class of negatives are not used.
    more = np.concatenate((images, np.full((5, 28, 28), 255, np.uint8)))
    labels = np.append(labels, np.full(5, 10))
    assert (augment.validation_negatives(more, labels) == sample).all()


def test_class_of_negatives_comes_last() -> None:
    assert augment.with_negative_class(TEN) == (*TEN, "other")
    assert augment.with_negative_class((*TEN, "other")) == (*TEN, "other")
    with pytest.raises(UsageError, match="a, b"):
        augment.with_negative_class(("a", "b"))
