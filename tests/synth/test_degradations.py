"""Degraded digits: changed, yet legible."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from edge_infer.glyph.classifier import Classifier
from edge_infer.glyph.preprocess import fit_to_box
from edge_synth import degrade_digits

ImageU8 = NDArray[np.uint8]


def degrade(images: ImageU8, share: float, seed: int = 0) -> ImageU8:
    """Degrade and normalise images, uint8 (n, 28, 28)."""
    pictures = degrade_digits(images, share, np.random.default_rng(seed))
    return np.stack([fit_to_box(picture) for picture in pictures])


def test_other_digits_are_unchanged(digits) -> None:
    pictures = list(degrade_digits(digits[:50], 0, np.random.default_rng(0)))
    assert all((picture == image).all() for picture, image in zip(pictures, digits, strict=False))


@pytest.mark.parametrize("share", [0.3, 1.0])
def test_share_of_the_digits_is_degraded(digits, share: float) -> None:
    changed = (degrade(digits, share) != degrade(digits, 0)).any(axis=(1, 2)).mean()
    # Some digits get no degradation and a pen of their own width.
    assert 0.75 * share < changed <= share + 0.06


@settings(max_examples=10)
@given(seed=st.integers(0, 2**32 - 1))
def test_equal_seeds_give_equal_pictures(digits, seed: int) -> None:
    images = digits[:20]
    before = images.copy()
    first, again = (degrade(images, 1, seed) for _ in range(2))
    assert (first == again).all()
    assert (images == before).all()
    assert first.any(axis=(1, 2)).all()


def test_degraded_digits_are_legible(digits, labels) -> None:
    edge = Classifier.load("edge")
    clean, degraded = (edge.probabilities(degrade(digits, share)) for share in (0, 1))
    # The network was not trained on these degradations.
    assert (clean.argmax(axis=1) == labels).mean() > 0.95
    assert (degraded.argmax(axis=1) == labels).mean() > 0.7


def test_strokes_become_thinner_and_thicker(digits) -> None:
    ink = degrade(digits, 1).sum(axis=(1, 2)) / digits.sum(axis=(1, 2))
    assert np.quantile(ink, 0.1) < 0.85
    assert np.quantile(ink, 0.9) > 1.15


def test_no_line_crosses_the_middle_of_a_one() -> None:
    images = np.zeros((300, 28, 28), np.uint8)
    images[:, 4:24, 13:15] = 255
    middle = degrade(images, 1)[:, 12:16] > 100
    # Specks and slivers are small or separate: no row has ink over half of the box.
    assert (middle.sum(axis=2) <= 10).all()


def test_pictures_without_ink_stay_empty() -> None:
    rng = np.random.default_rng(0)
    assert not any(p.any() for p in degrade_digits(np.zeros((6, 28, 28), np.uint8), 1, rng))
    assert not list(degrade_digits(np.zeros((0, 28, 28), np.uint8), 1, rng))
