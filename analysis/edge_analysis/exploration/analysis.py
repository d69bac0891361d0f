"""Describe a data set in numbers, as an object and as the content of ``report.json``."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from edge_analysis.data_set import DataSet
from edge_analysis.exploration.classes import (
    ClassSimilarity,
    Prototypes,
    compare_classes,
    find_prototypes,
)
from edge_analysis.exploration.duplicates import Duplicates, find_duplicates
from edge_analysis.exploration.measures import (
    ClassImages,
    GlyphMeasures,
    Spread,
    class_images,
    measure_glyphs,
    spread_by_class,
)
from edge_analysis.exploration.neighbours import evenly_spaced, find_neighbours, project
from edge_analysis.report_folder import Progress

# The time of the comparison grows with the square of the number of pictures.
MAX_COMPARED: Final = 100_000
FORMAT_VERSION: Final = 1
_DIGITS: Final = 6


@dataclass(frozen=True, eq=False, kw_only=True)
class Exploration:
    """Description of a data set.

    Attributes:
        spreads: Spread of each measure in each class, by the field names of ``GlyphMeasures``.
        levels: int64 (splits, 256), number of pixels by split and grey level.
        compared: int64 (m,), rows of the pictures that were compared with each other.
        dimensions: Number of principal components of the comparison.
        variance_kept: Share of the variance in these components, 0-1.
        neighbour_distance: Median distance to the nearest picture of the same class, for pixels
            in 0-1; None if no class has two pictures.
    """

    pictures: DataSet
    glyphs: GlyphMeasures
    spreads: Mapping[str, tuple[Spread | None, ...]]
    levels: NDArray[np.int64]
    images: ClassImages
    compared: NDArray[np.int64]
    dimensions: int
    variance_kept: float
    neighbour_distance: float | None
    duplicates: Duplicates
    prototypes: tuple[Prototypes, ...]
    similarity: ClassSimilarity

    @property
    def without_ink(self) -> int:
        """Number of pictures whose pixels are all 0."""
        return int(np.count_nonzero(self.glyphs.ink_percent == 0))


def explore(
    pictures: DataSet, progress: Progress, *, max_compared: int = MAX_COMPARED
) -> Exploration:
    """Describe a data set; at most ``max_compared`` pictures are compared with each other."""
    classes = len(pictures.class_names)
    progress("measuring pictures", 0, 1)
    images, labels = pictures.images, pictures.labels
    glyphs, of_classes = measure_glyphs(images), class_images(images, labels, classes)
    compared = evenly_spaced(len(images), max_compared)
    projection = project(images[compared])
    neighbours = find_neighbours(projection.points, labels[compared], progress)
    progress("searching for duplicates", 0, 1)
    own_distances = neighbours.own_distance[np.isfinite(neighbours.own_distance)]
    return Exploration(
        pictures=pictures,
        glyphs=glyphs,
        spreads={
            name: spread_by_class(values, labels, classes) for name, values in vars(glyphs).items()
        },
        levels=np.stack(
            [np.bincount(split.images.ravel(), minlength=256) for split in pictures.splits]
        ),
        images=of_classes,
        compared=compared,
        dimensions=projection.points.shape[1],
        variance_kept=projection.variance_kept,
        neighbour_distance=float(np.median(own_distances)) if own_distances.size else None,
        duplicates=find_duplicates(pictures, compared, neighbours),
        prototypes=find_prototypes(pictures, of_classes.mean, compared, neighbours),
        similarity=compare_classes(pictures, of_classes.mean, compared, neighbours),
    )


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
    return dict(_plain(values))


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
