"""Sections of the report on typical and unusual pictures, duplicates and similar classes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np

from edge_analysis.exploration.analysis import Exploration
from edge_analysis.exploration.classes import Ranked
from edge_analysis.exploration.data_sections import draw_class_rows
from edge_analysis.exploration.duplicates import NEAR_DIFFERENCE
from edge_analysis.figures.drawing import Drawing
from edge_analysis.figures.heat_map import draw_heat_map, linear_scale
from edge_analysis.figures.tiles import Tile, draw_sheets
from edge_analysis.page import Block, Paragraph, Table
from edge_analysis.report_folder import AddFigure, figures
from edge_analysis.text import listed, plural, quoted, short_percent, shortened

_PAIRS_PER_ROW: Final = 4
_MAX_PAIRS: Final = 12
_MAX_GROUPS: Final = 100
_NAMED_PAIRS: Final = 3
# Grey level of the line between the two pictures of a pair.
_SEPARATOR: Final = 128


def prototype_blocks(found: Exploration, add: AddFigure) -> Iterator[Block]:
    """Show the typical and the unusual pictures of each class."""
    yield from figures(add, *draw_typical(found), *draw_unusual(found))
    name_of = found.pictures.name_of
    yield Table(
        caption="Names of these pictures.",
        headings=("class", "typical", "unusual (distance to the nearest of the class)"),
        rows=tuple(
            (
                name,
                ", ".join(name_of(one.row) for one in ranked.typical),
                ", ".join(f"{name_of(one.row)} ({one.distance:.2f})" for one in ranked.unusual),
            )
            for name, ranked in zip(found.pictures.class_names, found.prototypes, strict=True)
        ),
        text_columns=3,
        folded=True,
    )


def duplicate_blocks(found: Exploration, add: AddFigure) -> Iterator[Block]:
    """Report identical and nearly identical pictures."""
    duplicates = found.duplicates
    yield from figures(add, *draw_near_duplicates(found))
    yield Paragraph(
        text=f"{plural(len(duplicates.exact), 'group')} of identical pictures, and "
        f"{plural(len(duplicates.near), 'pair')} that differ in at most "
        f"{short_percent(NEAR_DIFFERENCE)} of their ink.{_class_of_near_pairs(found)}"
    )
    yield Table(
        caption="Duplicates within each split and between two splits.",
        headings=("splits", "identical groups", "near pairs"),
        rows=tuple(
            (
                " and ".join(dict.fromkeys(place.splits)),
                f"{place.exact_groups:,}",
                f"{place.near_pairs:,}",
            )
            for place in duplicates.places
        ),
    )
    if duplicates.exact:
        yield _group_table(found)


def similarity_blocks(found: Exploration, add: AddFigure) -> Iterator[Block]:
    """Report which classes are similar."""
    yield from figures(
        add, draw_mean_distances(found), draw_neighbour_shares(found), *draw_outliers(found)
    )
    similarity, names = found.similarity, found.pictures.class_names
    if not similarity.pairs:
        yield Paragraph(text="No picture has a nearest neighbour of another class.")
        return
    yield Table(
        caption="Pairs of classes with nearest neighbours in the other class, most frequent first.",
        headings=("classes", "neighbours", "pictures", "share", "distance of the means"),
        rows=tuple(
            (
                f"{names[pair.first]} and {names[pair.second]}",
                f"{pair.crossings:,}",
                f"{pair.n:,}",
                short_percent(pair.share),
                f"{similarity.mean_distances[pair.first, pair.second]:.2f}",
            )
            for pair in similarity.pairs
        ),
        folded=True,
    )


def draw_typical(found: Exploration) -> Iterator[Drawing]:
    """Draw the pictures of each class that are nearest to its mean."""
    ranked = [one.typical for one in found.prototypes]
    best = min((one for row in ranked for one in row), key=lambda one: one.distance)
    caption = (
        "The most typical pictures of each class: the nearest to its mean, the nearest first. The "
        f"nearest of all is {_described(found, best)} at a distance of {best.distance:.2f}."
    )
    yield from _draw_ranked("typical", ranked, found, caption, "The most typical pictures")


def draw_unusual(found: Exploration) -> Iterator[Drawing]:
    """Draw the pictures of each class that are farthest from the others of the class."""
    ranked = [one.unusual for one in found.prototypes]
    if found.neighbour_distance is None:
        return
    far = max((one for row in ranked for one in row), key=lambda one: one.distance)
    caption = (
        "The most unusual pictures of each class: the farthest from every other picture of the "
        f"class, the farthest first. The farthest of all is {_described(found, far)} at a "
        f"distance of {far.distance:.2f}; the median is {found.neighbour_distance:.2f}."
    )
    yield from _draw_ranked("unusual", ranked, found, caption, "The most unusual pictures")


def draw_near_duplicates(found: Exploration) -> Iterator[Drawing]:
    """Draw nearly identical pairs, if there are any."""
    near = found.duplicates.near
    if not near:
        return
    shown = near[:_MAX_PAIRS]
    labels = found.pictures.labels
    crossing = sum(bool(labels[pair.first] != labels[pair.second]) for pair in near)
    tiles = [
        _pair_tile(found, pair.first, pair.second, short_percent(pair.difference)) for pair in shown
    ]
    which = "All" if len(shown) == len(near) else f"The {len(shown)} most similar of"
    yield from draw_sheets(
        "near-duplicates",
        tiles,
        _PAIRS_PER_ROW,
        alt="Pairs of nearly identical pictures.",
        caption=f"{which} {plural(len(near), 'nearly identical pair')} with the share of the ink "
        f"that differs, from {short_percent(near[0].difference)} to "
        f"{short_percent(near[-1].difference)}. {crossing or 'None'} of the pairs "
        f"{'have' if crossing > 1 else 'has'} two different labels.",
    )


def draw_mean_distances(found: Exploration) -> Drawing | None:
    """Draw the distances of the mean pictures; None for a single class."""
    names, distances = found.pictures.class_names, found.similarity.mean_distances.copy()
    np.fill_diagonal(distances, np.nan)
    if np.isnan(distances).all():
        return None
    (a, b), (c, d) = (
        np.unravel_index(find(distances), distances.shape) for find in (np.nanargmin, np.nanargmax)
    )
    scale = linear_scale(distances, "distance of the mean pictures")
    return Drawing(
        "mean-distances",
        draw_heat_map(distances, names, scale, x_label="class", y_label="class"),
        "Heat map: distances of the mean pictures of the classes",
        "Euclidean distance of the mean pictures for pixels in 0-1. The nearest classes are "
        f"{quoted(names[a])} and {quoted(names[b])} ({distances[a, b]:.2f}), the farthest "
        f"{quoted(names[c])} and {quoted(names[d])} ({distances[c, d]:.2f}).",
    )


def draw_neighbour_shares(found: Exploration) -> Drawing | None:
    """Draw how often the nearest neighbour is of another class; None if it never is."""
    names, similarity = found.pictures.class_names, found.similarity
    if not similarity.pairs:
        return None
    counts = similarity.neighbours
    shares = 100 * counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    np.fill_diagonal(shares, np.nan)
    pairs = [
        f"{quoted(names[pair.first])} with {quoted(names[pair.second])} ({pair.crossings:,} of "
        f"{pair.n:,})"
        for pair in similarity.pairs[:_NAMED_PAIRS]
    ]
    scale = linear_scale(np.append(shares, 0.0), "% of the class")
    figure = draw_heat_map(
        shares, names, scale, x_label="class of the nearest neighbour", y_label="class"
    )
    return Drawing(
        "neighbours",
        figure,
        "Heat map: share of each class whose nearest neighbour is of another class",
        "Share of each class (row) whose nearest neighbour is of another class (column), in %. "
        f"Over all classes it is {short_percent(similarity.crossing_share)}. Most frequent: "
        f"{listed(pairs)}.",
    )


def draw_outliers(found: Exploration) -> Iterator[Drawing]:
    """Draw pictures that are nearer to another class, if there are any."""
    similarity, pictures = found.similarity, found.pictures
    if not similarity.outliers:
        return
    tiles: list[Tile] = []
    for one in similarity.outliers:
        names = (shortened(pictures.class_of(row)) for row in (one.row, one.nearest))
        tiles.append(_pair_tile(found, one.row, one.nearest, " | ".join(names)))
    share = similarity.outlier_count / len(found.compared)
    first = similarity.outliers[0]
    verb = "is" if similarity.outlier_count == 1 else "are"
    yield from draw_sheets(
        "strays",
        tiles,
        _PAIRS_PER_ROW,
        alt="Pictures beside their nearest neighbour of another class.",
        caption=f"{plural(similarity.outlier_count, 'picture')} ({short_percent(share)}) {verb} "
        "nearer to another class than to the own class. Shown are those with the smallest ratio "
        "of the two distances (left), each beside its nearest neighbour of another class (right). "
        f"The first is {pictures.name_of(first.row)}: {first.other_distance:.2f} from class "
        f"{quoted(pictures.class_of(first.nearest))} and {first.own_distance:.2f} from its own "
        f"class {quoted(pictures.class_of(first.row))}.",
    )


def _draw_ranked(
    name: str, ranked: Sequence[Sequence[Ranked]], found: Exploration, caption: str, what: str
) -> Iterator[Drawing]:
    rows = [
        (class_name, [Tile(found.pictures.images[one.row]) for one in row])
        for class_name, row in zip(found.pictures.class_names, ranked, strict=True)
    ]
    yield from draw_class_rows(name, rows, max(map(len, ranked)), caption, what)


def _class_of_near_pairs(found: Exploration) -> str:
    """Name the class of most near pairs: simple strokes are similar without being copies."""
    near = found.duplicates.near
    if not near:
        return ""
    names = [found.pictures.class_of(pair.first) for pair in near]
    most = max(dict.fromkeys(names), key=names.count)
    count = names.count(most)
    if count == len(names):
        return f" All are of class {quoted(most)}."
    return f" {count:,} of these pairs {'is' if count == 1 else 'are'} of class {quoted(most)}."


def _group_table(found: Exploration) -> Table:
    pictures, exact = found.pictures, found.duplicates.exact
    shown = exact[:_MAX_GROUPS]
    more = f" The first {len(shown)} of {len(exact):,}; report.json lists all."
    return Table(
        caption=f"Identical pictures.{more if len(shown) < len(exact) else ''}",
        headings=("pictures", "classes"),
        rows=tuple(
            (
                ", ".join(map(pictures.name_of, group)),
                ", ".join(dict.fromkeys(map(pictures.class_of, group))),
            )
            for group in shown
        ),
        text_columns=2,
        folded=True,
    )


def _pair_tile(found: Exploration, first: int, second: int, text: str) -> Tile:
    one, other = found.pictures.images[first], found.pictures.images[second]
    separator = np.full((len(one), 1), _SEPARATOR, np.uint8)
    return Tile(np.hstack([one, separator, other]), (text,))


def _described(found: Exploration, ranked: Ranked) -> str:
    pictures = found.pictures
    return f"{pictures.name_of(ranked.row)} of class {quoted(pictures.class_of(ranked.row))}"
