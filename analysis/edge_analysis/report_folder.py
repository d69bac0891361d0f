"""The folder of a report: ``report.html``, ``report.json`` and ``figures/``.

``report.json`` lists the files of the figures with their SHA-256. The next report removes those
that it does not replace. Files that are not listed, or that changed since, belong to the user and
stay.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, TypeVar

from edge_analysis.figures.drawing import SUFFIXES, Drawing, save_figure
from edge_analysis.page import Block, Figure, Figures, Page, Section, write_page
from edge_infer.io.atomic import write_text

PAGE: Final = "report.html"
NUMBERS: Final = "report.json"
FIGURES: Final = "figures"

Progress = Callable[[str, int, int], None]
"""Takes the name of a step, the number of finished parts of it, and their total."""

Result = TypeVar("Result")
AddFigure = Callable[[Drawing], Figure]
SectionWriters = Mapping[str, Callable[[Result, AddFigure], Iterable[Block]]]
"""Functions by section title. Each takes a result and a function that adds a figure to the report,
and returns the blocks of the section."""


def write_sections(
    result: Result, writers: SectionWriters[Result], add: AddFigure, progress: Progress
) -> tuple[Section, ...]:
    """Write the sections of a report in order; a section without blocks is left out."""
    sections: list[Section] = []
    for done, (title, write) in enumerate(writers.items()):
        progress("writing the report", done, len(writers))
        blocks = tuple(write(result, add))
        if blocks:
            sections.append(Section(title=title, blocks=blocks))
    return tuple(sections)


def figures(add: AddFigure, *drawings: Drawing | None) -> tuple[Block, ...]:
    """Add drawings to a report and place them side by side; None is left out."""
    added = tuple(add(drawing) for drawing in drawings if drawing is not None)
    return (Figures(figures=added),) if added else ()


class ReportFolder:
    """A folder that a report is written to, figure by figure."""

    def __init__(self, path: Path) -> None:
        """Open a folder, with or without an older report. It is created if it is missing."""
        self._path = path
        self._former = _listed_figures(path / NUMBERS)
        self._written: dict[str, str] = {}

    def add(self, drawing: Drawing) -> Figure:
        """Write a drawing as PNG and SVG and return the figure for the page.

        Raises:
            OutputError: A file cannot be written.
        """
        for file in save_figure(drawing.figure, self._path / FIGURES / drawing.name):
            self._written[file.name] = _sha256(file)
        return drawing.for_page()

    def finish(self, numbers: Mapping[str, Any], page: Page) -> Path:
        """Write the numbers and then the page; return the path of the page.

        The list of figures is added to the JSON values ``numbers``. NaN and infinity become null.

        Raises:
            OutputError: A file cannot be written.
        """
        for name, sha256 in self._former.items():
            path = self._path / FIGURES / name
            # A listed name may be invalid, or its file unreadable: it stays.
            with suppress(OSError, ValueError):
                if name not in self._written and _sha256(path) == sha256:
                    path.unlink()
        values = _finite({**numbers, FIGURES: self._written})
        text = json.dumps(values, indent=1, ensure_ascii=False, allow_nan=False)
        write_text(self._path / NUMBERS, text + "\n")
        write_page(page, self._path / PAGE)
        return self._path / PAGE


def _listed_figures(numbers: Path) -> dict[str, str]:
    """Read the figures that an older report lists; none if there is no valid report."""
    try:
        listed = json.loads(numbers.read_text(encoding="utf-8"))[FIGURES]
        # Only names of files in the folder, not paths out of it.
        return {
            name: sha256
            for name, sha256 in listed.items()
            if Path(name).name == name and name.endswith(SUFFIXES)
        }
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return {}


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {name: _finite(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(each) for each in value]
    return value


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
