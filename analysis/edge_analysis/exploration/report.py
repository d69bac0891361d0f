"""The report of an exploration: ``report.html``, ``report.json`` and figures."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from edge_analysis import page
from edge_analysis.exploration.analysis import Exploration, json_values
from edge_analysis.exploration.data_sections import level_blocks, measure_blocks, sample_blocks
from edge_analysis.exploration.similarity_sections import (
    duplicate_blocks,
    prototype_blocks,
    similarity_blocks,
)
from edge_analysis.page import Block, KeyFigures, Notes, Page, Paragraph
from edge_analysis.report_folder import (
    AddFigure,
    Progress,
    ReportFolder,
    write_sections,
)
from edge_analysis.text import listed, plural, quoted, short_percent

# Classes are called uneven if one has this many times the pictures of another.
_UNEVEN: Final = 2
_FEW_PICTURES: Final = 30


def write_exploration(found: Exploration, folder: Path, progress: Progress) -> Path:
    """Write figures, ``report.json`` and, last, ``report.html`` into a folder; return its path.

    The folder is created if it is missing. Files of an older report are replaced or removed.

    Raises:
        OutputError: A file cannot be written.
    """
    target = ReportFolder(folder)
    return target.finish(json_values(found), build_page(found, target.add, progress))


def build_page(found: Exploration, add: AddFigure, progress: Progress) -> Page:
    """Draw the figures and build the page; ``add`` converts a drawing to a figure of it."""
    pictures = found.pictures
    return Page(
        title=f"Exploration of {pictures.name}",
        lead=f"{plural(len(pictures.labels), 'picture')} of "
        f"{plural(len(pictures.class_names), 'class', 'classes')}.",
        sections=write_sections(found, _SECTIONS, add, progress),
    )


def key_figures(found: Exploration) -> KeyFigures:
    """Return the numbers that summarise a data set."""
    pictures, duplicates = found.pictures, found.duplicates
    splits = " · ".join(f"{one.name} {len(one.labels):,}" for one in pictures.splits)
    sizes = pictures.counts.sum(axis=0)
    ink = float(found.glyphs.ink_percent.mean())
    even = sizes.min() == sizes.max()
    per_class = f"{sizes.min():,}" if even else f"{sizes.min():,} to {sizes.max():,}"
    near = plural(len(duplicates.near), "nearly identical pair")
    crossing = short_percent(found.similarity.crossing_share)
    return page.key_figures(
        ("pictures", f"{len(pictures.labels):,}", splits),
        ("classes", str(len(sizes)), f"{per_class} pictures per class"),
        ("ink", f"{ink:.1f} %", "mean of all pixels"),
        ("identical groups", f"{len(duplicates.exact):,}", f"and {near}"),
        ("nearest neighbour of another class", crossing, "of all pictures"),
    )


def notes(found: Exploration) -> tuple[Notes, ...]:
    """Return warnings about training or testing on a data set; empty if there are none."""
    items = (*_size_notes(found), *_duplicate_notes(found))
    return (Notes(title="Before training on this data set", items=items),) if items else ()


def _summary_blocks(found: Exploration, _: AddFigure) -> Iterator[Block]:
    yield key_figures(found)
    yield from notes(found)


def _size_notes(found: Exploration) -> Iterator[str]:
    pictures = found.pictures
    sizes = pictures.counts.sum(axis=0)
    largest, smallest = (
        quoted(pictures.class_names[at]) for at in (sizes.argmax(), sizes.argmin())
    )
    if sizes.max() >= _UNEVEN * max(sizes.min(), 1):
        yield (
            f"The classes are uneven: {largest} has {plural(int(sizes.max()), 'picture')}, "
            f"{smallest} has {sizes.min():,}."
        )
    if sizes.min() < _FEW_PICTURES:
        few = int((sizes < _FEW_PICTURES).sum())
        yield (
            f"{plural(few, 'class has', 'classes have')} fewer than {_FEW_PICTURES} pictures, too "
            f"few for a reliable test; {smallest} has the fewest, {sizes.min():,}."
        )
    if found.without_ink:
        yield f"{plural(found.without_ink, 'picture has', 'pictures have')} no ink."


def _duplicate_notes(found: Exploration) -> Iterator[str]:
    duplicates = found.duplicates
    for place in duplicates.places:
        a, b = place.splits
        if a != b and place.exact_groups:
            count = plural(place.exact_groups, "picture is", "pictures are")
            yield f"{count} in both {a} and {b}, which makes the accuracy on {b} too high."
    if duplicates.conflicting:
        first = listed(duplicates.conflicting[0][:3])
        groups = plural(
            len(duplicates.conflicting),
            "group of identical pictures has",
            "groups of identical pictures have",
        )
        yield f"{groups} different labels, such as {first}."


def _method_blocks(found: Exploration, _: AddFigure) -> Iterator[Block]:
    complete = len(found.compared) == len(found.pictures.labels)
    few = f"{len(found.compared):,} pictures at even distances"
    texts = (
        f"A picture is named by its split and its number from 0: {found.pictures.names[0]}. "
        "Validation pictures are a part of the training pictures and keep their numbers.",
        f"Nearest neighbours were searched for among {'all pictures' if complete else few} of all "
        "splits together, by the Euclidean distance in "
        f"{plural(found.dimensions, 'principal component')} that contain "
        f"{short_percent(found.variance_kept)} of the variance, for pixels in 0-1. This distance "
        "is at most that of the pictures themselves. Typical pictures are ranked by the distance "
        "of all pixels to the mean of the class.",
        "Identical pictures are equal in every pixel. Nearly identical pictures were searched for "
        "among the nearest neighbours of each picture in its own class and in another class; "
        "their difference is the share of the ink of both pictures that is in one of them only.",
        "The slant is the shear angle of the second moments; it is positive for strokes that lean "
        "to the right as in /. The bounding box contains every pixel above 0.",
    )
    yield from (Paragraph(text=text) for text in texts)


_SECTIONS: Final = {
    "Summary": _summary_blocks,
    "Samples and labels": sample_blocks,
    "Means and grey levels": level_blocks,
    "Ink, size and slant": measure_blocks,
    "Typical and unusual": prototype_blocks,
    "Duplicates": duplicate_blocks,
    "Similar classes": similarity_blocks,
    "Method": _method_blocks,
}
