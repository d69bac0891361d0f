"""Random distortions of training images: what other hands do to the same digit.

One affine map an image, by OpenCV: some 12 us each, so an epoch of 55,000 costs well
under a second on one core and is made in the background while the epoch before trains.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_infer.metadata import IMAGE_SIZE

_CENTRE: Final = (IMAGE_SIZE - 1) / 2


@dataclass(frozen=True, kw_only=True)
class Augmentation:
    """Ranges of the random affine map; each is drawn uniformly, both ways.

    Attributes:
        rotation_deg: Turn about the middle, in degrees.
        scale: Relative growth of width and of height, drawn apart.
        shear: Sideways slant, pixels per pixel.
        shift_px: Along x and along y, in pixels, drawn apart.
        clean_share: Share of images left as they are, 0-1.
    """

    rotation_deg: float
    scale: float
    shear: float
    shift_px: float
    clean_share: float = 0.0


def augment_images(
    images: NDArray[np.uint8], augmentation: Augmentation, rng: np.random.Generator
) -> NDArray[np.uint8]:
    """Distort each image by its own random affine map.

    Args:
        images: uint8 (n, 28, 28).
        augmentation: The ranges.
        rng: Source of randomness; equal state gives equal output.

    Returns:
        uint8 (n, 28, 28), a new array.
    """
    maps = _random_maps(len(images), augmentation, rng)
    clean = rng.random(len(images)) < augmentation.clean_share
    distorted = images.copy()
    for index in np.flatnonzero(~clean):
        cv2.warpAffine(
            images[index],
            maps[index],
            (IMAGE_SIZE, IMAGE_SIZE),
            dst=distorted[index],
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        )
    return distorted


def _random_maps(
    count: int, augmentation: Augmentation, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Return (count, 2, 3) maps from each output pixel to the input pixel it shows."""

    def draw(limit: float, *shape: int) -> NDArray[np.float64]:
        return rng.uniform(-limit, limit, (count, *shape))

    angle = np.deg2rad(draw(augmentation.rotation_deg))
    scale = 1.0 / (1.0 + draw(augmentation.scale, 2))
    shear, shift = draw(augmentation.shear), draw(augmentation.shift_px, 2)
    rotation = np.empty((count, 2, 2))
    rotation[:, 0, 0] = rotation[:, 1, 1] = np.cos(angle)
    rotation[:, 1, 0] = np.sin(angle)
    rotation[:, 0, 1] = -rotation[:, 1, 0]
    slant = np.zeros((count, 2, 2))
    slant[:, 0, 0], slant[:, 1, 1], slant[:, 0, 1] = scale[:, 0], scale[:, 1], shear
    linear = rotation @ slant
    centre = np.array([_CENTRE, _CENTRE])
    offset = centre - linear @ centre + shift
    return np.concatenate((linear, offset[:, :, None]), axis=2)
