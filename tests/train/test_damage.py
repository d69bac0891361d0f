from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from edge_infer.glyph.classifier import Classifier
from edge_infer.glyph.preprocess import fit_to_box
from edge_synth.degradations import damage_digits

ImageU8 = NDArray[np.uint8]


@pytest.fixture(scope="module")
def digits(small_data: Path) -> tuple[ImageU8, NDArray[np.int64]]:
    with np.load(small_data) as arrays:
        return arrays["x_train"], arrays["y_train"]


def test_digits_without_damage_are_normalised_alone(digits) -> None:
    images = np.roll(digits[0][:50], 2, axis=2)
    untouched = damage_digits(images, 0, np.random.default_rng(0))
    assert (untouched == np.stack([fit_to_box(image) for image in images])).all()


@pytest.mark.parametrize("share", [0.3, 1.0])
def test_share_of_the_digits_is_damaged(digits, share: float) -> None:
    images = damage_digits(digits[0], 0, np.random.default_rng(0))
    damaged = damage_digits(images, share, np.random.default_rng(0))
    changed = (damaged != images).any(axis=(1, 2)).mean()
    # Some are dealt no trace, some a pen as thick as their own.
    assert 0.75 * share < changed <= share + 0.06


@settings(max_examples=10)
@given(seed=st.integers(0, 2**32 - 1))
def test_damage_of_equal_seed_is_equal(digits, seed: int) -> None:
    images = digits[0][:20]
    before = images.copy()
    first, again = (damage_digits(images, 1, np.random.default_rng(seed)) for _ in range(2))
    assert (first == again).all()
    assert (images == before).all()
    assert first.any(axis=(1, 2)).all()


def test_damaged_digits_can_still_be_read(digits) -> None:
    images, labels = digits
    edge = Classifier.load("edge")
    clean = edge.probabilities(damage_digits(images, 0, np.random.default_rng(0)))
    damaged = edge.probabilities(damage_digits(images, 1, np.random.default_rng(0)))
    # A network that has never seen such damage reads most of it.
    assert (clean.argmax(axis=1) == labels).mean() > 0.95
    assert (damaged.argmax(axis=1) == labels).mean() > 0.7


def test_strokes_come_out_thinner_and_thicker(digits) -> None:
    images = damage_digits(digits[0], 0, np.random.default_rng(0))
    damaged = damage_digits(images, 1, np.random.default_rng(0))
    ink = damaged.sum(axis=(1, 2)) / images.sum(axis=(1, 2))
    assert np.quantile(ink, 0.1) < 0.85
    assert np.quantile(ink, 0.9) > 1.15


def test_a_one_gets_no_line_through_its_middle() -> None:
    """It would be a plus."""
    images = np.zeros((300, 28, 28), np.uint8)
    images[:, 4:24, 13:15] = 255
    damaged = damage_digits(images, 1, np.random.default_rng(0))
    middle = damaged[:, 12:16] > 100
    # Specks and slivers stand apart or are small: no row is inked over half the box.
    assert (middle.sum(axis=2) <= 10).all()


def test_picture_without_ink_stays_empty() -> None:
    assert not damage_digits(np.zeros((6, 28, 28), np.uint8), 1, np.random.default_rng(0)).any()
    assert damage_digits(np.zeros((0, 28, 28), np.uint8), 1, np.random.default_rng(0)).size == 0
