"""Which connected components of ink may be writing."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from edge_infer.boxes import Box
from edge_infer.page.binarize import Ink
from edge_infer.page.components import (
    MAX_COMPONENTS,
    Component,
    find_components,
)

ImageU8 = NDArray[np.uint8]

THRESHOLD = 8


def page(height: int = 300, width: int = 400) -> ImageU8:
    """Return the contrast of an empty page."""
    return np.zeros((height, width), np.uint8)


def write(contrast: ImageU8, x: int, y: int, level: int = 120, height: int = 60) -> Box:
    """Draw a ring in place and return its bounding box."""
    ring, pen = np.zeros_like(contrast), max(2, height // 10)
    cv2.ellipse(ring, (x, y), (height // 3, height // 2), 0, 0, 360, 1, pen)
    contrast[ring != 0] = level
    return Box(*cv2.boundingRect(ring))


def find(contrast: ImageU8) -> list[Component]:
    return find_components(Ink(contrast, THRESHOLD, is_dark=True))


def boxes(contrast: ImageU8) -> set[Box]:
    return {component.box for component in find(contrast)}


@pytest.mark.parametrize("share", [0.3, 0.5, 0.7])
def test_components_are_those_of_labelling(share: float) -> None:
    rough = np.random.default_rng(3).random((120, 160), np.float32)
    smooth = cv2.GaussianBlur(rough, (0, 0), 1.5)
    contrast = np.where(smooth < np.quantile(smooth, share), 120, 0).astype(np.uint8)
    labels = np.asarray(cv2.connectedComponents(contrast, connectivity=8)[1])
    for component in find(contrast):
        place = component.crop(labels)
        (label,) = np.unique(place[component.mask != 0])
        assert np.array_equal(component.mask != 0, place == label)
        assert component.area == int((labels == label).sum())


def test_nested_components_are_separate() -> None:
    # A ring around a bar with a hole.
    contrast = page()
    outer = write(contrast, 150, 150, height=200)
    contrast[110:190, 130:170] = 120
    contrast[130:170, 140:160] = 0
    found = {component.box: component for component in find(contrast)}
    inner = found[Box(130, 110, 40, 80)]
    assert set(found) == {outer, inner.box}
    assert inner.area == 40 * 80 - 20 * 40
    assert not inner.mask[20:60, 10:30].any()


@pytest.mark.parametrize(
    ("kept", "dropped"),
    [
        ([(120, 60), (120, 24)], []),
        # Faint writing alone, and uneven pressure.
        ([(30, 60), (25, 60)], []),
        ([(150, 60), (90, 60)], []),
        # Bleed-through and stains.
        ([(120, 60), (120, 60), (120, 60)], [(30, 60)]),
        ([], [(THRESHOLD + 1, 60)]),
        # A speck.
        ([(120, 60), (120, 60)], [(120, 6)]),
    ],
)
def test_writing_is_kept_and_faint_ink_dropped(kept, dropped) -> None:
    contrast = page()
    for index, (level, height) in enumerate(dropped):
        write(contrast, 60 + 70 * index, 230, level, height)
    expected = {
        write(contrast, 60 + 70 * index, 100, level, height)
        for index, (level, height) in enumerate(kept)
    }
    assert boxes(contrast) == expected


def test_desk_and_ruled_lines_are_no_components_and_make_nothing_faint() -> None:
    for rows, columns in ((slice(None), slice(60)), (slice(230, None), slice(None))):
        contrast = page()
        digits = {write(contrast, 150, 100, level=50), write(contrast, 250, 110, level=50)}
        contrast[rows, columns] = 220
        assert digits <= boxes(contrast)
    contrast = page()
    contrast[60::60] = 60
    digits = {write(contrast, 80, 115, height=80), write(contrast, 180, 125, height=80)}
    assert boxes(contrast) == digits


def test_only_the_largest_components_are_kept() -> None:
    contrast = np.zeros((900, 900), np.uint8)
    for top in range(5, 840, 24):
        contrast[top : top + 12, 5:885] = np.tile([90] * 8 + [0] * 14, 40)
    contrast[870:888, 5:13] = 90
    assert len(find(contrast)) == MAX_COMPONENTS
    assert Box(5, 870, 8, 18) in boxes(contrast)
