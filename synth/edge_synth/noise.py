"""Noise and blur. Noise is drawn once as a square tile: a page of it is slow to draw."""

from __future__ import annotations

from functools import cache
from typing import Final

import cv2
import numpy as np

from edge_synth.arrays import ImageF32, Rng

# Side of the tile in pixels, larger than any digit.
_SIDE: Final = 512
# Standard deviation of colour noise, as a share of that of grey noise.
_CHROMA: Final = 0.35


def grey_noise(shape: tuple[int, int], rng: Rng) -> ImageF32:
    """Return standard normal noise, float32 (h, w)."""
    return _tiled(_grey_tile(), shape, rng)


def sensor_noise(shape: tuple[int, int], rng: Rng) -> ImageF32:
    """Return standard normal noise with weaker, coarser colour noise, float32 (h, w, 3)."""
    return _tiled(_sensor_tile(), shape, rng)


def blur(image: ImageF32, sd_px: float) -> ImageF32:
    """Blur with a Gaussian: float32 of the shape of ``image``."""
    return np.asarray(cv2.GaussianBlur(image, (0, 0), sd_px), np.float32)


@cache
def _grey_tile() -> ImageF32:
    return np.random.default_rng(0).standard_normal((_SIDE, _SIDE), np.float32)


@cache
def _sensor_tile() -> ImageF32:
    half = np.random.default_rng(1).standard_normal((_SIDE // 2, _SIDE // 2, 3), np.float32)
    colour = np.asarray(cv2.resize(half, (_SIDE, _SIDE)), np.float32)
    return np.asarray(_grey_tile()[:, :, None] + _CHROMA * colour, np.float32)


def _tiled(tile: ImageF32, shape: tuple[int, int], rng: Rng) -> ImageF32:
    y, x = rng.integers(0, _SIDE, 2).tolist()
    rows = (np.arange(shape[0]) + y) % _SIDE
    columns = (np.arange(shape[1]) + x) % _SIDE
    noise: ImageF32 = tile[rows[:, None], columns[None, :]]
    return noise
