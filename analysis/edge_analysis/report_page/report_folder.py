"""The folder of a report: a page, the numbers beside it, and each figure as files.

``report.json`` lists the files of the figures with their SHA-256. By this list the next report
knows what is left over of the one before and may go: what is not listed, or was changed since,
is somebody's own.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from edge_analysis.report_page.content import Figure, Page
from edge_analysis.report_page.drawn import SUFFIXES, Drawn, write_drawing
from edge_analysis.report_page.html import page_html
from edge_infer.io.atomic import write_text

PAGE: Final = "report.html"
NUMBERS: Final = "report.json"
FIGURES: Final = "figures"


class ReportFolder:
    """A folder that a report is written into, figure by figure."""

    def __init__(self, path: Path) -> None:
        """Take a folder, made when missing, with or without an older report in it."""
        self._path = path
        self._former = _listed_figures(path / NUMBERS)
        self._written: dict[str, str] = {}

    def add(self, drawn: Drawn) -> Figure:
        """Write a figure as PNG and SVG.

        Returns:
            The figure, for the page.

        Raises:
            OutputError: A file cannot be written.
        """
        for file in write_drawing(drawn.drawing, self._path / FIGURES / drawn.name):
            self._written[file.name] = _sha256(file)
        return drawn.for_page()

    def finish(self, numbers: Mapping[str, Any], page: Page) -> Path:
        """Write the numbers, and last the page: where it stands, all that belongs to it does.

        Args:
            numbers: Plain values; the list of figures is added to them. What is no number, as
                the loss of a training that failed, is written as null.
            page: To be written as HTML.

        Returns:
            The path of the page.

        Raises:
            OutputError: A file cannot be written.
        """
        self._remove_left_over()
        values = _finite({**numbers, FIGURES: self._written})
        text = json.dumps(values, indent=1, ensure_ascii=False, allow_nan=False)
        write_text(self._path / NUMBERS, text + "\n")
        write_text(self._path / PAGE, page_html(page))
        return self._path / PAGE

    def _remove_left_over(self) -> None:
        for name, sha256 in self._former.items():
            path = self._path / FIGURES / name
            # One that cannot be read or removed does no harm, nor a name that no file can have.
            with suppress(OSError, ValueError):
                if name not in self._written and _sha256(path) == sha256:
                    path.unlink()


def _listed_figures(numbers: Path) -> dict[str, str]:
    """Read which figures an older report lists; none where there is no such report."""
    try:
        listed = json.loads(numbers.read_text(encoding="utf-8"))[FIGURES]
        return {name: sha256 for name, sha256 in listed.items() if _is_figure(name)}
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return {}


def _is_figure(name: str) -> bool:
    """Say whether it is the name of a figure's file, not a way out of the folder."""
    return Path(name).name == name and name.endswith(SUFFIXES)


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
