"""What a model looks at, over the images themselves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import matplotlib as mpl
import numpy as np
from numpy.typing import NDArray

from edge_analysis.evaluation.answers import Answers, Part, Predictor
from edge_analysis.evaluation.figures.canvas import GREEN, RED
from edge_analysis.evaluation.figures.tiles import Tile, draw_sheet
from edge_analysis.evaluation.occlusion import PATCH, OcclusionMap, map_occlusion
from edge_analysis.report_page.drawn import Drawn
from edge_analysis.text import percent

_RIGHT: Final = 10
_WRONG: Final = 5
_COLUMNS: Final = 5
# Of the digit under the heat, so that its strokes are seen.
_DIGIT: Final = 0.35


def choose_looked_at(answers: Answers, asked: Sequence[int]) -> tuple[int, ...]:
    """Choose images: those asked for, else one right answer a class and the surest errors."""
    if asked:
        return tuple(asked)
    right: dict[int, int] = {}
    for at in np.flatnonzero(answers.right).tolist():
        right.setdefault(int(answers.labels[at]), at)
    some = [right[label] for label in sorted(right)][:_RIGHT]
    return (*some, *answers.errors_by_confidence[:_WRONG].tolist())


def draw_occlusion(
    predictor: Predictor, part: Part, chosen: Sequence[int], names: Sequence[str]
) -> Drawn:
    """Draw images, and under each where covering it costs the model's answer."""
    maps = [map_occlusion(predictor, part.images[at]) for at in chosen]
    tiles = [_tile(part, at, one, names) for at, one in zip(chosen, maps, strict=True)]
    changed = sum(one.least_class_id != one.class_id for one in maps)
    weakest = min(range(len(maps)), key=lambda at: maps[at].least)
    fallen = maps[weakest]
    return Drawn(
        "occlusion",
        draw_sheet(tiles, _COLUMNS),
        "Images, and under each a heat map of where covering it lowers the probability.",
        f"Brighter: where a patch of {PATCH}x{PATCH} pixels of ground lowers the probability of "
        f"the answer, each map on its own scale; below the index, the lowest it falls to. "
        f"Some patch changes the answer to {changed} of the {len(maps)} images; image "
        f"{chosen[weakest]} falls deepest, from {percent(fallen.confidence, 1)} to "
        f"{percent(fallen.least, 1)}.",
    )


def _tile(part: Part, at: int, one: OcclusionMap, names: Sequence[str]) -> Tile:
    label = int(part.labels[at])
    right = one.class_id == label
    mark = " ✓" if right else f", not {names[label]}"
    return Tile(
        (np.repeat(part.images[at][..., np.newaxis], 3, axis=2), _heat(part.images[at], one)),
        (
            f"{names[one.class_id]}{mark}",
            f"#{at}",
            f"{percent(one.confidence, 0)} → {percent(one.least, 0)}",
        ),
        GREEN if right else RED,
    )


def _heat(image: NDArray[np.uint8], one: OcclusionMap) -> NDArray[np.uint8]:
    lost = np.clip(one.lost, 0, None)
    heat = mpl.colormaps["inferno"](lost / max(float(lost.max()), 1e-9))[..., :3]
    mixed = (1 - _DIGIT) * heat + _DIGIT * (image / 255)[..., np.newaxis]
    return np.asarray(np.rint(255 * mixed), np.uint8)
