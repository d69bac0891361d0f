"""Random distortions of training images: what other hands do to the same digit.

One affine map an image, by OpenCV: some 12 us each, so an epoch of 55,000 costs well
under a second on one core and is made in the background while the epoch before trains.
Waves and stroke thickness, which cost more, are off unless asked for.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Final, Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_infer.errors import UsageError
from edge_infer.model.metadata import IMAGE_SIZE

_CENTRE: Final = (IMAGE_SIZE - 1) / 2
# Knots along a side of the grid that waves are drawn on: one in some 5 pixels.
_KNOTS: Final = 6
Interpolation = Literal["linear", "cubic"]
_INTERPOLATION: Final[Mapping[str, int]] = {"linear": cv2.INTER_LINEAR, "cubic": cv2.INTER_CUBIC}
_GRID: Final = np.stack(np.meshgrid(*2 * [np.arange(IMAGE_SIZE, dtype=np.float32)]), axis=-1)


@dataclass(frozen=True, kw_only=True)
class Augmentation:
    """Ranges of the random distortions; each is drawn uniformly, both ways.

    Attributes:
        rotation_deg: Turn about the middle, in degrees.
        scale: Relative growth of width and of height, drawn apart.
        shear: Sideways slant, pixels per pixel.
        shift_px: Along x and along y, in pixels, drawn apart.
        elastic_px: Standard deviation of smooth random displacements (Simard, Steinkraus &
            Platt 2003), in pixels.
        thickness: 0-1, how far strokes go towards being one pixel wider or narrower on
            each side.
        clean_share: Share of images left as they are, 0-1.
        interpolation: How pixels are taken between pixels. ``linear`` blurs: a network that
            has seen nothing sharper is surer of blurred digits than of clean ones, which
            :mod:`edge_train.soften` mends. ``cubic`` leaves them as sharp as they were; over
            whole recipes that was no clear gain (docs/training.md).

    Raises:
        UsageError: A value is negative, a share above 1, or an interpolation unknown.
    """

    rotation_deg: float
    scale: float
    shear: float
    shift_px: float
    elastic_px: float = 0.0
    thickness: float = 0.0
    clean_share: float = 0.0
    interpolation: Interpolation = "linear"

    def __post_init__(self) -> None:
        if self.interpolation not in _INTERPOLATION:
            known = ", ".join(_INTERPOLATION)
            raise UsageError(f"no interpolation {self.interpolation!r}; there are: {known}")
        for name in (field.name for field in fields(self) if field.name != "interpolation"):
            value, limit = getattr(self, name), 1 if name in _SHARES else np.inf
            if not 0 <= value <= limit:
                raise UsageError(f"{name} must lie in 0-{limit}, found {value}")


_SHARES: Final = ("scale", "thickness", "clean_share")


def augment_images(
    images: NDArray[np.uint8], augmentation: Augmentation, rng: np.random.Generator
) -> NDArray[np.uint8]:
    """Distort each image by its own random map.

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
    flags = _INTERPOLATION[augmentation.interpolation]
    waves = None
    if augmentation.elastic_px:
        knots = (len(images), _KNOTS, _KNOTS, 2)
        waves = rng.normal(0, augmentation.elastic_px, knots).astype(np.float32)
    for index in np.flatnonzero(~clean):
        if waves is None:
            _warp(images[index], maps[index], flags, distorted[index])
        else:
            _wave(images[index], maps[index], waves[index], flags, distorted[index])
    if augmentation.thickness:
        amount = rng.uniform(-augmentation.thickness, augmentation.thickness, len(images))
        distorted = _thicken(distorted, np.where(clean, 0, amount))
    return distorted


def _warp(
    image: NDArray[np.uint8],
    affine: NDArray[np.float64],
    interpolation: int,
    distorted: NDArray[np.uint8],
) -> None:
    size = (IMAGE_SIZE, IMAGE_SIZE)
    cv2.warpAffine(image, affine, size, dst=distorted, flags=interpolation | cv2.WARP_INVERSE_MAP)


def _wave(
    image: NDArray[np.uint8],
    affine: NDArray[np.float64],
    knots: NDArray[np.float32],
    interpolation: int,
    distorted: NDArray[np.uint8],
) -> None:
    """Warp by the affine map and smooth displacements in one interpolation."""
    map_f32 = affine.astype(np.float32)
    size = (IMAGE_SIZE, IMAGE_SIZE)
    places = _GRID @ map_f32[:, :2].T + map_f32[:, 2]
    places += cv2.resize(knots, size, interpolation=cv2.INTER_CUBIC)
    columns, rows = cv2.split(places)
    cv2.remap(image, columns, rows, interpolation, dst=distorted)


def _thicken(images: NDArray[np.uint8], amount: NDArray[np.float64]) -> NDArray[np.uint8]:
    """Mix each image with its dilation (amount above 0) or erosion (below) by a cross."""
    padded = np.pad(images, ((0, 0), (1, 1), (1, 1)))
    inner = slice(1, -1)
    neighbours = [
        padded[:, rows, columns]
        for rows, columns in (
            (slice(0, -2), inner),
            (slice(2, None), inner),
            (inner, slice(0, -2)),
            (inner, slice(2, None)),
        )
    ]
    wider, narrower = images.copy(), images.copy()
    for neighbour in neighbours:
        np.maximum(wider, neighbour, out=wider)
        np.minimum(narrower, neighbour, out=narrower)
    grows = (amount > 0)[:, np.newaxis, np.newaxis]
    share = np.abs(amount).astype(np.float32)[:, np.newaxis, np.newaxis]
    mixed = (1 - share) * images + share * np.where(grows, wider, narrower)
    rounded: NDArray[np.uint8] = np.rint(mixed).astype(np.uint8)
    return rounded


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
