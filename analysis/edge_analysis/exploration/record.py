"""The numbers of an exploration as JSON values: the content of ``report.json``."""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import Any, Final

import numpy as np

from edge_analysis.exploration.analysis import Exploration

FORMAT_VERSION: Final = 1
_DIGITS: Final = 6


def json_values(found: Exploration) -> dict[str, Any]:
    """Return all numbers of an exploration.

    Lists by class are in the order of ``class_names``; undefined numbers are None. Floats are
    rounded to six digits.
    """
    pictures = found.pictures
    splits = zip(pictures.splits, pictures.counts, found.levels, strict=True)
    values = {
        "format_version": FORMAT_VERSION,
        "data": pictures.name,
        "class_names": pictures.class_names,
        "pictures": len(pictures.labels),
        "splits": [
            {
                "name": split.name,
                "pictures": len(split.labels),
                "pictures_by_class": counts,
                "pixels_by_grey_level": levels,
            }
            for split, counts, levels in splits
        ],
        "ink_percent_mean": float(found.glyphs.ink_percent.mean()),
        "without_ink": found.without_ink,
        "classes": [
            {
                "name": name,
                "pictures": int(pictures.counts[:, label].sum()),
                "variance_mean_grey_levels_squared": float(found.images.variance[label].mean()),
                **{measure: spreads[label] for measure, spreads in found.spreads.items()},
                **vars(found.prototypes[label]),
            }
            for label, name in enumerate(pictures.class_names)
        ],
        "compared": {
            "pictures": len(found.compared),
            "dimensions": found.dimensions,
            "variance_kept": found.variance_kept,
            "distance_to_next_of_class_median": found.neighbour_distance,
        },
        "duplicates": found.duplicates,
        "confusable": found.similarity,
    }
    plain: dict[str, Any] = _plain(values)
    return plain


def _plain(value: Any) -> Any:
    """Convert dataclasses and arrays to JSON values, round floats; NaN becomes None."""
    if isinstance(value, float):
        return float(f"{value:.{_DIGITS}g}") if math.isfinite(value) else None
    if isinstance(value, dict):
        # A field cannot be called "class".
        return {name.removesuffix("_"): _plain(each) for name, each in value.items()}
    if isinstance(value, np.ndarray):
        return _plain(value.tolist())
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return value if value is None or isinstance(value, int | str) else _plain(asdict(value))
