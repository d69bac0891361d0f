"""Removal of ink that shows through from the other side."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from edge_infer.page.binarize import Ink
from edge_infer.page.bleed_through import remove_bleed_through
from edge_infer.page.components import Component, find_components

ImageU8 = NDArray[np.uint8]
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


def test_ink_in_shadow_is_not_pale() -> None:
    image = page(*((x, 100, 60) for x in (60, 160, 260, 340)))
    light = np.where(np.arange(400) < 210, 1.0, 0.55)
    shadowed = (image * light).astype(np.uint8)
    assert len(remaining(shadowed, (BACKGROUND * light).astype(np.int64))) == 4
