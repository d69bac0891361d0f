"""Remove bleed-through: ink of the other side of the page that shows through the paper.

A component is compared with its neighbours and not with the page. A line written with a paler
pen has no darker neighbours and stays.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_infer.boxes import Box
from edge_infer.page.binarize import ImageU8, Ink, histogram
from edge_infer.page.components import Component

# The ink strength of a component is this quantile of the contrast of its pixels.
STRENGTH_QUANTILE: Final = 0.75
# Ink is pale if its contrast is below this fraction of the ink strength of its component, or its
# strength below that of its neighbours.
PALE: Final = 0.5
# The soft edge of a stroke is pale too. Its width, as a fraction of the height of the component.
EDGE: Final = 0.05
# Pale parts are removed if they are at least this fraction of the component, without edges.
MIN_PALE_SHARE: Final = 0.1
# Remaining parts have at least this area, in pixels.
MIN_PART_AREA: Final = 8
# Neighbours have at most this horizontal gap, in heights of the taller, at least this vertical
# overlap, as a fraction of the lower height, and at least this fraction of the component's area.
MAX_GAP: Final = 2.5
MIN_OVERLAP: Final = 0.4
MIN_AREA_SHARE: Final = 0.5


def ink_strength(component: Component, ink: Ink) -> float:
    """Return the ink strength of a component, a quantile of its contrast in grey levels."""
    return _quantile(component.crop(ink.contrast), component)


def remove_bleed_through(
    components: Sequence[Component], ink: Ink, grey_hw: ImageU8
) -> list[Component]:
    """Remove components, and parts of components, that are pale beside their neighbours.

    Args:
        components: Components of a page.
        ink: Ink of the page.
        grey_hw: uint8 (h, w), the page.
    """
    measured = [pair for one in components for pair in _strong_parts(one, ink, grey_hw)]
    if not measured:
        return []
    parts = [part for part, _ in measured]
    strengths = np.array([strength for _, strength in measured])
    areas = np.array([part.area for part in parts])
    is_large = areas[None, :] >= MIN_AREA_SHARE * areas[:, None]
    is_neighbour = _are_neighbours([part.box for part in parts]) & is_large
    strongest = np.where(is_neighbour, strengths[None, :], 0).max(axis=1)
    is_pale = strengths < PALE * strongest
    return [part for part, pale in zip(parts, is_pale, strict=True) if not pale]


def _strong_parts(component: Component, ink: Ink, grey_hw: ImageU8) -> list[tuple[Component, int]]:
    """Remove the pale parts of a component, which may split it.

    Returns:
        The remaining parts with their relative ink strength.
    """
    contrast = _relative_contrast(component, ink, grey_hw)
    strength = _quantile(contrast, component)
    strong = np.asarray(contrast >= PALE * strength, np.uint8) & component.mask
    min_strong = (1 - MIN_PALE_SHARE) * component.area
    if cv2.countNonZero(strong) > min_strong:
        return [(component, strength)]
    radius = max(1, round(EDGE * component.box.height))
    near = np.asarray(cv2.dilate(strong, np.ones((2 * radius + 1,) * 2, np.uint8)))
    kept = np.asarray(cv2.bitwise_and(near, component.mask), np.uint8)
    if cv2.countNonZero(kept) > min_strong:
        return [(component, strength)]
    _, labels, statistics, _ = cv2.connectedComponentsWithStats(kept, connectivity=8)
    parts = [
        Component(
            Box(component.box.x + x, component.box.y + y, width, height),
            (labels[y : y + height, x : x + width] == label).view(np.uint8),
            area,
        )
        for label, (x, y, width, height, area) in enumerate(
            np.asarray(statistics, np.int64)[1:].tolist(), 1
        )
        if area >= MIN_PART_AREA
    ]
    return [(part, _quantile(_relative_contrast(part, ink, grey_hw), part)) for part in parts]


def _relative_contrast(component: Component, ink: Ink, grey_hw: ImageU8) -> ImageU8:
    """Return the contrast in 255ths of the brighter of ink and background.

    It is the same in light and in shadow.
    """
    contrast, grey = component.crop(ink.contrast), component.crop(grey_hw)
    brighter = cv2.add(grey, contrast) if ink.is_dark else grey
    return np.asarray(cv2.divide(contrast, brighter, scale=255), np.uint8)


def _quantile(values: ImageU8, component: Component) -> int:
    """Return the STRENGTH_QUANTILE of values over the pixels of a component."""
    counts = histogram(values, component.mask).cumsum()
    return int(counts.searchsorted(int(STRENGTH_QUANTILE * (counts[-1] - 1)) + 1))


def _are_neighbours(boxes: Sequence[Box]) -> NDArray[np.bool_]:
    """Return for each pair of boxes whether they stand side by side, bool (n, n)."""
    x, y, width, height = np.array([(b.x, b.y, b.width, b.height) for b in boxes]).T
    gap = np.maximum(x[:, None], x) - np.minimum((x + width)[:, None], x + width)
    overlap = np.minimum((y + height)[:, None], y + height) - np.maximum(y[:, None], y)
    tall, low = np.maximum(height[:, None], height), np.minimum(height[:, None], height)
    return np.asarray((gap <= MAX_GAP * tall) & (overlap >= MIN_OVERLAP * low), np.bool_)
