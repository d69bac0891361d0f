"""Perturbations of images, at several strengths.

A perturbation changes the 28x28 tensor itself. Its random numbers have a fixed seed: all models
get the same images, and a stronger shift has the direction of a weaker one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import cv2
import numpy as np

from edge_analysis.evaluation.data import ImagesU8
from edge_infer.model.metadata import IMAGE_SIZE

_SEED: Final = 0
_CENTRE: Final = ((IMAGE_SIZE - 1) / 2, (IMAGE_SIZE - 1) / 2)
# Strokes are widened in an enlarged image, because a step of half a pixel needs more pixels.
_ENLARGED: Final = 4

Rng = np.random.Generator


@dataclass(frozen=True)
class Perturbation:
    """One kind of perturbation.

    Attributes:
        name: Name of the perturbation.
        axis: Meaning and unit of the strength.
        unit: Unit of the strength in a sentence; "" for a share.
        strengths: Strengths in ascending order.
        none: The strength among them that changes nothing.
        apply: Takes images, uint8 (n, 28, 28), a strength and a random generator; returns new
            images of the same shape.
    """

    name: str
    axis: str
    unit: str
    strengths: tuple[float, ...]
    none: float
    apply: Callable[[ImagesU8, float, Rng], ImagesU8]


def perturb(kind: Perturbation, images: ImagesU8, strength: float) -> ImagesU8:
    """Perturb images, uint8 (n, 28, 28); the result depends on the arguments alone."""
    return kind.apply(images, strength, np.random.default_rng(_SEED))


def _shift(images: ImagesU8, pixels: float, rng: Rng) -> ImagesU8:
    angles = rng.uniform(0, 2 * np.pi, len(images))
    steps = pixels * np.stack((np.cos(angles), np.sin(angles)), axis=1)
    return _warp(images, ([[1, 0, x], [0, 1, y]] for x, y in steps))


def _rotate(images: ImagesU8, degrees: float, rng: Rng) -> ImagesU8:
    del rng
    return _warp(images, [cv2.getRotationMatrix2D(_CENTRE, degrees, 1)] * len(images))


def _scale(images: ImagesU8, factor: float, rng: Rng) -> ImagesU8:
    del rng
    return _warp(images, [cv2.getRotationMatrix2D(_CENTRE, 0, factor)] * len(images))


def _warp(images: ImagesU8, matrices: Iterable[Any]) -> ImagesU8:
    size = (IMAGE_SIZE, IMAGE_SIZE)
    pairs = zip(images, matrices, strict=True)
    warped = [cv2.warpAffine(image, np.asarray(matrix, float), size) for image, matrix in pairs]
    return np.asarray(warped, np.uint8)


def _add_noise(images: ImagesU8, levels: float, rng: Rng) -> ImagesU8:
    noise = rng.standard_normal(images.shape, np.float32)
    return np.asarray(np.clip(np.rint(images + levels * noise), 0, 255), np.uint8)


def _blur(images: ImagesU8, pixels: float, rng: Rng) -> ImagesU8:
    del rng
    if not pixels:
        return images.copy()
    return np.asarray([cv2.GaussianBlur(image, (0, 0), pixels) for image in images], np.uint8)


def _change_stroke_width(images: ImagesU8, pixels: float, rng: Rng) -> ImagesU8:
    del rng
    if not pixels:
        return images.copy()
    return np.asarray([_dilate_or_erode(image, pixels) for image in images], np.uint8)


def _dilate_or_erode(image: ImagesU8, pixels: float) -> Any:
    side = _ENLARGED * IMAGE_SIZE
    large = cv2.resize(image, (side, side), interpolation=cv2.INTER_LINEAR)
    change = cv2.dilate if pixels > 0 else cv2.erode
    changed = change(large, _disc(round(_ENLARGED * abs(pixels)) + 1))
    return cv2.resize(changed, (IMAGE_SIZE, IMAGE_SIZE), interpolation=cv2.INTER_AREA)


@lru_cache(maxsize=32)
def _disc(side: int) -> Any:
    return cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))


def _reduce_contrast(images: ImagesU8, share: float, rng: Rng) -> ImagesU8:
    del rng
    return np.asarray(np.rint(images * (1 - share)), np.uint8)


def _invert(images: ImagesU8, share: float, rng: Rng) -> ImagesU8:
    del rng
    return np.asarray(np.rint(images + share * (255.0 - 2.0 * images)), np.uint8)


PERTURBATIONS: Final = (
    Perturbation(
        name="shift",
        axis="shift in a random direction (pixels)",
        unit="pixels",
        strengths=(0, 1, 2, 3, 4, 5, 6, 8),
        none=0,
        apply=_shift,
    ),
    Perturbation(
        name="rotation",
        axis="rotation, counter-clockwise (degrees)",
        unit="degrees",
        strengths=(-60, -45, -30, -15, 0, 15, 30, 45, 60),
        none=0,
        apply=_rotate,
    ),
    Perturbation(
        name="scale",
        axis="scale (times the original size)",
        unit="times the original size",
        strengths=(0.4, 0.5, 0.6, 0.8, 1, 1.2, 1.4, 1.6),
        none=1,
        apply=_scale,
    ),
    Perturbation(
        name="noise",
        axis="noise, standard deviation (grey levels of 255)",
        unit="grey levels",
        strengths=(0, 20, 40, 60, 80, 100, 130),
        none=0,
        apply=_add_noise,
    ),
    Perturbation(
        name="blur",
        axis="blur, standard deviation (pixels)",
        unit="pixels",
        strengths=(0, 0.5, 1, 1.5, 2, 2.5, 3),
        none=0,
        apply=_blur,
    ),
    Perturbation(
        name="stroke",
        axis="change of the stroke width (pixels)",
        unit="pixels",
        strengths=(-2, -1.5, -1, -0.5, 0, 1, 2, 3, 4),
        none=0,
        apply=_change_stroke_width,
    ),
    Perturbation(
        name="contrast",
        axis="loss of contrast (share)",
        unit="",
        strengths=(0, 0.2, 0.4, 0.6, 0.8, 0.9, 0.95),
        none=0,
        apply=_reduce_contrast,
    ),
    Perturbation(
        name="inversion",
        axis="inversion to dark strokes on a bright background (share)",
        unit="",
        strengths=(0, 0.1, 0.2, 0.3, 0.4, 0.6, 0.8, 1),
        none=0,
        apply=_invert,
    ),
)
