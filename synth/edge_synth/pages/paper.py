"""Paper: its colour and fibres, and the lines printed on it."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_synth.pages.layout import Writing
from edge_synth.pages.noise import grey_noise
from edge_synth.pages.spec import PageSpec
from edge_synth.pages.view import View

ImageU8 = NDArray[np.uint8]
PictureF32 = NDArray[np.float32]

# BGR colours.
PAPERS: Final = {
    "white": (255, 255, 255),
    "cream": (214, 232, 240),
    "grey": (196, 200, 198),
    "dark": (44, 52, 46),
}
PRINTS: Final = ((168, 128, 96), (120, 120, 120), (110, 90, 170), (140, 150, 90))
# Grey levels of the roughest paper's fibres and of its dents, standard deviations.
FIBRE_SD, DENT_SD = 3.0, 5.0
# Heights of a digit between the dots of a form line, and the radius of one.
DOT_PITCH, DOT_RADIUS = 0.14, 0.022
# Below a base line, in heights: where a ruled line runs, and between what a dotted one may.
BELOW: Final = 0.07
DOTS_BELOW: Final = (-0.12, 0.08)


def blank_paper(spec: PageSpec, shape: tuple[int, int], rng: np.random.Generator) -> PictureF32:
    """Return paper of the right colour: float32 (h, w, 3), 0-255."""
    rough = np.zeros(shape, np.float32)
    if spec.texture > 0.0:
        fibres = cv2.GaussianBlur(grey_noise(shape, rng), (0, 0), 1.0) * 3.5
        dents = rng.standard_normal((10, 10), np.float32)
        dents = cv2.resize(dents, shape[::-1], interpolation=cv2.INTER_CUBIC)
        rough = cv2.addWeighted(fibres, spec.texture * FIBRE_SD, dents, spec.texture * DENT_SD, 0.0)
    return cv2.merge([rough + np.float32(level) for level in PAPERS[spec.paper]])


def print_ruling(
    paper: PictureF32, spec: PageSpec, writing: Writing, view: View, rng: np.random.Generator
) -> None:
    """Print the lines that the writing stands on, in place."""
    if spec.ruling == "none":
        return
    layer = np.zeros(paper.shape[:2], np.uint8)
    phase = float(rng.random())
    thickness = max(1, round(float(rng.uniform(0.008, 0.02)) * spec.digit_height_px))
    if spec.ruling == "dotted":
        _print_dots(layer, spec, writing, view, phase)
    else:
        for start, end in _lines(spec, writing, view, phase):
            ends = view.map(np.array([start, end]))
            at = np.rint(ends * 16).astype(int).tolist()
            cv2.line(layer, at[0], at[1], 255, thickness, cv2.LINE_AA, 4)
    colour = PRINTS[int(rng.integers(len(PRINTS)))]
    if spec.ruling == "dotted":
        colour = (60, 60, 60)
    blend(paper, layer, colour, spec.ruling_strength)


def blend(paper: PictureF32, layer: ImageU8, colour: tuple[int, int, int], opacity: float) -> None:
    """Lay a colour over the paper where a layer covers it, in place."""
    x, y, width, height = cv2.boundingRect(layer)
    part = paper[y : y + height, x : x + width]
    alpha = layer[y : y + height, x : x + width, None] * np.float32(opacity / 255)
    part += alpha * (np.array(colour, np.float32) - part)


def _lines(
    spec: PageSpec, writing: Writing, view: View, phase: float
) -> list[tuple[tuple[float, float], tuple[float, float]]]:
    """Return the ends of all printed lines, on the flat paper."""
    left, top, right, bottom = view.seen()
    height = spec.digit_height_px
    pitch = spec.ruling_pitch * height
    rows = np.arange(np.floor(top / pitch), np.ceil(bottom / pitch) + 1) * pitch + phase * pitch
    columns = np.arange(np.floor(left / pitch), np.ceil(right / pitch) + 1) * pitch + phase * pitch
    if spec.ruling == "ruled":
        pitch = spec.leading * height
        below = writing.baselines[0] + BELOW * height
        rows = below + np.arange(np.floor((top - below) / pitch), (bottom - below) / pitch) * pitch
    level = [((left, float(y)), (right, float(y))) for y in rows]
    upright = [((float(x), top), (float(x), bottom)) for x in columns]
    return {"ruled": level, "vertical": upright}.get(spec.ruling, level + upright)


def _print_dots(layer: ImageU8, spec: PageSpec, writing: Writing, view: View, phase: float) -> None:
    """Print a row of dots under each row of writing, or through its feet."""
    height = spec.digit_height_px
    radius = max(1, round(DOT_RADIUS * height))
    ends = writing.points()[:, 0]
    for base in writing.baselines:
        y = base + float(np.interp(phase, (0, 1), DOTS_BELOW)) * height
        xs = np.arange(ends.min() - 0.3 * height, ends.max() + 0.8 * height, DOT_PITCH * height)
        for point in view.map(np.column_stack([xs, np.full_like(xs, y)])):
            at = np.rint(point * 16).astype(int).tolist()
            cv2.circle(layer, at, radius * 16, 255, -1, cv2.LINE_AA, 4)
