"""Figures of how close the classes lie."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from edge_analysis.exploration.analysis import Exploration
from edge_analysis.exploration.drawing import draw_heat_map
from edge_analysis.exploration.wording import listed, percent, quoted
from edge_analysis.report_page.drawn import Drawn

# Classes whose cells have room for a number.
_MOST_WRITTEN: Final = 12
_PAIRS_NAMED: Final = 3


def mean_distance_figures(found: Exploration) -> Iterator[Drawn]:
    """Draw the distances between mean pictures; nothing where there is one class."""
    names, distances = found.pictures.class_names, found.confusability.mean_distances.copy()
    np.fill_diagonal(distances, np.nan)
    if np.isnan(distances).all():
        return
    (a, b), (c, d) = (
        np.unravel_index(find(distances), distances.shape) for find in (np.nanargmin, np.nanargmax)
    )
    caption = (
        "Distance between mean pictures (root of the summed squares, pixels 0 to 1). Closest are "
        f"{quoted(names[a])} and {quoted(names[b])} ({distances[a, b]:.2f}), farthest apart "
        f"{quoted(names[c])} and {quoted(names[d])} ({distances[c, d]:.2f})."
    )
    yield Drawn(
        name="mean-distances",
        drawing=draw_heat_map(distances, names, _texts(distances)),
        alt="Heat map: distances between the mean pictures of classes",
        caption=caption,
    )


def neighbour_figures(found: Exploration) -> Iterator[Drawn]:
    """Draw of which class nearest neighbours are, where it is another."""
    names, confusability = found.pictures.class_names, found.confusability
    if not confusability.pairs:
        return
    counts = confusability.neighbours
    shares = 100 * counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    np.fill_diagonal(shares, np.nan)
    pairs = [
        f"{quoted(names[pair.first])} with {quoted(names[pair.second])} ({pair.crossings:,} of "
        f"{pair.n:,})"
        for pair in confusability.pairs[:_PAIRS_NAMED]
    ]
    caption = (
        "Share of each class (row) whose nearest neighbour is of another (column), in %; over "
        f"all classes {percent(confusability.crossing_share)}. Most often {listed(pairs)}."
    )
    yield Drawn(
        name="neighbours",
        drawing=draw_heat_map(shares, names, _texts(shares)),
        alt="Heat map: share of each class whose nearest neighbour is of another",
        caption=caption,
    )


def _texts(values: NDArray[np.float64]) -> list[list[str]]:
    if len(values) > _MOST_WRITTEN:
        return []
    return [[f"{value:.1f}" if value > 0 else "" for value in row] for row in values]
