"""The pictures that are measured on, drawn into a folder from which every process reads them.

They are drawn once, so that drawing counts neither as time nor as memory of a measurement.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_infer.errors import OutputError
from edge_infer.glyph.preprocess import fit_to_box
from edge_infer.io.images import read_image
from edge_synth import PageSpec, draw_digits, draw_page

ImageU8 = NDArray[np.uint8]

TENSORS: Final = 512
FILES: Final = 1_000
# The digits on the page and on the frame of a camera, and width and height of both.
PAGE_ROWS: Final = ("31415", "92653", "58979", "32384")
FRAME_ROWS: Final = ("2718", "2818")
_PAGE_PX: Final = (1200, 900)
_FRAME_PX: Final = (640, 480)
# Paper with some grain and light from one side.
_PAPER: Final = PageSpec(
    spacing=0.6, leading=2.0, jitter=0.5, noise_sd=3.0, light="gradient", light_depth=0.2
)
_SEED: Final = 0


@dataclass(frozen=True)
class Pictures:
    """Pictures in a folder, made by :func:`draw_pictures`."""

    root: Path

    @property
    def files(self) -> Path:
        """A folder of PNG files of 28x28 pixels; their number is that given when drawn."""
        return self.root / "files"

    @property
    def file(self) -> Path:
        """One of the PNG files."""
        return self.files / "0000.png"

    def tensors(self, count: int) -> ImageU8:
        """Return input of a classifier, uint8 (count, 28, 28), at most :data:`TENSORS`."""
        tensors: ImageU8 = np.load(self.root / "tensors.npy", mmap_mode=None)
        return tensors[:count].copy()

    def page(self) -> ImageU8:
        """Return a page, uint8 (900, 1200, 3) BGR."""
        return read_image(self.root / "page.png")

    def frame(self) -> ImageU8:
        """Return a frame of a camera, uint8 (480, 640, 3) BGR."""
        return read_image(self.root / "frame.png")


def draw_pictures(root: Path, *, files: int = FILES) -> Pictures:
    """Draw all pictures into an empty folder.

    Args:
        root: The folder.
        files: Number of PNG files, at least one.

    Raises:
        OutputError: The folder cannot be written.
    """
    pictures = Pictures(root)
    tensors = np.zeros((TENSORS, 28, 28), np.uint8)
    for at, picture in draw_digits(np.arange(TENSORS) % 10, np.random.default_rng(_SEED)):
        tensors[at] = fit_to_box(picture)
    try:
        np.save(root / "tensors.npy", tensors)
        pictures.files.mkdir()
    except OSError as error:
        raise OutputError(f"cannot write {root}: {error.strerror}", code="unwritable") from error
    for at in range(files):
        _write(pictures.files / f"{at:04d}.png", tensors[at % TENSORS])
    for name, rows, size_px in (("page", PAGE_ROWS, _PAGE_PX), ("frame", FRAME_ROWS, _FRAME_PX)):
        spec = replace(_PAPER, rows=rows, digit_height_px=size_px[1] // (2 * len(rows) + 2))
        _write(root / f"{name}.png", draw_page(spec, _SEED, size_px).image)
    return pictures


def _write(path: Path, picture: ImageU8) -> None:
    if not cv2.imwrite(str(path), picture):
        raise OutputError(f"cannot write {path}: is the disk full?", code="unwritable")
