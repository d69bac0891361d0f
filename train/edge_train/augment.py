"""Random distortions of training images, drawn digits, degradations and negatives.

The distortions take about 12 us per image. Drawn pictures are normalized as the runtime does
it. Equal states of a random generator give equal images.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

import edge_synth
from edge_infer.errors import UsageError
from edge_infer.glyph.preprocess import fit_to_box
from edge_infer.model.metadata import IMAGE_SIZE, OTHER_CLASS

ImageU8 = NDArray[np.uint8]
Rng = np.random.Generator

DIGITS: Final = tuple("0123456789")
# Negatives in the validation images of a run, the same in every run.
VALIDATION_NEGATIVES: Final = 2000

_SHARES: Final = ("scale", "thickness", "clean_share")


@dataclass(frozen=True, kw_only=True)
class Augmentation:
    """Ranges of the random distortions; each value is drawn uniformly from -range to range.

    Attributes:
        rotation_deg: Rotation about the centre, in degrees.
        scale: 0-1, relative change of the width and of the height, drawn separately.
        shear: Horizontal shear, in pixels per pixel.
        shift_px: Shift along x and along y, in pixels, drawn separately.
        thickness: 0-1, change of the stroke width; 1 adds or removes one pixel on each side.
        clean_share: 0-1, share of the images that stay unchanged.

    Raises:
        UsageError: A value is negative, or a share is above 1.
    """

    rotation_deg: float
    scale: float
    shear: float
    shift_px: float
    thickness: float = 0.0
    clean_share: float = 0.0

    def __post_init__(self) -> None:
        for field in fields(self):
            value, limit = getattr(self, field.name), 1 if field.name in _SHARES else np.inf
            if not 0 <= value <= limit:
                raise UsageError(f"{field.name} must lie in 0-{limit}, found {value}")


def augment_images(images: ImageU8, augmentation: Augmentation, rng: Rng) -> ImageU8:
    """Distort each image, uint8 (n, 28, 28), by a random map of its own; return new ones."""
    maps = _random_maps(len(images), augmentation, rng)
    clean = rng.random(len(images)) < augmentation.clean_share
    distorted = images.copy()
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    size = (IMAGE_SIZE, IMAGE_SIZE)
    for index in np.flatnonzero(~clean):
        cv2.warpAffine(images[index], maps[index], size, dst=distorted[index], flags=flags)
    if augmentation.thickness:
        amount = rng.uniform(-augmentation.thickness, augmentation.thickness, len(images))
        distorted = _change_thickness(distorted, np.where(clean, 0, amount))
    return distorted


def draw_digits(labels: NDArray[np.int64], rng: Rng) -> ImageU8:
    """Draw a digit for each label, int64 (n,), 0-9; return uint8 (n, 28, 28), ink on 0."""
    images = np.zeros((len(labels), IMAGE_SIZE, IMAGE_SIZE), np.uint8)
    for index, picture in edge_synth.draw_digits(labels, rng):
        images[index] = fit_to_box(picture)
    return images


def degrade_digits(images: ImageU8, share: float, rng: Rng) -> ImageU8:
    """Degrade a share of the digits, uint8 (n, 28, 28), and normalize all of them.

    Args:
        images: Each one digit; one without ink becomes 0.
        share: 0-1, of the digits that are degraded.
        rng: Source of randomness.
    """
    degraded = np.zeros_like(images)
    for index, picture in enumerate(edge_synth.degrade_digits(images, share, rng)):
        if picture.any():
            degraded[index] = fit_to_box(picture)
    return degraded


def make_negatives(images: ImageU8, digits: NDArray[np.int64], count: int, rng: Rng) -> ImageU8:
    """Make pictures that do not show exactly one whole digit.

    Args:
        images: uint8 (n, 28, 28), each one digit, n at least 1; parts and pairs are made of them.
        digits: int64 (n,), their labels, 0-9.
        count: Number of negatives.
        rng: Source of randomness.

    Returns:
        uint8 (count, 28, 28), bright ink on 0; none is an upright stroke, which may be a 1.
    """
    pool = edge_synth.DigitPool.draw(images, digits, count, rng)
    negatives = np.zeros((count, IMAGE_SIZE, IMAGE_SIZE), np.uint8)
    missing = np.arange(count)
    while missing.size:
        pictures = edge_synth.draw_negatives(pool, missing.size, rng)
        for index, picture in zip(missing, pictures, strict=True):
            if picture is not None:
                negatives[index] = fit_to_box(picture) if picture.any() else 0
        made = negatives[missing]
        empty = ~made.any(axis=(1, 2))
        missing = missing[empty | edge_synth.are_upright_strokes(made)]
    return negatives


def validation_negatives(images: ImageU8, digits: NDArray[np.int64]) -> ImageU8:
    """Make the negatives that a run is evaluated and calibrated on, the same in every run.

    Args:
        images: uint8 (n, 28, 28), the validation images, n at least 1.
        digits: int64 (n,), their labels; images of the class of negatives are not used.
    """
    own = digits < len(DIGITS)
    return make_negatives(images[own], digits[own], VALIDATION_NEGATIVES, np.random.default_rng(0))


def with_negative_class(class_names: tuple[str, ...]) -> tuple[str, ...]:
    """Return the names of the ten digits and, last, of the class of negatives.

    Args:
        class_names: Of the data: the digits in order, with or without that class.

    Raises:
        UsageError: The data have other classes, for which negatives cannot be made.
    """
    if class_names not in {DIGITS, (*DIGITS, OTHER_CLASS)}:
        raise UsageError(
            "negatives can be learned beside the digits 0-9 only, the data have the "
            f"classes {', '.join(class_names)}: choose another preset"
        )
    return (*DIGITS, OTHER_CLASS)


def _change_thickness(images: ImageU8, amount: NDArray[np.float64]) -> ImageU8:
    """Blend each image with its dilation (amount > 0) or erosion (amount < 0) by a 3x3 cross."""
    padded = np.pad(images, ((0, 0), (1, 1), (1, 1)))
    dilated, eroded = images.copy(), images.copy()
    for row, column in ((0, 1), (2, 1), (1, 0), (1, 2)):
        neighbour = padded[:, row : row + IMAGE_SIZE, column : column + IMAGE_SIZE]
        np.maximum(dilated, neighbour, out=dilated)
        np.minimum(eroded, neighbour, out=eroded)
    grows = (amount > 0)[:, np.newaxis, np.newaxis]
    share = np.abs(amount).astype(np.float32)[:, np.newaxis, np.newaxis]
    blended = (1 - share) * images + share * np.where(grows, dilated, eroded)
    return np.asarray(np.rint(blended), np.uint8)


def _random_maps(count: int, augmentation: Augmentation, rng: Rng) -> NDArray[np.float64]:
    """Return affine maps from output to input pixels, float64 (count, 2, 3)."""

    def draw(limit: float, *shape: int) -> NDArray[np.float64]:
        return rng.uniform(-limit, limit, (count, *shape))

    angle = np.deg2rad(draw(augmentation.rotation_deg))
    scale = 1.0 / (1.0 + draw(augmentation.scale, 2))
    shear, shift = draw(augmentation.shear), draw(augmentation.shift_px, 2)
    rotation = np.empty((count, 2, 2))
    rotation[:, 0, 0] = rotation[:, 1, 1] = np.cos(angle)
    rotation[:, 1, 0] = np.sin(angle)
    rotation[:, 0, 1] = -rotation[:, 1, 0]
    scale_and_shear = np.zeros((count, 2, 2))
    scale_and_shear[:, 0, 0], scale_and_shear[:, 1, 1] = scale[:, 0], scale[:, 1]
    scale_and_shear[:, 0, 1] = shear
    linear = rotation @ scale_and_shear
    centre = np.full(2, (IMAGE_SIZE - 1) / 2)
    offset = centre - linear @ centre + shift
    return np.concatenate((linear, offset[:, :, None]), axis=2)
