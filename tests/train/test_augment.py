"""Distorted, drawn and degraded digits, and negatives."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from edge_infer.errors import UsageError
from edge_infer.glyph.preprocess import fit_to_box
from edge_synth import are_upright_strokes
from edge_train.augment import (
    Augmentation,
    augment_images,
    degrade_digits,
    draw_digits,
    make_negatives,
    validation_negatives,
    with_negative_class,
)

NONE = Augmentation(rotation_deg=0, scale=0, shear=0, shift_px=0)
STRONG = Augmentation(rotation_deg=15, scale=0.1, shear=0.2, shift_px=2.5)


def blocks(count: int = 6) -> np.ndarray:
    """Squares of full ink in the middle, away from the edge."""
    images = np.zeros((count, 28, 28), np.uint8)
    images[:, 10:18, 10:18] = 255
    return images


def centre(image: np.ndarray) -> tuple[float, float]:
    rows, columns = np.nonzero(image > 127)
    return float(rows.mean()), float(columns.mean())


def test_augmentation_of_zero_range_changes_nothing() -> None:
    images = np.random.default_rng(0).integers(0, 256, (5, 28, 28), np.uint8)
    assert (augment_images(images, NONE, np.random.default_rng(1)) == images).all()


@given(seed=st.integers(0, 2**32 - 1))
def test_augmentation_with_equal_seed_is_equal(seed: int) -> None:
    images = blocks()
    first = augment_images(images, STRONG, np.random.default_rng(seed))
    assert (images == blocks()).all()
    again = augment_images(blocks(), STRONG, np.random.default_rng(seed))
    assert first.shape == (6, 28, 28)
    assert first.dtype == np.uint8
    assert (first == again).all()
    assert not (first == blocks()).all()


@given(seed=st.integers(0, 2**32 - 1), shift_px=st.floats(0, 4))
def test_augmentation_shift_stays_in_its_range(seed: int, shift_px: float) -> None:
    only_shift = replace(NONE, shift_px=shift_px)
    for image in augment_images(blocks(), only_shift, np.random.default_rng(seed)):
        row, column = centre(image)
        assert abs(row - 13.5) <= shift_px + 0.51
        assert abs(column - 13.5) <= shift_px + 0.51


@given(seed=st.integers(0, 2**32 - 1))
def test_augmentation_rotation_turns_about_the_middle(seed: int) -> None:
    only_turn = replace(NONE, rotation_deg=45)
    for image in augment_images(blocks(), only_turn, np.random.default_rng(seed)):
        row, column = centre(image)
        assert abs(row - 13.5) < 0.5
        assert abs(column - 13.5) < 0.5


@given(seed=st.integers(0, 2**32 - 1))
def test_augmentation_of_thickness_keeps_strokes_in_place(seed: int) -> None:
    thickened = augment_images(blocks(), replace(NONE, thickness=1), np.random.default_rng(seed))
    assert (thickened[:, 12:16, 12:16] == 255).all()
    assert (thickened[:, :9] == 0).all()
    ink = thickened.sum(axis=(1, 2)) / blocks(1).sum()
    # A square of 8x8 that grows or shrinks by a pixel on each side, without its corners.
    assert ((ink >= 36 / 64 - 0.01) & (ink <= 96 / 64 + 0.01)).all()
    assert not (ink == 1).all()


def test_augmentation_of_thickness_goes_both_ways() -> None:
    thickened = augment_images(blocks(400), replace(NONE, thickness=1), np.random.default_rng(0))
    ink = thickened.sum(axis=(1, 2)) / blocks(1).sum()
    assert 0.4 < (ink > 1).mean() < 0.6
    assert ink.max() > 1.45
    assert ink.min() < 0.6


def test_augmentation_leaves_the_clean_share_alone() -> None:
    half = replace(STRONG, thickness=1, clean_share=0.5)
    images = blocks(400)
    distorted = augment_images(images, half, np.random.default_rng(1))
    assert 0.4 < (distorted == images).all(axis=(1, 2)).mean() < 0.6


@pytest.mark.parametrize(("name", "value"), [("shift_px", -1), ("thickness", 1.1), ("scale", 2)])
def test_augmentation_out_of_range_is_refused(name: str, value: float) -> None:
    with pytest.raises(UsageError, match=f"{name} must lie in 0-"):
        replace(NONE, **{name: value})


ImageU8 = NDArray[np.uint8]
TEN = tuple("0123456789")


@pytest.fixture(scope="module")
def digits(small_data: Path) -> tuple[ImageU8, NDArray[np.int64]]:
    with np.load(small_data) as arrays:
        return arrays["x_train"], arrays["y_train"]


def test_drawn_digits_are_normalised() -> None:
    labels = np.repeat(np.arange(10), 5)
    images = draw_digits(labels, np.random.default_rng(0))
    assert images.shape == (50, 28, 28)
    assert (images.max(axis=(1, 2)) > 60).all()
    for image in images:
        rows, columns = np.nonzero(image)
        assert max(np.ptp(rows), np.ptp(columns)) + 1 in (19, 20)
    assert draw_digits(np.zeros(0, np.int64), np.random.default_rng(0)).shape == (0, 28, 28)


def test_all_digits_are_normalised_whether_degraded_or_not(digits) -> None:
    shifted = np.roll(digits[0][:50], 2, axis=2)
    images = degrade_digits(shifted, 0, np.random.default_rng(0))
    assert (images == np.stack([fit_to_box(image) for image in shifted])).all()
    degraded = degrade_digits(shifted, 1, np.random.default_rng(0))
    assert (degraded != images).any(axis=(1, 2)).mean() > 0.75
    empty = np.zeros((3, 28, 28), np.uint8)
    assert not degrade_digits(empty, 1, np.random.default_rng(0)).any()


def test_negatives_are_normalised_and_hold_no_upright_stroke(digits) -> None:
    negatives = make_negatives(*digits, 200, np.random.default_rng(0))
    assert negatives.shape == (200, 28, 28)
    assert (negatives.max(axis=(1, 2)) > 60).all()
    again = np.stack([fit_to_box(image) for image in negatives])
    assert (again == negatives).all(axis=(1, 2)).mean() > 0.95
    assert not are_upright_strokes(negatives).any()


def test_negatives_of_equal_seed_are_equal(digits) -> None:
    one, same, other = (
        make_negatives(*digits, 40, np.random.default_rng(seed)) for seed in (1, 1, 2)
    )
    assert (one == same).all()
    assert not (one == other).all()


def test_validation_negatives_are_the_same_in_every_run(digits, monkeypatch) -> None:
    monkeypatch.setattr("edge_train.augment.VALIDATION_NEGATIVES", 30)
    images, labels = digits
    sample = validation_negatives(images, labels)
    assert sample.shape == (30, 28, 28)
    # Images of the class of negatives are not used.
    more = np.concatenate((images, np.full((5, 28, 28), 255, np.uint8)))
    labels = np.append(labels, np.full(5, 10))
    assert (validation_negatives(more, labels) == sample).all()


def test_class_of_negatives_comes_last() -> None:
    assert with_negative_class(TEN) == (*TEN, "other")
    assert with_negative_class((*TEN, "other")) == (*TEN, "other")
    with pytest.raises(UsageError, match="a, b"):
        with_negative_class(("a", "b"))
