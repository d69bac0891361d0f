"""What the report says beside its figures: key figures, notes, tables and how it was found."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from edge_analysis.exploration.analysis import Exploration
from edge_analysis.exploration.duplicates import NEAR_DIFFERENCE
from edge_analysis.exploration.spread import Spread
from edge_analysis.exploration.wording import listed, percent, plural, quoted
from edge_analysis.report_page import (
    NOTHING,
    KeyFigure,
    KeyFigures,
    Notes,
    Paragraph,
    Table,
)

# As many times more pictures as make a class weigh visibly more in training.
_UNEVEN: Final = 2
_FEW: Final = 30
_GROUPS_LISTED: Final = 100


def at_a_glance(found: Exploration) -> tuple[KeyFigures | Notes, ...]:
    """Say what to take away, and what speaks against the set."""
    return key_figures(found), *notes(found)


def key_figures(found: Exploration) -> KeyFigures:
    """Say the numbers to take away."""
    pictures, duplicates = found.pictures, found.duplicates
    parts = " · ".join(f"{one.name} {len(one.labels):,}" for one in pictures.splits)
    sizes = pictures.counts.sum(axis=0)
    ink = float(found.glyphs.ink_percent.mean())
    return KeyFigures(
        figures=(
            KeyFigure(value=f"{len(pictures.labels):,}", label="pictures", note=parts),
            KeyFigure(
                value=str(len(sizes)),
                label="classes",
                note=f"of {sizes.min():,} pictures each"
                if sizes.min() == sizes.max()
                else f"of {sizes.min():,} to {sizes.max():,} pictures",
            ),
            KeyFigure(value=f"{ink:.1f} %", label="ink", note="mean of all pixels"),
            KeyFigure(
                value=f"{len(duplicates.exact):,}",
                label="identical groups",
                note=f"and {plural(len(duplicates.near), 'pair')} nearly identical",
            ),
            KeyFigure(
                value=percent(found.confusability.crossing_share),
                label="nearest to another class",
                note="of all pictures",
            ),
        )
    )


def notes(found: Exploration) -> tuple[Notes, ...]:
    """Say what stands against training or testing on the set, if anything does."""
    items = (*_size_notes(found), *_duplicate_notes(found))
    return (Notes(title="Before training on it", items=items),) if items else ()


def _size_notes(found: Exploration) -> Iterator[str]:
    pictures = found.pictures
    sizes = pictures.counts.sum(axis=0)
    names = (
        quoted(pictures.class_names[sizes.argmax()]),
        quoted(pictures.class_names[sizes.argmin()]),
    )
    if sizes.max() >= _UNEVEN * max(sizes.min(), 1):
        yield (
            f"Classes are uneven: {names[0]} has {plural(int(sizes.max()), 'picture')}, "
            f"{names[1]} has {sizes.min():,}."
        )
    if sizes.min() < _FEW:
        few = int((sizes < _FEW).sum())
        yield (
            f"{plural(few, 'class has', 'classes have')} fewer than {_FEW} pictures, too few to "
            f"judge one by; {names[1]} has the fewest, {sizes.min():,}."
        )
    if found.without_ink:
        yield f"{plural(found.without_ink, 'picture holds', 'pictures hold')} no ink at all."


def _duplicate_notes(found: Exploration) -> Iterator[str]:
    duplicates, name_of = found.duplicates, found.pictures.name_of
    for place in duplicates.places:
        a, b = place.splits
        if a != b and place.exact_groups:
            what = plural(place.exact_groups, "picture stands", "pictures stand")
            yield f"{what} in both {a} and {b}: the one does not test the other."
    if duplicates.conflicting:
        first = listed([name_of(row) for row in duplicates.conflicting[0][:3]])
        count = len(duplicates.conflicting)
        what = plural(count, "group of identical pictures has", "groups of identical pictures have")
        yield f"{what} different labels, such as {first}."


def class_tables(found: Exploration) -> Iterator[Table]:
    """List counts and measures of each class."""
    pictures = found.pictures
    splits = [split.name for split in pictures.splits]
    names = ("ink_percent", "width_px", "height_px", "slant_degrees")
    rows = [
        (
            name,
            *(f"{count:,}" for count in pictures.counts[:, label]),
            *(_median(found.spreads[one][label]) for one in names),
        )
        for label, name in enumerate(pictures.class_names)
    ]
    yield Table(
        caption="Each class in numbers; measures are medians.",
        headings=("class", *splits, "ink, %", "width, px", "height, px", "slant, °"),
        rows=tuple(rows),
        folded=True,
    )


def prototype_tables(found: Exploration) -> Iterator[Table]:
    """List which pictures are the most typical and unusual."""
    rows = [
        (
            name,
            ", ".join(found.pictures.name_of(one.row) for one in ranked.typical),
            ", ".join(
                f"{found.pictures.name_of(one.row)} ({one.distance:.2f})" for one in ranked.unusual
            ),
        )
        for name, ranked in zip(found.pictures.class_names, found.prototypes, strict=True)
    ]
    yield Table(
        caption="Which pictures these are.",
        headings=("class", "typical", "unusual (distance to the next of the class)"),
        rows=tuple(rows),
        text_columns=3,
        folded=True,
    )


def duplicate_blocks(found: Exploration) -> Iterator[Paragraph | Table]:
    """Say how many duplicates there are, where, and which."""
    duplicates = found.duplicates
    near = plural(len(duplicates.near), "pair")
    exact = plural(len(duplicates.exact), "group")
    yield Paragraph(
        text=f"There are {exact} of identical pictures, and {near} that differ in "
        f"{percent(NEAR_DIFFERENCE)} of their ink or less.{_near_classes(found)}"
    )
    yield Table(
        caption="Where duplicates stand: within a split, or across two.",
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


def _near_classes(found: Exploration) -> str:
    """Say of which class most near pairs are: plain strokes are alike without being copies."""
    near = found.duplicates.near
    if not near:
        return ""
    names = [found.pictures.class_of(pair.first) for pair in near]
    most = max(dict.fromkeys(names), key=names.count)
    verb = "is" if names.count(most) == 1 else "are"
    if names.count(most) == len(names):
        return f" They are of class {quoted(most)}."
    return f" Of those pairs {names.count(most):,} {verb} of class {quoted(most)}."


def _group_table(found: Exploration) -> Table:
    pictures, exact = found.pictures, found.duplicates.exact
    shown = exact[:_GROUPS_LISTED]
    more = f" The first {len(shown)} of {len(exact):,}; report.json has all."
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


def pair_tables(found: Exploration) -> Iterator[Table | Paragraph]:
    """List how often pictures of two classes are neighbours."""
    if not found.confusability.pairs:
        yield Paragraph(text="No picture's nearest neighbour is of another class.")
        return
    names = found.pictures.class_names
    rows = [
        (
            f"{names[pair.first]} and {names[pair.second]}",
            f"{pair.crossings:,}",
            f"{pair.n:,}",
            percent(pair.share),
            f"{found.confusability.mean_distances[pair.first, pair.second]:.2f}",
        )
        for pair in found.confusability.pairs
    ]
    yield Table(
        caption="Classes whose pictures are nearest neighbours, most often first.",
        headings=("classes", "neighbours", "pictures", "share", "distance of means"),
        rows=tuple(rows),
        folded=True,
    )


def method(found: Exploration) -> tuple[Paragraph, ...]:
    """Say how it was found."""
    all_pictures = len(found.compared) == len(found.pictures.labels)
    which = (
        "all pictures" if all_pictures else f"{len(found.compared):,} pictures at even distances"
    )
    return (
        Paragraph(
            text="A picture goes by its split and its number there, from 0, such as "
            f"{found.pictures.name_of(0)}. Validation pictures are chosen out of the training "
            "part and keep its numbers."
        ),
        Paragraph(
            text=f"Neighbours were looked for among {which} of all splits together, by Euclidean "
            f"distance over {plural(found.dimensions, 'principal component')} that hold "
            f"{percent(found.variance_kept)} of the variance; a pixel goes from 0 to 1. Such a "
            "distance is never more than that between the pictures themselves. How typical a "
            "picture is goes by its distance to the mean of its class over all pixels."
        ),
        Paragraph(
            text="Identical pictures are the same in every pixel. Nearly identical ones were "
            "sought among each picture's nearest neighbours of its own class and of another; "
            "their difference is the ink that only one of both has, as a share of the ink of both."
        ),
        Paragraph(
            text="Slant is the shear that would set a picture upright, from its second moments; "
            "positive leans as / does. A box holds every pixel above 0."
        ),
    )


def _median(measured: Spread | None) -> str:
    return NOTHING if measured is None else f"{measured.p50:.1f}"
