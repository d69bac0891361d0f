"""Drawn digits, degradations and negatives as training data, normalised as the runtime does it."""

from __future__ import annotations

from typing import Final

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


def draw_digits(labels: NDArray[np.int64], rng: Rng) -> ImageU8:
    """Draw a digit for each label.

    Args:
        labels: int64 (n,), 0-9.
        rng: Source of randomness; equal state gives equal images.

    Returns:
        uint8 (n, 28, 28), bright ink on 0.
    """
    images = np.zeros((len(labels), IMAGE_SIZE, IMAGE_SIZE), np.uint8)
    for index, picture in edge_synth.draw_digits(labels, rng):
        images[index] = fit_to_box(picture)
    return images


def degrade_digits(images: ImageU8, share: float, rng: Rng) -> ImageU8:
    """Degrade a share of the digits and normalise all of them.

    Args:
        images: uint8 (n, 28, 28), each one digit.
        share: 0-1, of the digits that are degraded.
        rng: Source of randomness; equal state gives equal images.

    Returns:
        uint8 (n, 28, 28), a new array; 0 where an image has no ink.
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
        rng: Source of randomness; equal state gives equal images.

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
    """Make the negatives that a run is evaluated and calibrated on.

    Args:
        images: uint8 (n, 28, 28), the validation images, n at least 1.
        digits: int64 (n,), their labels; images of the class of negatives are not used.

    Returns:
        uint8 (VALIDATION_NEGATIVES, 28, 28), the same in every run.
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
