"""Light and camera: what happens to a page between the desk and the file."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_synth.pages.noise import sensor_noise
from edge_synth.pages.spec import PageSpec

ImageU8 = NDArray[np.uint8]
PictureF32 = NDArray[np.float32]

# Sides of the small map that light is computed on.
MAP: Final = 160
# Softness of a shadow's edge, in hundredths of the map's side.
SHADOW_SOFTNESS: Final = (0.5, 8.0)


def photograph(page: PictureF32, spec: PageSpec, rng: np.random.Generator) -> ImageU8:
    """Light a page and take its picture: uint8 (h, w, 3)."""
    if spec.light != "even" or spec.exposure != 1.0:
        page = cv2.multiply(page, _light(spec, page.shape[:2], rng))
    if spec.blur_px > 0:
        page = cv2.GaussianBlur(page, (0, 0), spec.blur_px)
    if spec.noise_sd > 0:
        page = cv2.scaleAdd(sensor_noise(page.shape[:2], rng), spec.noise_sd, page)
    picture = cv2.convertScaleAbs(cv2.max(page, 0.0))
    if spec.jpeg_quality is None:
        return picture
    _, data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, spec.jpeg_quality])
    return cv2.imdecode(data, cv2.IMREAD_COLOR).astype(np.uint8)


def _light(spec: PageSpec, shape: tuple[int, int], rng: np.random.Generator) -> PictureF32:
    """Return the light on every pixel: float32 (h, w, 3), 0-1."""
    y, x = np.mgrid[0:MAP, 0:MAP].astype(np.float32) / MAP - 0.5
    angle = rng.uniform(0, 2 * np.pi)
    along = x * np.cos(angle) + y * np.sin(angle)
    if spec.light == "gradient":
        lost = (along + 0.7) / 1.4
    elif spec.light == "vignette":
        lost = 2 * ((x - rng.uniform(-0.15, 0.15)) ** 2 + (y - rng.uniform(-0.15, 0.15)) ** 2)
    elif spec.light == "shadow":
        lost = _shadow(along, x, y, rng)
    else:
        lost = np.zeros_like(x)
    tint = 1 + rng.uniform(-0.06, 0.06, 3) * (spec.light != "even")
    kept = spec.exposure * (1 - spec.light_depth * np.clip(lost, 0, 1))
    small = (kept[:, :, None] * tint).astype(np.float32)
    return cv2.resize(small, shape[::-1], interpolation=cv2.INTER_LINEAR)


def _shadow(
    along: PictureF32, x: PictureF32, y: PictureF32, rng: np.random.Generator
) -> PictureF32:
    """Return a hand's or head's shadow: a bent edge across the page, and a round one."""
    bend = 0.08 * np.sin(6 * (x - y) + rng.uniform(0, 6))
    edge = (along + bend > rng.uniform(-0.25, 0.25)).astype(np.float32)
    centre = rng.uniform(-0.5, 0.5, 2)
    near = np.hypot(x - centre[0], y - centre[1]) < rng.uniform(0.1, 0.35)
    both = np.maximum(edge, 0.7 * near.astype(np.float32))
    return cv2.GaussianBlur(both, (0, 0), float(rng.uniform(*SHADOW_SOFTNESS)) * MAP / 100)
