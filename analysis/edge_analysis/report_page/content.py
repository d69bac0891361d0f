"""What a report says, apart from how it looks.

A page is put together from these records once, and written as HTML
(:mod:`edge_analysis.report_page.html`). All text is plain: the writers escape it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

# In a cell for which nothing was measured.
NOTHING: Final = "-"


@dataclass(frozen=True, kw_only=True)
class Paragraph:
    """A sentence or some."""

    text: str


@dataclass(frozen=True, kw_only=True)
class Notes:
    """A marked list of what a reader must not miss.

    Attributes:
        title: What the notes have in common.
        items: A sentence each.
    """

    title: str
    items: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class KeyFigure:
    """A number to take away.

    Attributes:
        value: With its unit.
        label: What it is of.
        note: Under which conditions.
    """

    value: str
    label: str
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class KeyFigures:
    """Some numbers to take away, side by side."""

    figures: tuple[KeyFigure, ...]


@dataclass(frozen=True, kw_only=True)
class Table:
    """Rows of as many cells as there are headings.

    Attributes:
        caption: What the rows are, in a sentence.
        headings: One a column, with the unit of its numbers.
        rows: Cells; those of the first column are headings of their rows.
        text_columns: How many columns from the left hold text; the others hold numbers,
            aligned to the right.
        folded: Whether only the caption shows until it is opened.
    """

    caption: str
    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    text_columns: int = 1
    folded: bool = False

    def __post_init__(self) -> None:
        assert all(len(row) == len(self.headings) for row in self.rows)


@dataclass(frozen=True, kw_only=True)
class Swatch:
    """An entry of a figure's legend.

    Attributes:
        name: Name of a series.
        picture: An ``<svg>`` element as text: the line and the marker of the series.
    """

    name: str
    picture: str


@dataclass(frozen=True, kw_only=True)
class Figure:
    """A picture.

    Attributes:
        picture: An ``<svg>`` element as text, or the bytes of a PNG file.
        alt: What is to be seen, for those who cannot.
        caption: What it says, in a sentence.
        legend: Which series are which.
    """

    picture: str | bytes
    alt: str
    caption: str
    legend: tuple[Swatch, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Figures:
    """Figures side by side where there is room.

    Attributes:
        figures: Some.
        small: Whether they are a gallery of small pictures, each pixel to be seen.
    """

    figures: tuple[Figure, ...]
    small: bool = False


Block = Paragraph | Notes | KeyFigures | Table | Figures


@dataclass(frozen=True, kw_only=True)
class Section:
    """A titled part of a page."""

    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, kw_only=True)
class Page:
    """A report.

    Attributes:
        title: Its name.
        lead: What it is about, in a sentence or two.
        sections: In order.
    """

    title: str
    lead: str
    sections: tuple[Section, ...]
