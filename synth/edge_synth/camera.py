"""The camera: the perspective in which it sees the paper, light, blur, noise, compression."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_synth.arrays import ImageF32, ImageU8, Points, Rng, rotation
from edge_synth.hand import Glyph, Stroke
from edge_synth.noise import blur, sensor_noise
from edge_synth.spec import PageSpec

# Side of the small map on which light is computed, in pixels.
_MAP: Final = 160
# Range of the blur of a shadow's edge, as a share of the map's side.
_SHADOW_BLUR: Final = (0.005, 0.08)
# Largest deviation of the light's colour from white.
_TINT: Final = 0.06


@dataclass(frozen=True, eq=False)
class View:
    """The camera's view of the flat paper.

    Attributes:
        matrix: float64 (3, 3), the homography from x, y, 1 on the paper to the image.
        width: Of the image, in pixels.
        height: Of the image, in pixels.
    """

    matrix: NDArray[np.float64]
    width: int
    height: int

    def map(self, points: Points) -> Points:
        """Map points of the paper, float64 (n, 2), to the image, float64 (n, 2)."""
        return _project(self.matrix, points)

    def see(self, glyph: Glyph) -> Glyph:
        """Map a glyph on the paper to the image."""
        strokes = tuple(Stroke(self.map(one.points), one.pressure) for one in glyph.strokes)
        return Glyph(glyph.label, strokes)

    def visible(self) -> tuple[float, float, float, float]:
        """Return left, top, right and bottom of the part of the paper in the image."""
        corners = np.array([(x, y) for x in (0, self.width) for y in (0, self.height)], float)
        back = _project(np.asarray(np.linalg.inv(self.matrix), np.float64), corners)
        left, top = back.min(axis=0).tolist()
        right, bottom = back.max(axis=0).tolist()
        return left, top, right, bottom


def frame(spec: PageSpec, points: Points, size_px: tuple[int, int] | None = None) -> View:
    """Return a view of the writing.

    Args:
        spec: Gives rotation, tilt and margin.
        points: float64 (n, 2), all points of the writing on the paper.
        size_px: Width and height of the image, with the writing in its middle. When None,
            the image is as large as the writing with the margin around it.
    """
    margin = spec.margin * spec.digit_height_px
    centre = (points.min(axis=0) + points.max(axis=0)) / 2
    turn = np.eye(3)
    turn[:2, :2] = rotation(np.deg2rad(spec.turn_deg))
    away = np.eye(3)
    away[2, 1] = -spec.tilt / (float(np.ptp(points, axis=0).max()) + 2 * margin)
    matrix = away @ turn @ _shift(-centre)
    mapped = _project(matrix, points)
    low, high = mapped.min(axis=0) - margin, mapped.max(axis=0) + margin
    size = np.ceil(high - low) if size_px is None else np.array(size_px)
    corner = low if size_px is None else (low + high - size) / 2
    width, height = size.astype(int).tolist()
    return View(_shift(-corner) @ matrix, width, height)


def photograph(page: ImageF32, spec: PageSpec, rng: Rng) -> ImageU8:
    """Light a page and take its picture.

    Args:
        page: float32 (h, w, 3) BGR, 0-255.
        spec: Gives light, blur, noise and compression.
        rng: Source of randomness.

    Returns:
        uint8 (h, w, 3) BGR.
    """
    if spec.light != "even" or spec.exposure != 1.0:
        page = page * _light(spec, (page.shape[0], page.shape[1]), rng)
    if spec.blur_px > 0:
        page = blur(page, spec.blur_px)
    if spec.noise_sd > 0:
        noise = sensor_noise((page.shape[0], page.shape[1]), rng)
        page = np.asarray(page + spec.noise_sd * noise, np.float32)
    image = np.clip(np.rint(page), 0, 255).astype(np.uint8)
    if spec.jpeg_quality is None:
        return image
    _, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, spec.jpeg_quality])
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)


def _light(spec: PageSpec, shape: tuple[int, int], rng: Rng) -> ImageF32:
    """Return the light on every pixel, float32 (h, w, 3), about 0-1."""
    y, x = np.mgrid[0:_MAP, 0:_MAP].astype(np.float32) / _MAP - 0.5
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
    tint = 1 + rng.uniform(-_TINT, _TINT, 3) * (spec.light != "even")
    kept = spec.exposure * (1 - spec.light_depth * np.clip(lost, 0, 1))
    small = (kept[:, :, None] * tint).astype(np.float32)
    light = cv2.resize(small, shape[::-1], interpolation=cv2.INTER_LINEAR)
    return np.asarray(light, np.float32)


def _shadow(along: ImageF32, x: ImageF32, y: ImageF32, rng: Rng) -> ImageF32:
    """Return a shadow, float32 (h, w), 0-1: a bent edge across the page and a disc."""
    bend = 0.08 * np.sin(6 * (x - y) + rng.uniform(0, 6))
    edge = (along + bend > rng.uniform(-0.25, 0.25)).astype(np.float32)
    centre = rng.uniform(-0.5, 0.5, 2)
    disc = np.hypot(x - centre[0], y - centre[1]) < rng.uniform(0.1, 0.35)
    both = np.maximum(edge, np.float32(0.7) * disc.astype(np.float32))
    return blur(both, float(rng.uniform(*_SHADOW_BLUR)) * _MAP)


def _shift(by: Points) -> NDArray[np.float64]:
    """Return the homography of a translation, float64 (3, 3)."""
    return np.array([[1, 0, by[0]], [0, 1, by[1]], [0, 0, 1]], np.float64)


def _project(matrix: NDArray[np.float64], points: Points) -> Points:
    mapped = np.column_stack([points, np.ones(len(points))]) @ matrix.T
    projected: Points = mapped[:, :2] / mapped[:, 2:]
    return projected
