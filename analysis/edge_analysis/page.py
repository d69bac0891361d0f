"""The content of a report, and the report as one self-contained HTML page.

All texts are plain text; the page template escapes them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from edge_infer.io.atomic import write_text

# Text of a table cell without a value.
NO_VALUE: Final = "-"
STYLE_SHEET: Final = Path(__file__).with_name("style.css")
# Characters that HTML does not allow, such as the surrogates in names of undecodable files.
_FORBIDDEN: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


@dataclass(frozen=True, kw_only=True)
class Paragraph:
    """One or more sentences."""

    kind: ClassVar[str] = "paragraph"
    text: str


@dataclass(frozen=True, kw_only=True)
class Notes:
    """A highlighted list of warnings, one sentence per item."""

    kind: ClassVar[str] = "notes"
    title: str
    items: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class KeyFigure:
    """A number with its unit, its name, and its condition or interval."""

    value: str
    label: str
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class KeyFigures:
    """The numbers that summarise a report, side by side."""

    kind: ClassVar[str] = "key_figures"
    figures: tuple[KeyFigure, ...]


@dataclass(frozen=True, kw_only=True)
class Table:
    """A table. The cells of its first column are row headings.

    The first ``text_columns`` columns hold text, the others numbers, which are right-aligned. Of a
    folded table only the caption is visible until the reader opens it.
    """

    kind: ClassVar[str] = "table"
    caption: str
    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    text_columns: int = 1
    folded: bool = False

    def __post_init__(self) -> None:
        assert all(len(row) == len(self.headings) for row in self.rows)


@dataclass(frozen=True, kw_only=True)
class Figure:
    """An ``<svg>`` element as text, its description for screen readers, and its caption."""

    picture: str
    alt: str
    caption: str


@dataclass(frozen=True, kw_only=True)
class Figures:
    """Figures side by side if the page is wide enough."""

    kind: ClassVar[str] = "figures"
    figures: tuple[Figure, ...]


def key_figures(*rows: tuple[str, str, str]) -> KeyFigures:
    """Return key figures of rows of label, value and note."""
    return KeyFigures(
        figures=tuple(KeyFigure(label=label, value=value, note=note) for label, value, note in rows)
    )


Block = Paragraph | Notes | KeyFigures | Table | Figures


@dataclass(frozen=True, kw_only=True)
class Section:
    """A part of a page with a title."""

    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, kw_only=True)
class Page:
    """A report: title, a summary of one or two sentences, and sections."""

    title: str
    lead: str
    sections: tuple[Section, ...]


def write_page(page: Page, path: Path) -> None:
    """Write a page as one HTML file.

    Raises:
        OutputError: The file cannot be written.
    """
    write_text(path, page_html(page))


def page_html(page: Page) -> str:
    """Return a page as an HTML document without scripts and references to other files."""
    environment = Environment(
        loader=FileSystemLoader(STYLE_SHEET.parent),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_allowed,
        trim_blocks=True,
    )
    style = STYLE_SHEET.read_text(encoding="utf-8")
    return environment.get_template("page.html.j2").render(page=page, style=style) + "\n"


def _allowed(value: Any) -> Any:
    """Replace forbidden characters in plain text; markup is passed through."""
    if isinstance(value, str) and not hasattr(value, "__html__"):
        return _FORBIDDEN.sub("\ufffd", value)
    return value
