"""Separation of ink from its background, in any light, and removal of bleed-through."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from edge_infer.page.binarize import Ink, find_ink
from edge_infer.page.bleed_through import remove_bleed_through
from edge_infer.page.components import Component, find_components

ImageU8 = NDArray[np.uint8]


def ring(thickness: int = 5, size: int = 200) -> ImageU8:
    """Return a mask with one ring in the middle of a square picture."""
    mask = np.zeros((size, size), np.uint8)
    cv2.circle(mask, (size // 2, size // 2), size // 4, 255, thickness)
    return mask


def on_paper(
    mask: ImageU8, paper: NDArray[np.float64] | float, contrast: float, noise_sd: float = 0.0
) -> ImageU8:
    noise = np.random.default_rng(0).normal(0, noise_sd, mask.shape)
    return np.rint(paper - contrast * (mask != 0) + noise).clip(0, 255).astype(np.uint8)


def assert_found(picture: ImageU8, truth: ImageU8, least: float = 0.95) -> None:
    """Assert that most ink is found, and little background away from the edges of strokes."""
    mask = find_ink(picture).mask
    near = np.asarray(cv2.dilate(truth, np.ones((5, 5), np.uint8)))
    assert (mask[near == 0] != 0).mean() < 0.01
    if truth.any():
        assert (mask[truth != 0] != 0).mean() > least


def test_ink_is_what_was_drawn_in_either_polarity() -> None:
    ink = find_ink(on_paper(ring(), 210, 150))
    assert np.array_equal(ink.mask, ring())
    assert np.array_equal(ink.contrast, 150 * (ring() != 0))
    picture = on_paper(ring(), 210, 150, noise_sd=1)
    dark, light = find_ink(picture), find_ink(255 - picture)
    assert (dark.is_dark, light.is_dark) == (True, False)
    assert dark.mask.any()
    assert np.array_equal(dark.mask, light.mask)


@pytest.mark.parametrize("light", [1.0, 0.5, 0.2])
def test_gradient_is_no_ink(light: float) -> None:
    gradient = np.tile(np.linspace(230, 90, 200), (200, 1)) * light
    assert_found(on_paper(ring(), gradient, 60 * light), ring())


@pytest.mark.parametrize("noise_sd", [0, 1, 6, 20])
@pytest.mark.parametrize("shape", [(300, 400), (60, 90), (1, 1), (1, 40), (8, 1600)])
def test_empty_page_has_no_ink(shape: tuple[int, int], noise_sd: float) -> None:
    mask = find_ink(on_paper(np.zeros(shape, np.uint8), 128, 0, noise_sd)).mask
    assert mask.shape == shape
    if not noise_sd or mask.size > 9000:
        assert (mask != 0).mean() < (0.001 if noise_sd else 1e-9)


BACKGROUND = 220


def page(*zeros: tuple[int, int, int]) -> ImageU8:
    """Return a page with a zero at each x, y of a grey level."""
    image = np.full((200, 400), BACKGROUND, np.uint8)
    for x, y, level in zeros:
        cv2.ellipse(image, (x, y), (20, 40), 0, 0, 360, (level,), 7)
    return image


def remaining(image: ImageU8, background: int | NDArray[np.int64] = BACKGROUND) -> list[Component]:
    contrast = np.clip(background - image.astype(np.int64), 0, 255).astype(np.uint8)
    ink = Ink(contrast, 12, is_dark=True)
    components = remove_bleed_through(find_components(ink), ink, image)
    return sorted(components, key=lambda one: one.box.x)


def test_pale_component_beside_dark_ones_is_removed() -> None:
    found = remaining(page((60, 100, 60), (160, 100, 150), (260, 100, 60)))
    assert [one.box.x + one.box.width // 2 for one in found] == pytest.approx([60, 260], abs=2)


@pytest.mark.parametrize(
    ("zeros", "count"),
    [
        # A line of its own, by a paler pen.
        (((100, 50, 60), (100, 150, 140)), 2),
        (((60, 100, 40), (160, 100, 40), (260, 100, 40)), 3),
        (((60, 100, 120), (160, 100, 120), (260, 100, 120)), 3),
        ((), 0),
    ],
)
def test_ink_without_darker_neighbours_stays(zeros, count: int) -> None:
    assert len(remaining(page(*zeros))) == count


def test_pale_part_is_removed_and_no_longer_connects() -> None:
    image = page((60, 100, 60), (200, 100, 60))
    cv2.line(image, (80, 100), (180, 100), (150,), 7)
    assert [one.box.width < 60 for one in remaining(image)] == [True, True]
