"""What can go wrong with a picture before a model sees it, in growing strength.

Each changes the 28x28 tensor itself. The same seed gives the same disturbance to the same
images, so that models side by side meet the same pictures and a stronger shift goes the same
way as a weaker one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import cv2
import numpy as np

from edge_analysis.evaluation.answers import ImagesU8
from edge_infer.model.metadata import IMAGE_SIZE

_SEED: Final = 0
_CENTRE: Final = ((IMAGE_SIZE - 1) / 2, (IMAGE_SIZE - 1) / 2)
# Strokes are redrawn at this size: 28 pixels are too few to widen by half a pixel.
_ENLARGED: Final = 4

Rng = np.random.Generator


@dataclass(frozen=True)
class Disturbance:
    """One kind of disturbance.

    Attributes:
        name: What it is.
        axis: What its strength measures, with the unit.
        unit: Of its strength, as in a sentence; "" for a share.
        strengths: Those that are tried, ascending.
        none: The strength among them that changes nothing.
        apply: Takes uint8 (n, 28, 28), a strength and a source of randomness; gives such
            images anew.
    """

    name: str
    axis: str
    unit: str
    strengths: tuple[float, ...]
    none: float
    apply: Callable[[ImagesU8, float, Rng], ImagesU8]


def disturb(kind: Disturbance, images: ImagesU8, strength: float) -> ImagesU8:
    """Disturb images, uint8 (n, 28, 28); the same way each time."""
    return kind.apply(images, strength, np.random.default_rng(_SEED))


def _shift(images: ImagesU8, pixels: float, rng: Rng) -> ImagesU8:
    ways = rng.uniform(0, 2 * np.pi, len(images))
    steps = pixels * np.stack((np.cos(ways), np.sin(ways)), axis=1)
    return _warp(images, ([[1, 0, x], [0, 1, y]] for x, y in steps))


def _rotate(images: ImagesU8, degrees: float, rng: Rng) -> ImagesU8:
    del rng
    return _warp(images, [cv2.getRotationMatrix2D(_CENTRE, degrees, 1)] * len(images))


def _scale(images: ImagesU8, factor: float, rng: Rng) -> ImagesU8:
    del rng
    return _warp(images, [cv2.getRotationMatrix2D(_CENTRE, 0, factor)] * len(images))


def _warp(images: ImagesU8, ways: Iterable[Any]) -> ImagesU8:
    size = (IMAGE_SIZE, IMAGE_SIZE)
    pairs = zip(images, ways, strict=True)
    warped = [cv2.warpAffine(image, np.asarray(way, np.float64), size) for image, way in pairs]
    return np.asarray(warped, np.uint8)


def _add_noise(images: ImagesU8, levels: float, rng: Rng) -> ImagesU8:
    noise = rng.standard_normal(images.shape, np.float32)
    return np.asarray(np.clip(np.rint(images + levels * noise), 0, 255), np.uint8)


def _blur(images: ImagesU8, pixels: float, rng: Rng) -> ImagesU8:
    del rng
    if not pixels:
        return images.copy()
    return np.asarray([cv2.GaussianBlur(image, (0, 0), pixels) for image in images], np.uint8)


def _change_strokes(images: ImagesU8, pixels: float, rng: Rng) -> ImagesU8:
    del rng
    if not pixels:
        return images.copy()
    return np.asarray([_change_stroke(image, pixels) for image in images], np.uint8)


def _change_stroke(image: ImagesU8, pixels: float) -> Any:
    side = _ENLARGED * IMAGE_SIZE
    large = cv2.resize(image, (side, side), interpolation=cv2.INTER_LINEAR)
    change = cv2.dilate if pixels > 0 else cv2.erode
    drawn = change(large, _disc(round(_ENLARGED * abs(pixels)) + 1))
    return cv2.resize(drawn, (IMAGE_SIZE, IMAGE_SIZE), interpolation=cv2.INTER_AREA)


@lru_cache(maxsize=32)
def _disc(side: int) -> Any:
    return cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))


def _fade(images: ImagesU8, lost: float, rng: Rng) -> ImagesU8:
    del rng
    return np.asarray(np.rint(images * (1 - lost)), np.uint8)


def _invert(images: ImagesU8, share: float, rng: Rng) -> ImagesU8:
    del rng
    return np.asarray(np.rint(images + share * (255.0 - 2.0 * images)), np.uint8)


DISTURBANCES: Final = (
    Disturbance(
        "shift",
        "shift in a random direction (pixels)",
        "pixels",
        (0, 1, 2, 3, 4, 5, 6, 8),
        0,
        _shift,
    ),
    Disturbance(
        "rotation",
        "rotation, counter-clockwise (degrees)",
        "degrees",
        (-60, -45, -30, -15, 0, 15, 30, 45, 60),
        0,
        _rotate,
    ),
    Disturbance(
        "scale",
        "scale (times its size)",
        "times its size",
        (0.4, 0.5, 0.6, 0.8, 1, 1.2, 1.4, 1.6),
        1,
        _scale,
    ),
    Disturbance(
        "noise",
        "noise, standard deviation (grey levels of 255)",
        "grey levels",
        (0, 20, 40, 60, 80, 100, 130),
        0,
        _add_noise,
    ),
    Disturbance(
        "blur", "blur, standard deviation (pixels)", "pixels", (0, 0.5, 1, 1.5, 2, 2.5, 3), 0, _blur
    ),
    Disturbance(
        "stroke",
        "stroke made wider, below 0 narrower (pixels)",
        "pixels",
        (-2, -1.5, -1, -0.5, 0, 1, 2, 3, 4),
        0,
        _change_strokes,
    ),
    Disturbance(
        "contrast", "contrast taken away (share)", "", (0, 0.2, 0.4, 0.6, 0.8, 0.9, 0.95), 0, _fade
    ),
    Disturbance(
        "inversion",
        "way to dark ink on light ground (share)",
        "",
        (0, 0.1, 0.2, 0.3, 0.4, 0.6, 0.8, 1),
        0,
        _invert,
    ),
)
