"""The numbers of an exploration as JSON values: the content of ``report.json``."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, Final

from edge_analysis.exploration.analysis import Exploration
from edge_analysis.exploration.classes import Ranked
from edge_analysis.exploration.duplicates import NEAR_DIFFERENCE

FORMAT_VERSION: Final = 1
_DIGITS: Final = 6


def json_values(found: Exploration) -> dict[str, Any]:
    """Return all numbers of an exploration.

    Pictures are named by split and number, such as ``"test 17"``; lists by class are in the order
    of ``class_names``; undefined numbers are None. Floats are rounded to six digits.
    """
    pictures = found.pictures
    values = {
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
        "ink_percent_mean": float(found.glyphs.ink_percent.mean()),
        "without_ink": found.without_ink,
        "classes": [_class_values(found, label) for label in range(len(pictures.class_names))],
        "compared": {
            "pictures": len(found.compared),
            "dimensions": found.dimensions,
            "variance_kept": found.variance_kept,
            "distance_to_next_of_class_median": found.neighbour_distance,
        },
        "duplicates": _duplicate_values(found),
        "confusable": _similarity_values(found),
    }
    rounded: dict[str, Any] = _rounded(values)
    return rounded


def _class_values(found: Exploration, label: int) -> dict[str, Any]:
    spreads = {name: of_classes[label] for name, of_classes in found.spreads.items()}
    prototypes = found.prototypes[label]
    return {
        "name": found.pictures.class_names[label],
        "pictures": int(found.pictures.counts[:, label].sum()),
        "variance_mean_grey_levels_squared": float(found.images.variance[label].mean()),
        **{name: one and asdict(one) for name, one in spreads.items()},
        "typical": _ranked_values(found, prototypes.typical),
        "unusual": _ranked_values(found, prototypes.unusual),
    }


def _ranked_values(found: Exploration, ranked: Sequence[Ranked]) -> list[dict[str, Any]]:
    name_of = found.pictures.name_of
    return [{"picture": name_of(one.row), "distance": one.distance} for one in ranked]


def _duplicate_values(found: Exploration) -> dict[str, Any]:
    duplicates, pictures = found.duplicates, found.pictures
    return {
        "near_limit": NEAR_DIFFERENCE,
        "places": [asdict(place) for place in duplicates.places],
        "exact": [list(map(pictures.name_of, group)) for group in duplicates.exact],
        "conflicting": [list(map(pictures.name_of, group)) for group in duplicates.conflicting],
        "near": [
            {
                "pictures": [pictures.name_of(pair.first), pictures.name_of(pair.second)],
                "classes": [pictures.class_of(pair.first), pictures.class_of(pair.second)],
                "ink_difference": pair.difference,
            }
            for pair in duplicates.near
        ],
    }


def _similarity_values(found: Exploration) -> dict[str, Any]:
    similarity, pictures = found.similarity, found.pictures
    return {
        "mean_distances": similarity.mean_distances.tolist(),
        "nearest_neighbours": similarity.neighbours.tolist(),
        "crossing_share": similarity.crossing_share,
        "pairs": [
            {
                "classes": [pictures.class_names[pair.first], pictures.class_names[pair.second]],
                "crossings": pair.crossings,
                "n": pair.n,
                "share": pair.share,
            }
            for pair in similarity.pairs
        ],
        "stray_count": similarity.outlier_count,
        "strays": [
            {
                "picture": pictures.name_of(one.row),
                "class": pictures.class_of(one.row),
                "nearest": pictures.name_of(one.nearest),
                "nearest_class": pictures.class_of(one.nearest),
                "own_distance": one.own_distance,
                "other_distance": one.other_distance,
            }
            for one in similarity.outliers
        ],
    }


def _rounded(value: Any) -> Any:
    """Round floats to six digits; NaN and infinity become None."""
    if isinstance(value, float):
        return float(f"{value:.{_DIGITS}g}") if math.isfinite(value) else None
    if isinstance(value, dict):
        return {name: _rounded(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_rounded(each) for each in value]
    return value
