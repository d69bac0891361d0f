"""The report of ``edge-mnist explore``: a page, the numbers beside it, and each figure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from edge_analysis.exploration import (
    class_figures,
    count_figures,
    measure_figures,
    picture_figures,
    report_sections,
)
from edge_analysis.exploration.analysis import Exploration
from edge_analysis.exploration.json_values import json_values
from edge_analysis.exploration.records import Progress
from edge_analysis.exploration.wording import plural
from edge_analysis.report_page import Block, Figure, Figures, Page, Section
from edge_analysis.report_page.drawn import Drawn, drawing_style
from edge_analysis.report_page.report_folder import ReportFolder

Draw = Callable[[Exploration], Iterator[Drawn]]
Tell = Callable[[Exploration], Iterator[Block]]


@dataclass(frozen=True)
class Part:
    """A section of the page: its figures, and what stands below them."""

    title: str
    draws: tuple[Draw, ...]
    tell: Tell | None = None


PARTS: Final = (
    Part(
        "Samples and labels",
        (picture_figures.sample_figures, count_figures.label_figures),
        report_sections.class_tables,
    ),
    Part("Means and grey levels", (picture_figures.mean_figures, count_figures.level_figures)),
    Part(
        "Ink, size and slant",
        (measure_figures.ink_figures, measure_figures.box_figures, measure_figures.slant_figures),
    ),
    Part(
        "Typical and unusual",
        (picture_figures.typical_figures, picture_figures.unusual_figures),
        report_sections.prototype_tables,
    ),
    Part("Duplicates", (picture_figures.near_figures,), report_sections.duplicate_blocks),
    Part(
        "Easy to confuse",
        (
            class_figures.mean_distance_figures,
            class_figures.neighbour_figures,
            picture_figures.stray_figures,
        ),
        report_sections.pair_tables,
    ),
)


def write_exploration(found: Exploration, folder: Path, progress: Progress) -> Path:
    """Write ``figures/*.png`` and ``*.svg``, ``report.json`` and, last, ``report.html``.

    Args:
        found: What was found in the data set.
        folder: Folder of the report; made when missing. Files of an older report are replaced.
        progress: Called before each step.

    Returns:
        The path of the page.

    Raises:
        OutputError: A file cannot be written.
    """
    target = ReportFolder(folder)
    sections = tuple(_sections(found, target, progress))
    return target.finish(json_values(found), _page(found, sections))


def _page(found: Exploration, sections: Iterable[Section]) -> Page:
    pictures = found.pictures
    return Page(
        title=f"What is in {pictures.name}",
        lead=f"{plural(len(pictures.labels), 'picture')} of "
        f"{plural(len(pictures.class_names), 'class', 'classes')}, explored by edge-mnist.",
        sections=(
            Section(title="At a glance", blocks=report_sections.at_a_glance(found)),
            *sections,
            Section(title="How this was found", blocks=report_sections.method(found)),
        ),
    )


def _sections(found: Exploration, target: ReportFolder, progress: Progress) -> Iterator[Section]:
    steps, done = sum(len(part.draws) for part in PARTS), 0
    for part in PARTS:
        figures: list[Figure] = []
        for draw in part.draws:
            progress("drawing", done, steps)
            figures += _figures(draw, found, target)
            done += 1
        blocks = (Figures(figures=tuple(figures)),) if figures else ()
        below = part.tell(found) if part.tell else ()
        yield Section(title=part.title, blocks=(*blocks, *below))


def _figures(draw: Draw, found: Exploration, target: ReportFolder) -> Iterator[Figure]:
    """Draw figures, and write each as files."""
    with drawing_style():
        for one in draw(found):
            yield target.add(one)
