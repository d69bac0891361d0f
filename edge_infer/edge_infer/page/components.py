"""Connected components of ink that may be digits or parts of digits."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np

from edge_infer.boxes import Box, bounding_box
from edge_infer.page.binarize import ImageU8, Ink, at_least, histogram, some_rows
from edge_infer.page.ruled_lines import erase_ruled_lines

# A component is noise if both its height and its width, or its area, are below these, in pixels.
MIN_SIZE: Final = 5
MIN_AREA: Final = 8
# Only the largest components of a page are used.
MAX_COMPONENTS: Final = 1000
# The contrast of writing is at least this fraction of the ink strength of the page. Lower
# contrasts are bleed-through, a faint grid or a shadow.
MIN_STRENGTH: Final = 0.3
# The highest contrast of a stroke is at least this multiple of the threshold for ink.
MIN_PEAK: Final = 1.6
# The ink strength is measured without the components at the border if those inside have at least
# this fraction of the ink.
MIN_INNER: Final = 0.05
# The ink strength of a page is this quantile of the contrast of its ink.
STRENGTH_QUANTILE: Final = 0.75
# Components at the border are dropped if those inside have at least this fraction of the ink.
MIN_INSIDE: Final = 0.25
# A component at the border is a whole digit if it has this fraction of the digit height, and half
# of that in width.
WHOLE: Final = 0.85
# A component is a speck if both its sides are below this fraction of the digit height.
SPECK: Final = 0.2
# Range of width / height of the components that define the digit height.
MIN_ASPECT, MAX_ASPECT = 0.1, 4.0


@dataclass(frozen=True, eq=False)
class Component:
    """A connected component of ink, or a part or a union of components.

    Attributes:
        box: Bounding box, in pixels of the working picture.
        mask: uint8 (height, width) of the box, 1 for pixels of the component, else 0.
        area: Number of its pixels.
    """

    box: Box
    mask: ImageU8
    area: int

    def crop(self, image_hw: ImageU8) -> ImageU8:
        """Return the part of a picture inside the bounding box, uint8 (height, width)."""
        return image_hw[self.box.y : self.box.bottom, self.box.x : self.box.right]

    def rotated(self, quarters: int, height: int, width: int) -> Component:
        """Return the component rotated clockwise with its picture of ``height`` and ``width``."""
        mask = np.ascontiguousarray(np.rot90(self.mask, -quarters))
        return Component(self.box.rotated(quarters, height, width), mask, self.area)


def find_components(ink: Ink) -> list[Component]:
    """Find the connected components of a page that may be writing, in no order."""
    mask = erase_ruled_lines(ink.mask, ink.contrast)
    limit = max(ink.threshold, int(MIN_STRENGTH * _page_strength(mask, ink.contrast)))
    if limit > ink.threshold:
        cv2.bitwise_and(mask, at_least(ink.contrast, limit), dst=mask)
    components = _connected(mask)[:MAX_COMPONENTS]
    components = [one for one in components if _peak(one, ink.contrast) >= MIN_PEAK * limit]
    components = _inside(components, mask.shape)
    speck = SPECK * digit_height(components)
    return [one for one in components if max(one.box.height, one.box.width) >= speck]


def _inside(components: Sequence[Component], shape: tuple[int, ...]) -> list[Component]:
    """Drop components that the border of the picture cuts off, unless little ink would remain.

    A component as tall as the other digits counts as whole. A picture may also be cropped
    closely around all of its writing.
    """
    inside = [one for one in components if not _touches_border(one.box, shape)]
    share = sum(one.area for one in inside) / max(1, sum(one.area for one in components))
    if share < MIN_INSIDE:
        return list(components)
    height = digit_height(inside)
    return [
        one
        for one in components
        if not _touches_border(one.box, shape)
        or (one.box.height >= WHOLE * height and one.box.width >= WHOLE * height / 2)
    ]


def _touches_border(box: Box, shape: tuple[int, ...]) -> bool:
    height, width = shape
    return min(box.x, box.y) <= 0 or box.right >= width or box.bottom >= height


def _page_strength(mask: ImageU8, contrast: ImageU8) -> int:
    """Return the ink strength of a page, a quantile of the contrast of its ink.

    Components at the border, such as the desk beside the page, count only if there are few others.
    """
    inner = _without_border(mask)
    if cv2.countNonZero(inner) < MIN_INNER * cv2.countNonZero(mask):
        inner = mask
    counts = histogram(some_rows(contrast), some_rows(inner)).cumsum()
    return int(np.searchsorted(counts, STRENGTH_QUANTILE * counts[-1]))


def _without_border(mask: ImageU8) -> ImageU8:
    """Return the mask without the components that touch its border."""
    if not any(side.any() for side in (mask[0], mask[-1], mask[:, 0], mask[:, -1])):
        return mask
    framed = np.asarray(
        cv2.copyMakeBorder(mask, 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=(255,)), np.uint8
    )
    cv2.floodFill(framed, None, (0, 0), (0,), flags=8)
    return framed[1:-1, 1:-1]


def digit_height(components: Sequence[Component]) -> float:
    """Return the median height of components with the aspect of digits, weighted by area.

    Returns:
        In pixels; 0 if there is no such component.
    """
    likely = [
        (one.box.height, one.area)
        for one in components
        if MIN_ASPECT <= one.box.width / one.box.height <= MAX_ASPECT
    ]
    if not likely:
        return 0.0
    heights, areas = np.array(sorted(likely)).T
    return float(heights[np.searchsorted(areas.cumsum(), areas.sum() / 2)])


def _peak(component: Component, contrast: ImageU8) -> float:
    return cv2.minMaxLoc(component.crop(contrast), component.mask)[1]


def _connected(mask: ImageU8) -> list[Component]:
    """Return the 8-connected components of a mask without noise, the largest first.

    Contours are followed instead of labelling pixels: most of a page is blank, so this is much
    faster.
    """
    contours, links = cv2.findContours(mask, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE)
    if not contours:
        return []
    # For each contour: the next and the previous of its level, its first hole, and its parent;
    # -1 for none.
    tree: list[list[int]] = np.asarray(links)[0].tolist()
    components: list[Component] = []
    for index, contour in enumerate(contours):
        box = Box(*cv2.boundingRect(contour))
        if tree[index][3] >= 0 or max(box.width, box.height) < MIN_SIZE:
            continue
        outlines = [contour, *(contours[hole] for hole in _holes(tree, index))]
        filled = np.zeros((box.height, box.width), np.uint8)
        cv2.drawContours(filled, outlines, -1, (1,), cv2.FILLED, offset=(-box.x, -box.y))
        area = cv2.countNonZero(filled)
        if area >= MIN_AREA:
            components.append(Component(box, filled, area))
    return sorted(components, key=lambda one: -one.area)


def _holes(tree: Sequence[Sequence[int]], index: int) -> Iterator[int]:
    hole = tree[index][2]
    while hole >= 0:
        yield hole
        hole = tree[hole][0]


def merge(components: Sequence[Component]) -> Component:
    """Return the union of components, at least one."""
    if len(components) == 1:
        return components[0]
    box = bounding_box(one.box for one in components)
    mask = np.zeros((box.height, box.width), np.uint8)
    for one in components:
        top, left = one.box.y - box.y, one.box.x - box.x
        mask[top : top + one.box.height, left : left + one.box.width] |= one.mask
    return Component(box, mask, sum(one.area for one in components))
