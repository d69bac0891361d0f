"""Paper: its colour, its fibres and the lines that are printed on it.

Paper is float32 (h, w, 3) BGR, 0-255.
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np

from edge_synth.arrays import SHIFT, ImageF32, ImageU8, Points, Rng, fixed_point
from edge_synth.camera import View
from edge_synth.ink import blend
from edge_synth.layout import Writing
from edge_synth.noise import blur, grey_noise
from edge_synth.spec import PageSpec

# BGR colours.
_PAPERS: Final = {
    "white": (255, 255, 255),
    "cream": (214, 232, 240),
    "grey": (196, 200, 198),
    "dark": (44, 52, 46),
}
_PRINTS: Final = ((168, 128, 96), (120, 120, 120), (110, 90, 170), (140, 150, 90))
_DOTS: Final = (60, 60, 60)
# Standard deviations, in grey levels, of the fibres and dents of the roughest paper.
_FIBRE_SD, _DENT_SD = 3.0, 5.0
# Distance between the dots of a dotted line and radius of a dot, in heights of a digit.
_DOT_PITCH, _DOT_RADIUS = 0.14, 0.022
# Distance of a ruled line below the baseline and range of a dotted line's distance, in heights.
_BELOW: Final = 0.07
_DOTS_BELOW: Final = (-0.12, 0.08)


def blank_paper(spec: PageSpec, shape: tuple[int, int], rng: Rng) -> ImageF32:
    """Return paper without print: float32 (h, w, 3) BGR, about 0-255."""
    rough = np.zeros(shape, np.float32)
    if spec.texture > 0.0:
        # The factor restores the standard deviation of 1 after the blur.
        fibres = blur(grey_noise(shape, rng), 1.0) * 3.5
        coarse = rng.standard_normal((10, 10), np.float32)
        dents = cv2.resize(coarse, shape[::-1], interpolation=cv2.INTER_CUBIC)
        rough += np.float32(spec.texture * _FIBRE_SD) * fibres
        rough += np.float32(spec.texture * _DENT_SD) * np.asarray(dents, np.float32)
    return rough[:, :, None] + np.array(_PAPERS[spec.paper], np.float32)


def print_ruling(paper: ImageF32, spec: PageSpec, writing: Writing, view: View, rng: Rng) -> None:
    """Print the lines on which the writing stands into the paper, in place."""
    if spec.ruling == "none":
        return
    layer = np.zeros(paper.shape[:2], np.uint8)
    phase = float(rng.random())
    thickness = max(1, round(float(rng.uniform(0.008, 0.02)) * spec.digit_height_px))
    colour = _PRINTS[int(rng.integers(len(_PRINTS)))]
    if spec.ruling == "dotted":
        colour = _DOTS
        _print_dots(layer, spec, writing, view, phase)
    else:
        for ends in _lines(spec, writing, view, phase):
            start, end = fixed_point(view.map(ends)).tolist()
            cv2.line(layer, start, end, 255, thickness, cv2.LINE_AA, SHIFT)
    blend(paper, layer, colour, spec.ruling_strength)


def _lines(spec: PageSpec, writing: Writing, view: View, phase: float) -> list[Points]:
    """Return the ends of all printed lines on the flat paper, float64 (2, 2) each."""
    left, top, right, bottom = view.visible()
    height = spec.digit_height_px
    pitch = spec.ruling_pitch * height
    rows = np.arange(np.floor(top / pitch), np.ceil(bottom / pitch) + 1) * pitch + phase * pitch
    columns = np.arange(np.floor(left / pitch), np.ceil(right / pitch) + 1) * pitch + phase * pitch
    if spec.ruling == "ruled":
        pitch = spec.leading * height
        below = writing.baselines[0] + _BELOW * height
        rows = below + np.arange(np.floor((top - below) / pitch), (bottom - below) / pitch) * pitch
    level = [np.array(((left, y), (right, y))) for y in rows]
    upright = [np.array(((x, top), (x, bottom))) for x in columns]
    return {"ruled": level, "vertical": upright}.get(spec.ruling, level + upright)


def _print_dots(layer: ImageU8, spec: PageSpec, writing: Writing, view: View, phase: float) -> None:
    """Print a row of dots below each row of writing or through the feet of its digits."""
    height = spec.digit_height_px
    radius = max(1, round(_DOT_RADIUS * height))
    ends = writing.points()[:, 0]
    for base in writing.baselines:
        y = base + float(np.interp(phase, (0, 1), _DOTS_BELOW)) * height
        xs = np.arange(ends.min() - 0.3 * height, ends.max() + 0.8 * height, _DOT_PITCH * height)
        centres = fixed_point(view.map(np.column_stack([xs, np.full_like(xs, y)])))
        for centre in centres.tolist():
            cv2.circle(layer, centre, radius << SHIFT, 255, -1, cv2.LINE_AA, SHIFT)
