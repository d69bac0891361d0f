"""Noise by the square: drawn once, laid side by side, since a page of it is slow to draw."""

from __future__ import annotations

from functools import cache
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

PictureF32 = NDArray[np.float32]

# Sides of the square in pixels, larger than any digit on the pages.
SIDE: Final = 512
# Colour noise, as a share of that of the grey.
CHROMA: Final = 0.35


def grey_noise(shape: tuple[int, int], rng: np.random.Generator) -> PictureF32:
    """Return standard normal noise: float32 (h, w)."""
    return _laid(_grey_square(), shape, rng)


def sensor_noise(shape: tuple[int, int], rng: np.random.Generator) -> PictureF32:
    """Return standard normal noise, a little of it coloured and coarser: float32 (h, w, 3)."""
    return _laid(_sensor_square(), shape, rng)


@cache
def _grey_square() -> PictureF32:
    return np.random.default_rng(0).standard_normal((SIDE, SIDE), np.float32)


@cache
def _sensor_square() -> PictureF32:
    half = np.random.default_rng(1).standard_normal((SIDE // 2, SIDE // 2, 3), np.float32)
    colour = cv2.resize(half, (SIDE, SIDE)).astype(np.float32)
    return _grey_square()[:, :, None] + np.float32(CHROMA) * colour


def _laid(square: PictureF32, shape: tuple[int, int], rng: np.random.Generator) -> PictureF32:
    y, x = rng.integers(0, SIDE, 2).tolist()
    rows = (np.arange(shape[0]) + y) % SIDE
    columns = (np.arange(shape[1]) + x) % SIDE
    return square[rows[:, None], columns[None, :]]
