"""edge_analysis.report_page: one self-contained page of sentences, tables and figures."""

from edge_analysis.report_page.chart import Axis, Chart, Series, chart_figure
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
from edge_analysis.report_page.markdown import page_markdown

__all__ = [
    "NOTHING",
    "Axis",
    "Block",
    "Chart",
    "Figure",
    "Figures",
    "KeyFigure",
    "KeyFigures",
    "Notes",
    "Page",
    "Paragraph",
    "Section",
    "Series",
    "Swatch",
    "Table",
    "chart_figure",
    "page_html",
    "page_markdown",
]
