"""The numbers of an exploration as plain JSON values: the whole of ``report.json``."""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from edge_analysis.exploration.analysis import Exploration
from edge_analysis.exploration.duplicates import NEAR_DIFFERENCE, NearPair
from edge_analysis.exploration.prototypes import Ranked

FORMAT_VERSION: Final = 1
_DIGITS: Final = 6


def json_values(found: Exploration) -> dict[str, Any]:
    """Return everything that was found but the pictures.

    Pictures go by their names, such as ``"test 17"``; classes stand in the order of
    ``class_names``; None (``null``) stands where there is nothing to measure.
    """
    pictures = found.pictures
    return {
        "format_version": FORMAT_VERSION,
        "data": pictures.name,
        "class_names": list(pictures.class_names),
        "pictures": len(pictures.labels),
        "splits": [
            {
                "name": split.name,
                "pictures": len(split.labels),
                "pictures_by_class": counts.tolist(),
                "pixels_by_grey_level": levels.tolist(),
            }
            for split, counts, levels in zip(
                pictures.splits, pictures.counts, found.levels, strict=True
            )
        ],
        "ink_percent_mean": _rounded(found.glyphs.ink_percent.mean()),
        "without_ink": found.without_ink,
        "classes": [_class_values(found, label) for label in range(len(pictures.class_names))],
        "compared": _compared_values(found),
        "duplicates": _duplicate_values(found),
        "confusable": _confusable_values(found),
    }


def _class_values(found: Exploration, label: int) -> dict[str, Any]:
    spreads = {name: spreads[label] for name, spreads in found.spreads.items()}
    ranked = found.prototypes[label]
    return {
        "name": found.pictures.class_names[label],
        "pictures": int(found.pictures.counts[:, label].sum()),
        "variance_mean_grey_levels_squared": _rounded(found.images.variance[label].mean()),
        **{
            name: None if one is None else {key: _rounded(v) for key, v in asdict(one).items()}
            for name, one in spreads.items()
        },
        "typical": [_ranked_values(found, one) for one in ranked.typical],
        "unusual": [_ranked_values(found, one) for one in ranked.unusual],
    }


def _ranked_values(found: Exploration, ranked: Ranked) -> dict[str, Any]:
    return {"picture": found.pictures.name_of(ranked.row), "distance": _rounded(ranked.distance)}


def _compared_values(found: Exploration) -> dict[str, Any]:
    return {
        "pictures": len(found.compared),
        "dimensions": found.dimensions,
        "variance_kept": _rounded(found.variance_kept),
        "distance_to_next_of_class_median": _rounded(found.neighbour_distance),
    }


def _duplicate_values(found: Exploration) -> dict[str, Any]:
    duplicates, name_of = found.duplicates, found.pictures.name_of
    return {
        "near_limit": NEAR_DIFFERENCE,
        "places": [asdict(place) for place in duplicates.places],
        "exact": [[name_of(row) for row in group] for group in duplicates.exact],
        "conflicting": [[name_of(row) for row in group] for group in duplicates.conflicting],
        "near": [_near_values(found, pair) for pair in duplicates.near],
    }


def _near_values(found: Exploration, pair: NearPair) -> dict[str, Any]:
    rows = (pair.first, pair.second)
    return {
        "pictures": [found.pictures.name_of(row) for row in rows],
        "classes": [found.pictures.class_of(row) for row in rows],
        "ink_difference": _rounded(pair.difference),
    }


def _confusable_values(found: Exploration) -> dict[str, Any]:
    confusable, names = found.confusability, found.pictures.class_names
    return {
        "mean_distances": _table(confusable.mean_distances),
        "nearest_neighbours": confusable.neighbours.tolist(),
        "crossing_share": _rounded(confusable.crossing_share),
        "pairs": [
            {
                "classes": [names[pair.first], names[pair.second]],
                "crossings": pair.crossings,
                "n": pair.n,
                "share": _rounded(pair.share),
            }
            for pair in confusable.pairs
        ],
        "stray_count": confusable.stray_count,
        "strays": [
            {
                "picture": found.pictures.name_of(stray.row),
                "class": found.pictures.class_of(stray.row),
                "nearest": found.pictures.name_of(stray.nearest),
                "nearest_class": found.pictures.class_of(stray.nearest),
                "own_distance": _rounded(stray.own_distance),
                "other_distance": _rounded(stray.other_distance),
            }
            for stray in confusable.strays
        ],
    }


def _table(values: NDArray[np.float64]) -> list[list[float | None]]:
    return [[_rounded(value) for value in row] for row in values]


def _rounded(value: float | None) -> float | None:
    """Round to as many digits as mean something; None for what is no number."""
    if value is None or not math.isfinite(value):
        return None
    return value if isinstance(value, int) else float(f"{float(value):.{_DIGITS}g}")
