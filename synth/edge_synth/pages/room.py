"""What is to be seen behind a page that is held before a camera: a room."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_synth.arrays import Box
from edge_synth.pages.spec import PageSpec

PictureF32 = NDArray[np.float32]

# How many things stand in a room, and how many edges of wall, door and window.
THINGS: Final = (2, 7)
EDGES: Final = (2, 8)
# Of the free height above the writing, what the room has.
SEEN: Final = (0.5, 0.8)


def hold_up_in_room(
    paper: PictureF32, spec: PageSpec, boxes: list[Box], rng: np.random.Generator
) -> None:
    """Let the room be seen above the page, in place: lamps, frames, edges, by their outlines."""
    if "room" not in spec.clutter:
        return
    height = int(min(box.y for box in boxes) * rng.uniform(*SEEN))
    width = paper.shape[1]
    if height < 1:
        return
    room = np.full((height, width, 3), rng.uniform(90, 230), np.float32)
    for _ in range(int(rng.integers(*THINGS))):
        centre = (rng.uniform(0, width), rng.uniform(0, height))
        size = rng.uniform(0.05, 0.6, 2) * height
        corners = cv2.boxPoints((centre, size.tolist(), float(rng.uniform(-25, 25))))
        cv2.fillPoly(room, [np.rint(corners).astype(np.int32)], _shade(rng), cv2.LINE_AA)
    for _ in range(int(rng.integers(*EDGES))):
        ends = (rng.uniform(-0.2, 1.2, (2, 2)) * (width, height)).astype(int).tolist()
        cv2.line(room, ends[0], ends[1], _shade(rng), int(rng.integers(1, 6)), cv2.LINE_AA)
    room += rng.normal(0, 2, room.shape).astype(np.float32)
    paper[:height] = room


def _shade(rng: np.random.Generator) -> tuple[float, float, float]:
    level = float(rng.uniform(30, 250))
    return level, level, level
