"""Telling ink from paper, in any light."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from edge_infer.page.binarize import at_least, find_ink, histogram

ImageU8 = NDArray[np.uint8]


def ring(thickness: int = 5, size: int = 200) -> ImageU8:
    """Return a mask with one ring in the middle of a square picture."""
    mask = np.zeros((size, size), np.uint8)
    cv2.circle(mask, (size // 2, size // 2), size // 4, 255, thickness)
    return mask


def on_paper(mask: ImageU8, paper: NDArray[np.float64] | float, depth: float) -> ImageU8:
    """Return ink that is ``depth`` levels darker than its paper."""
    levels = np.asarray(paper - depth * (mask != 0), np.float64)
    return np.rint(levels).clip(0, 255).astype(np.uint8)


def noisy(picture: ImageU8, deviation: float) -> ImageU8:
    noise = np.random.default_rng(0).normal(0, deviation, picture.shape)
    return np.rint(picture + noise).clip(0, 255).astype(np.uint8)


def found_share(mask: ImageU8, truth: ImageU8) -> float:
    """Return how much of what was drawn was found."""
    return float((mask[truth != 0] != 0).mean())


def false_share(mask: ImageU8, truth: ImageU8) -> float:
    """Return how much paper was taken for ink, away from the strokes' edges."""
    near = np.asarray(cv2.dilate(truth, np.ones((5, 5), np.uint8)))
    return float((mask[near == 0] != 0).mean())


def test_ink_is_the_same_for_an_inverted_picture() -> None:
    picture = noisy(on_paper(ring(), 210, 150), 1)
    dark, light = find_ink(picture), find_ink(255 - picture)
    assert dark.is_dark
    assert not light.is_dark
    assert dark.mask.any()
    assert np.array_equal(dark.mask, light.mask)


def test_ink_is_what_was_drawn() -> None:
    ink = find_ink(on_paper(ring(), 210, 150))
    assert np.array_equal(ink.mask, ring())
    assert np.array_equal(ink.contrast, 150 * (ring() != 0))


@pytest.mark.parametrize("light", [1.0, 0.5, 0.2])
def test_a_gradient_is_no_ink(light: float) -> None:
    fall = np.tile(np.linspace(230, 90, 200), (200, 1)) * light
    ink = find_ink(on_paper(ring(), fall, 60 * light))
    assert found_share(ink.mask, ring()) > 0.95
    assert false_share(ink.mask, ring()) < 0.01


def test_a_shadow_edge_is_no_ink() -> None:
    paper = np.full((200, 200), 220.0)
    paper[:, 70:] = 130
    for mask in (ring(), np.zeros_like(ring())):
        ink = find_ink(on_paper(mask, paper, 70))
        assert false_share(ink.mask, mask) < 0.01
    assert found_share(find_ink(on_paper(ring(), paper, 70)).mask, ring()) > 0.95


@pytest.mark.parametrize("deviation", [1, 6, 20])
def test_noise_is_next_to_no_ink(deviation: float) -> None:
    picture = noisy(np.full((300, 400), 128, np.uint8), deviation)
    assert (find_ink(picture).mask != 0).mean() < 0.001


@pytest.mark.parametrize("level", [0, 90, 255])
def test_an_even_picture_has_no_ink(level: int) -> None:
    assert not find_ink(np.full((60, 90), level, np.uint8)).mask.any()


@pytest.mark.parametrize("size", [200, 500, 1000])
def test_faint_pencil_in_noise_is_found(size: int) -> None:
    # The strokes are only three times as deep as the noise is wide.
    truth = ring(7, size)
    ink = find_ink(noisy(on_paper(truth, 200, 18), 6))
    assert found_share(ink.mask, truth) > 0.8
    assert false_share(ink.mask, truth) < 0.01


@pytest.mark.parametrize("thickness", [1, 12, 24, 32])
def test_rings_from_hairline_to_marker_are_found_whole(thickness: int) -> None:
    truth = ring(thickness)
    ink = find_ink(on_paper(truth, 230, 180))
    assert found_share(ink.mask, truth) > 0.95
    assert false_share(ink.mask, truth) < 0.01


def test_a_stroke_that_fills_nearly_half_of_the_window_is_found_whole() -> None:
    truth = np.zeros((200, 200), np.uint8)
    truth[20:180, 75:123] = 255
    assert np.array_equal(find_ink(on_paper(truth, 230, 180)).mask, truth)


def test_ink_is_found_on_large_and_on_tiny_pictures() -> None:
    large = ring(9, 1400)
    assert found_share(find_ink(on_paper(large, 230, 180)).mask, large) > 0.95
    for shape in ((1, 1), (1, 40), (3, 2), (8, 1600)):
        assert find_ink(np.full(shape, 200, np.uint8)).mask.shape == shape


def test_at_least_includes_the_level() -> None:
    levels = np.array([[0, 6, 7, 8, 255]], np.uint8)
    assert at_least(levels, 7).tolist() == [[0, 0, 255, 255, 255]]
    assert at_least(levels, 255).tolist() == [[0, 0, 0, 0, 255]]
    assert at_least(levels, 0).tolist() == [[255] * 5]


def test_histogram_counts_levels_under_the_mask() -> None:
    picture = np.array([[0, 5, 5], [255, 5, 9]], np.uint8)
    counts = histogram(picture)
    assert counts.shape == (256,)
    assert {level: counts[level] for level in (0, 5, 9, 255)} == {0: 1, 5: 3, 9: 1, 255: 1}
    assert counts.sum() == picture.size
    masked = histogram(picture, np.array([[1, 1, 0], [0, 0, 0]], np.uint8))
    assert np.flatnonzero(masked).tolist() == [0, 5]
    assert masked.sum() == 2
