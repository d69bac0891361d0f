"""Draw the README's picture: a sheet of pen strokes, read by the shipped model.

The strokes are curves of our own with a shaking hand; the boxes and labels are what
`edge-mnist webcam` draws on a frame. Usage: python tools/draw_example.py [OUT.jpg]
"""

from __future__ import annotations

import argparse
import sys
from itertools import pairwise
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_infer import PageReader
from edge_infer.camera import Frame, recognise_frames
from edge_infer.camera.overlay import draw_overlay

# Strokes of each digit through points in a box of width 0.6 and height 1, y downwards.
STROKES: Final = {
    "0": [[(0.3, 0), (0.05, 0.3), (0.05, 0.7), (0.3, 1), (0.55, 0.7), (0.55, 0.3), (0.28, 0.01)]],
    "1": [[(0.15, 0.22), (0.34, 0.02), (0.33, 0.5), (0.32, 1)]],
    "2": [
        [(0.05, 0.25), (0.25, 0), (0.53, 0.2), (0.4, 0.55), (0.04, 0.97), (0.3, 0.93), (0.58, 0.98)]
    ],
    "3": [
        [(0.08, 0.08), (0.38, 0.02), (0.48, 0.25), (0.24, 0.47)],
        [(0.24, 0.47), (0.55, 0.62), (0.45, 0.93), (0.06, 0.92)],
    ],
    "4": [[(0.38, 0.02), (0.2, 0.35), (0.04, 0.65), (0.56, 0.62)], [(0.42, 0.38), (0.39, 1)]],
    "5": [
        [
            (0.14, 0.05),
            (0.11, 0.25),
            (0.1, 0.43),
            (0.4, 0.42),
            (0.52, 0.7),
            (0.3, 0.98),
            (0.04, 0.9),
        ],
        [(0.13, 0.05), (0.52, 0.03)],
    ],
    "6": [
        [(0.42, 0), (0.16, 0.35), (0.06, 0.75), (0.3, 1), (0.52, 0.75), (0.32, 0.55), (0.1, 0.72)]
    ],
    "7": [[(0.04, 0.05), (0.3, 0.06), (0.55, 0.03), (0.36, 0.45), (0.25, 1)]],
    "8": [
        [
            (0.5, 0.12),
            (0.28, 0.0),
            (0.1, 0.2),
            (0.3, 0.45),
            (0.52, 0.75),
            (0.3, 1),
            (0.08, 0.78),
            (0.3, 0.47),
            (0.5, 0.15),
        ]
    ],
    "9": [
        [(0.5, 0.2), (0.25, 0.02), (0.08, 0.25), (0.26, 0.48), (0.5, 0.2), (0.46, 0.6), (0.4, 1)]
    ],
}
ROWS: Final = ("1 4 1 5 9", "2 6 5 3 5", "8 9 7 0 2")
HEIGHT, WIDTH = 620, 880
INK_BGR: Final = (92, 44, 30)
SEED: Final = 11
_STEPS: Final = 24


def main() -> int:
    """Draw, read, compare with what was written, and save."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("out", nargs="?", type=Path, default=Path("docs/frame.jpg"))
    out: Path = parser.parse_args().out
    page = draw_page(np.random.default_rng(SEED))
    reader = PageReader.load()
    *_, result = recognise_frames(reader, [Frame(page, 0, 0.0), Frame(page, 1, 0.1)])
    out.write_bytes(cv2.imencode(".jpg", draw_overlay(result))[1].tobytes())
    read = [digit.label for digit in result.digits]
    written = [label for row in ROWS for label in row.split()]
    print(
        f"{out}: {sum(a == b for a, b in zip(read, written, strict=False))} of {len(written)} read"
    )
    return 0 if read == written else 1


def draw_page(rng: np.random.Generator) -> NDArray[np.uint8]:
    """Return uint8 (620, 880, 3) BGR: grainy paper in uneven light, with three rows of digits."""
    light = np.linspace(1.04, 0.8, WIDTH)[None, :] * np.linspace(1.0, 0.9, HEIGHT)[:, None]
    grain = cv2.GaussianBlur(rng.normal(0, 9, (HEIGHT, WIDTH)), (0, 0), 1.2)
    paper = np.array((206, 222, 228)) * light[..., None] + grain[..., None]
    ink = np.zeros((HEIGHT, WIDTH), np.uint8)
    for row, labels in enumerate(ROWS):
        for column, label in enumerate(labels.split()):
            corner = np.array((110 + 145 * column, 72 + 176 * row)) + rng.uniform(-14, 14, 2)
            _write(ink, label, corner, size=float(rng.uniform(82, 104)), rng=rng)
    cover = (
        cv2.GaussianBlur(ink, (0, 0), 0.8)[..., None]
        / 255
        * rng.uniform(0.82, 1, (HEIGHT, WIDTH, 1))
    )
    return np.clip(paper * (1 - cover) + np.array(INK_BGR) * cover, 0, 255).astype(np.uint8)


def _write(
    ink: NDArray[np.uint8],
    label: str,
    corner: NDArray[np.float64],
    *,
    size: float,
    rng: np.random.Generator,
) -> None:
    slant = rng.uniform(-0.18, 0.06)
    for stroke in STROKES[label]:
        points = np.array(stroke) + rng.normal(0, 0.02, (len(stroke), 2))
        points[:, 0] -= slant * (points[:, 1] - 0.5)
        curve = _curve(points) * size + corner
        for index, (start, end) in enumerate(pairwise(curve)):
            pressure = 3.2 + 1.4 * np.sin(index / 9 + size)
            ends = [tuple(np.round(16 * point).astype(int).tolist()) for point in (start, end)]
            cv2.line(ink, *ends, 255, round(size / 22 + pressure - 2), cv2.LINE_AA, 4)


def _curve(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Pass a smooth curve through points (Catmull & Rom 1974)."""
    padded = np.concatenate((points[:1], points, points[-1:]))
    t = np.linspace(0, 1, _STEPS, endpoint=False)[:, None]
    pieces = []
    for a, b, c, d in zip(padded, padded[1:], padded[2:], padded[3:], strict=False):
        linear, square, cube = c - a, 2 * a - 5 * b + 4 * c - d, 3 * (b - c) + d - a
        pieces.append(b + 0.5 * (linear * t + square * t**2 + cube * t**3))
    return np.concatenate((*pieces, points[-1:]))


if __name__ == "__main__":
    sys.exit(main())
