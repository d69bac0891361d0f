"""The pictures that are measured on: drawn here, so that nothing has to be fetched.

They are written to a folder once and read from there by every process, so that drawing
them counts for nobody's time or memory. Lines and not a font, which is another in each OpenCV.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_infer.errors import OutputError
from edge_infer.glyph.preprocess import prepare_digit
from edge_infer.io.images import read_image

ImageU8 = NDArray[np.uint8]

TENSORS: Final = 512
FILES: Final = 1_000
PAGE_PX: Final = (1200, 900)
FRAME_PX: Final = (640, 480)
# Rows of digits: so many on the page, so few in a camera's frame.
PAGE_ROWS: Final = ("31415", "92653", "58979", "32384")
FRAME_ROWS: Final = ("2718", "2818")
_SEED: Final = 0
_GLYPH_PX: Final = 112
_PAPER: Final = 225
_INK: Final = 40
# Fractions of a pixel in the coordinates of lines, as a power of two.
_SHIFT: Final = 4
# Strokes of the digits in a box of 4 by 6; corners are rounded off when they are drawn.
_STROKES: Final[tuple[tuple[tuple[tuple[float, float], ...], ...], ...]] = (
    (((2, 0), (0, 0), (0, 6), (4, 6), (4, 0), (2, 0)),),
    (((0.8, 1.2), (2.2, 0), (2.2, 6)),),
    (((0, 1.4), (0.4, 0), (3.8, 0), (3.8, 2.6), (0, 6), (4, 6)),),
    (((0.2, 0), (3.8, 0), (3.8, 2.8), (1.4, 2.9), (4, 3), (4, 6), (0, 6)),),
    (((2.2, 0), (0, 3.6), (4, 3.6)), ((3.0, 1.6), (3.0, 6))),
    (((3.8, 0), (0.4, 0), (0.2, 2.6), (4, 2.2), (4, 6), (0, 6)),),
    (((3.2, 0), (0, 2), (0, 6), (4, 6), (4, 2.8), (0.2, 3)),),
    (((0, 0), (4, 0), (1.4, 6)),),
    (((2, 2.8), (0, 2.6), (0, 0), (4, 0), (4, 2.6), (0, 3.2), (0, 6), (4, 6), (4, 3), (2, 2.8)),),
    (((4, 2.4), (0, 3.4), (0, 0), (4, 0), (4, 1), (3.4, 6)),),
)


@dataclass(frozen=True)
class Pictures:
    """Pictures in a folder; made by :func:`draw_pictures`."""

    root: Path

    @property
    def files(self) -> Path:
        """A folder of PNG files of 28x28 pixels, :data:`FILES` unless fewer were asked for."""
        return self.root / "files"

    @property
    def file(self) -> Path:
        """One of them."""
        return self.files / "0000.png"

    def tensors(self, count: int) -> ImageU8:
        """Return ready tensors, uint8 (count, 28, 28), of at most :data:`TENSORS`."""
        tensors: ImageU8 = np.load(self.root / "tensors.npy", mmap_mode=None)
        return tensors[:count].copy()

    def page(self) -> ImageU8:
        """Return a page, uint8 (900, 1200, 3) BGR."""
        return read_image(self.root / "page.png")

    def frame(self) -> ImageU8:
        """Return a camera's frame, uint8 (480, 640, 3) BGR."""
        return read_image(self.root / "frame.png")


