"""Everything that is found out about a data set, before any of it is drawn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from edge_analysis.exploration.class_images import ClassImages, class_images
from edge_analysis.exploration.confusable import Confusability, find_confusable
from edge_analysis.exploration.duplicates import Duplicates, find_duplicates
from edge_analysis.exploration.glyphs import GlyphMeasures, measure_glyphs
from edge_analysis.exploration.neighbours import find_neighbours
from edge_analysis.exploration.projection import evenly_spaced, project
from edge_analysis.exploration.prototypes import Prototypes, find_prototypes
from edge_analysis.exploration.records import Pictures, Progress
from edge_analysis.exploration.spread import Spread, spread_by_class

# The time to compare all with all grows with the square of their number.
MOST_COMPARED: Final = 100_000


@dataclass(frozen=True, eq=False, kw_only=True)
class Exploration:
    """What was found.

    Attributes:
        pictures: The data set.
        glyphs: Ink, box and slant of each picture.
        spreads: How those spread over each class, by the names in ``GlyphMeasures``.
        levels: Pixels by split and grey level, int64 (splits, 256).
        images: Mean and variance of each class.
        compared: Rows of the pictures that were compared with one another, int64 (m,):
            all, or :data:`MOST_COMPARED` at even distances.
        dimensions: In which they were.
        variance_kept: Share of the pictures' variance in those dimensions, 0-1.
        neighbour_distance: Median distance to the nearest of the same class, in pixels of
            0-1; None where no class has two pictures.
        duplicates: Identical and nearly identical pictures.
        prototypes: Of each class.
        confusability: How close the classes lie.
    """

    pictures: Pictures
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
    confusability: Confusability

    @property
    def without_ink(self) -> int:
        """How many pictures are 0 all over."""
        return int(np.count_nonzero(self.glyphs.ink_percent == 0))


def explore(
    pictures: Pictures, progress: Progress, *, most_compared: int = MOST_COMPARED
) -> Exploration:
    """Find out all that the report tells.

    Args:
        pictures: The data set.
        progress: Told what is being done.
        most_compared: How many pictures are compared with one another at most.
    """
    classes = len(pictures.class_names)
    progress("measuring pictures", 0, 1)
    images, labels = pictures.images, pictures.labels
    glyphs, of_classes = measure_glyphs(images), class_images(images, labels, classes)
    compared = evenly_spaced(len(images), most_compared)
    projection = project(images[compared])
    neighbours = find_neighbours(projection.points, labels[compared], classes, progress)
    progress("looking for duplicates", 0, 1)
    near = neighbours.own_distance[np.isfinite(neighbours.own_distance)]
    return Exploration(
        pictures=pictures,
        glyphs=glyphs,
        spreads={
            name: spread_by_class(values, labels, classes) for name, values in vars(glyphs).items()
        },
        levels=_levels(pictures),
        images=of_classes,
        compared=compared,
        dimensions=projection.points.shape[1],
        variance_kept=projection.variance_kept,
        neighbour_distance=float(np.median(near)) if near.size else None,
        duplicates=find_duplicates(pictures, compared, neighbours),
        prototypes=find_prototypes(images, of_classes.mean, compared, neighbours),
        confusability=find_confusable(of_classes.mean, compared, neighbours),
    )


def _levels(pictures: Pictures) -> NDArray[np.int64]:
    return np.stack([np.bincount(one.images.ravel(), minlength=256) for one in pictures.splits])
