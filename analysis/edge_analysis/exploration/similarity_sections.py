"""Sections of the report on typical and unusual pictures, duplicates and similar classes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np

from edge_analysis.exploration.analysis import Exploration
from edge_analysis.exploration.classes import Ranked
from edge_analysis.exploration.data_sections import draw_class_rows
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
    yield from figures(add, *_draw_typical(found), *_draw_unusual(found))
    yield Table(
        caption="Names of these pictures.",
        headings=("class", "typical", "unusual (distance to the nearest of the class)"),
        rows=tuple(
            (
                name,
                ", ".join(one.picture for one in ranked.typical),
                ", ".join(f"{one.picture} ({one.distance:.2f})" for one in ranked.unusual),
            )
            for name, ranked in zip(found.pictures.class_names, found.prototypes, strict=True)
        ),
        text_columns=3,
        folded=True,
    )


def duplicate_blocks(found: Exploration, add: AddFigure) -> Iterator[Block]:
    """Report identical and nearly identical pictures."""
    duplicates = found.duplicates
    yield from figures(add, *_draw_near_duplicates(found))
    text = (
        f"{plural(len(duplicates.exact), 'group')} of identical pictures, and "
        f"{plural(len(duplicates.near), 'pair')} that differ in at most "
        f"{short_percent(duplicates.near_limit)} of their ink."
    )
    # Simple strokes are similar without being copies: name their class.
    for name, count in Counter(pair.classes[0] for pair in duplicates.near).most_common(1):
        text += f" Most of the pairs are of class {quoted(name)}: {count:,}."
    yield Paragraph(text=text)
    yield Table(
        caption="Duplicates within each split and between two splits.",
        headings=("splits", "identical groups", "near pairs"),
        rows=tuple(
            (
                " and ".join(dict.fromkeys(one.splits)),
                f"{one.exact_groups:,}",
                f"{one.near_pairs:,}",
            )
            for one in duplicates.places
        ),
    )
    if duplicates.exact:
        yield _group_table(found)


def similarity_blocks(found: Exploration, add: AddFigure) -> Iterator[Block]:
    """Report which classes are similar."""
    distances, shares = _draw_mean_distances(found), _draw_neighbour_shares(found)
    yield from figures(add, distances, shares, *_draw_outliers(found))
    similarity, names = found.similarity, found.pictures.class_names
    if not similarity.pairs:
        yield Paragraph(text="No picture has a nearest neighbour of another class.")
        return
    rows: list[tuple[str, ...]] = []
    for pair in similarity.pairs:
        distance = similarity.mean_distances[tuple(map(names.index, pair.classes))]
        counts = f"{pair.crossings:,}", f"{pair.n:,}", short_percent(pair.share)
        rows.append((" and ".join(pair.classes), *counts, f"{distance:.2f}"))
    yield Table(
        caption="Pairs of classes with nearest neighbours in the other class, most frequent first.",
        headings=("classes", "neighbours", "pictures", "share", "distance of the means"),
        rows=tuple(rows),
        folded=True,
    )


def _draw_typical(found: Exploration) -> Iterator[Drawing]:
    ranked = [one.typical for one in found.prototypes]
    best = min((one for row in ranked for one in row), key=lambda one: one.distance)
    caption = (
        "The most typical pictures of each class: the nearest to its mean, the nearest first. The "
        f"nearest of all is {best.picture} at a distance of {best.distance:.2f}."
    )
    yield from _draw_ranked("typical", ranked, found, caption, "The most typical pictures")


def _draw_unusual(found: Exploration) -> Iterator[Drawing]:
    if found.neighbour_distance is None:
        return
    ranked = [one.unusual for one in found.prototypes]
    far = max((one for row in ranked for one in row), key=lambda one: one.distance)
    caption = (
        "The most unusual pictures of each class: the farthest from every other picture of the "
        f"class, the farthest first. The farthest of all is {far.picture} at a distance of "
        f"{far.distance:.2f}; the median is {found.neighbour_distance:.2f}."
    )
    yield from _draw_ranked("unusual", ranked, found, caption, "The most unusual pictures")


def _draw_ranked(
    name: str, ranked: Sequence[Sequence[Ranked]], found: Exploration, caption: str, what: str
) -> Iterator[Drawing]:
    pictures = found.pictures
    rows = [
        (class_name, [Tile(pictures.images[pictures.rows[one.picture]]) for one in row])
        for class_name, row in zip(pictures.class_names, ranked, strict=True)
    ]
    yield from draw_class_rows(name, rows, max(map(len, ranked)), caption, what)


def _draw_near_duplicates(found: Exploration) -> Iterator[Drawing]:
    near = found.duplicates.near
    if not near:
        return
    shown = near[:_MAX_PAIRS]
    crossing = sum(pair.classes[0] != pair.classes[1] for pair in near)
    yield from draw_sheets(
        "near-duplicates",
        [_pair_tile(found, pair.pictures, short_percent(pair.ink_difference)) for pair in shown],
        _PAIRS_PER_ROW,
        alt="Pairs of nearly identical pictures.",
        caption=f"The {len(shown)} most similar of {plural(len(near), 'nearly identical pair')} "
        "with the share of the ink that differs; over all pairs it is "
        f"{short_percent(near[0].ink_difference)} to {short_percent(near[-1].ink_difference)}. "
        f"Pairs with two different labels: {crossing}.",
    )


def _draw_mean_distances(found: Exploration) -> Drawing | None:
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


def _draw_neighbour_shares(found: Exploration) -> Drawing | None:
    names, similarity = found.pictures.class_names, found.similarity
    if not similarity.pairs:
        return None
    counts = similarity.nearest_neighbours
    shares = 100 * counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    np.fill_diagonal(shares, 0)
    pairs = [
        f"{' with '.join(map(quoted, pair.classes))} ({pair.crossings:,} of {pair.n:,})"
        for pair in similarity.pairs[:_NAMED_PAIRS]
    ]
    labels = {"x_label": "class of the nearest neighbour", "y_label": "class"}
    return Drawing(
        "neighbours",
        draw_heat_map(shares, names, linear_scale(shares, "% of the class"), **labels),
        "Heat map: share of each class whose nearest neighbour is of another class",
        "Share of each class (row) whose nearest neighbour is of another class (column), in %. "
        f"Over all classes it is {short_percent(similarity.crossing_share)}. Most frequent: "
        f"{listed(pairs)}.",
    )


def _draw_outliers(found: Exploration) -> Iterator[Drawing]:
    similarity = found.similarity
    if not similarity.strays:
        return
    tiles: list[Tile] = []
    for one in similarity.strays:
        text = f"{shortened(one.class_)} | {shortened(one.nearest_class)}"
        tiles.append(_pair_tile(found, (one.picture, one.nearest), text))
    share = short_percent(similarity.stray_count / len(found.compared))
    first = similarity.strays[0]
    yield from draw_sheets(
        "strays",
        tiles,
        _PAIRS_PER_ROW,
        alt="Pictures beside their nearest neighbour of another class.",
        caption="Pictures that are nearer to another class than to their own class: "
        f"{similarity.stray_count:,} ({share}). Shown are those with the smallest ratio of the two "
        "distances (left), each beside its nearest neighbour of another class (right). The first "
        f"is {first.picture}: {first.other_distance:.2f} from class "
        f"{quoted(first.nearest_class)} and {first.own_distance:.2f} from its own class "
        f"{quoted(first.class_)}.",
    )


def _group_table(found: Exploration) -> Table:
    pictures, exact = found.pictures, found.duplicates.exact
    more = f" The first {_MAX_GROUPS} of {len(exact):,}; report.json lists all."
    rows: list[tuple[str, str]] = []
    for group in exact[:_MAX_GROUPS]:
        classes = dict.fromkeys(pictures.class_of(pictures.rows[name]) for name in group)
        rows.append((", ".join(group), ", ".join(classes)))
    return Table(
        caption=f"Identical pictures.{more * (len(exact) > _MAX_GROUPS)}",
        headings=("pictures", "classes"),
        rows=tuple(rows),
        text_columns=2,
        folded=True,
    )


def _pair_tile(found: Exploration, names: tuple[str, str], text: str) -> Tile:
    pictures = found.pictures
    one, other = (pictures.images[pictures.rows[name]] for name in names)
    separator = np.full((len(one), 1), _SEPARATOR, np.uint8)
    return Tile(np.hstack([one, separator, other]), (text,))