def draw_pictures(root: Path, *, files: int = FILES) -> Pictures:
    """Draw all pictures into an empty folder.

    Args:
        root: The folder.
        files: PNG files to write, at least one.

    Raises:
        OutputError: The folder cannot be written.
    """
    rng = np.random.default_rng(_SEED)
    pictures = Pictures(root)
    glyphs = [draw_glyph(at % 10, rng) for at in range(TENSORS)]
    tensors = [tensor for tensor in map(prepare_digit, glyphs) if tensor is not None]
    try:
        np.save(root / "tensors.npy", np.stack(tensors))
        pictures.files.mkdir()
    except OSError as error:
        raise OutputError(f"cannot write {root}: {error.strerror}", code="unwritable") from error
    for at in range(files):
        _write(pictures.files / f"{at:04d}.png", tensors[at % len(tensors)])
    _write(root / "page.png", draw_page(PAGE_ROWS, PAGE_PX, rng))
    _write(root / "frame.png", draw_page(FRAME_ROWS, FRAME_PX, rng))
    return pictures


def draw_glyph(digit: int, rng: np.random.Generator) -> ImageU8:
    """Draw one digit, dark on light, uint8 (112, 112): slanted, narrow or thick by chance."""
    ink = np.zeros((_GLYPH_PX, _GLYPH_PX), np.uint8)
    height = 0.6 * _GLYPH_PX
    _draw_digit(ink, digit, (0.3 * _GLYPH_PX, 0.2 * _GLYPH_PX), height, rng)
    return np.asarray(_PAPER - ink // 255 * (_PAPER - _INK), np.uint8)


def draw_page(rows: tuple[str, ...], size_px: tuple[int, int], rng: np.random.Generator) -> ImageU8:
    """Draw rows of digits on paper with some grain, lit from one side.

    Args:
        rows: Digits of each row.
        size_px: Width and height.
        rng: Of the grain, and of what makes each digit a little another.

    Returns:
        uint8 (height, width, 3) BGR.
    """
    width, height = size_px
    ink = np.zeros((height, width), np.uint8)
    digit_px = 0.5 * height / (len(rows) + 1)
    for at, row in enumerate(rows, 1):
        x, y = 0.15 * width, height * at / (len(rows) + 1) - digit_px / 2
        for digit in row:
            place = (x, y + 0.05 * digit_px * rng.uniform(-1, 1))
            _draw_digit(ink, int(digit), place, digit_px, rng)
            x += digit_px * rng.uniform(1.0, 1.2)
    light = np.linspace(_PAPER, 0.8 * _PAPER, width)
    page = light * (1 - ink / 255 * (1 - _INK / _PAPER)) + rng.normal(0, 3, ink.shape)
    grey = np.clip(page, 0, 255).astype(np.uint8)
    return np.repeat(grey[..., None], 3, axis=2)


def _draw_digit(
    ink: ImageU8,
    digit: int,
    corner: tuple[float, float],
    height: float,
    rng: np.random.Generator,
) -> None:
    """Draw the strokes of a digit in 255; ``corner`` is its upper left one."""
    slant, narrow = rng.uniform(-0.1, 0.2), rng.uniform(0.85, 1.0)
    thickness = max(1, round(height * rng.uniform(0.09, 0.13)))
    for stroke in _STROKES[digit]:
        x, y = _rounded_off(np.array(stroke, np.float64)).T / 6
        points = np.stack((narrow * x + slant * (0.5 - y), y), axis=1) * height + corner
        fixed = np.rint(points * 2**_SHIFT).astype(np.int32)
        cv2.polylines(ink, [fixed[:, None]], False, 255, thickness, cv2.LINE_8, _SHIFT)


def _rounded_off(points: NDArray[np.float64], times: int = 3) -> NDArray[np.float64]:
    """Cut the corners of a line of (n, 2) points (Chaikin 1974); its ends stay."""
    for _ in range(times):
        near = 0.75 * points[:-1] + 0.25 * points[1:]
        far = 0.25 * points[:-1] + 0.75 * points[1:]
        between = np.stack((near, far), axis=1).reshape(-1, 2)
        points = np.concatenate((points[:1], between, points[-1:]))
    return points


def _write(path: Path, picture: ImageU8) -> None:
    if not cv2.imwrite(str(path), picture):
        raise OutputError(f"cannot write {path}: is the disk full?", code="unwritable")
