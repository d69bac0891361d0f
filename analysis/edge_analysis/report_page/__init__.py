"""edge_analysis.report_page: one self-contained page of sentences, tables and figures."""

from edge_analysis.report_page.content import (
    NOTHING,
    Block,
    Figure,
    Figures,
    KeyFigure,
    KeyFigures,
    Notes,
    Page,
    Paragraph,
    Section,
    Swatch,
    Table,
)
from edge_analysis.report_page.html import page_html

__all__ = [
    "NOTHING",
    "Block",
    "Figure",
    "Figures",
    "KeyFigure",
    "KeyFigures",
    "Notes",
    "Page",
    "Paragraph",
    "Section",
    "Swatch",
    "Table",
    "page_html",
]
