"""The HTML page of `edge-mnist bench report`, drawn by edge_analysis from the report's content."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from edge_analysis import page
from edge_analysis.figures.drawing import inline_figure
from edge_analysis.figures.lines import Line, draw_lines
from edge_bench.report import Report, Section
from edge_bench.report_charts import Chart

_HEIGHT_IN: Final = 3.2


def bench_page(report: Report) -> page.Page:
    """Convert a report to a page with drawn charts."""
    sections = [
        page.Section(title=section.title, blocks=tuple(_blocks(section)))
        for section in report.sections
    ]
    return page.Page(title=report.title, lead=report.lead, sections=tuple(sections))


def _blocks(section: Section) -> Iterator[page.Block]:
    for name, items in section.warnings:
        yield page.Notes(title=f"Doubts about {name}", items=items)
    for text in section.paragraphs:
        yield page.Paragraph(text=text)
    if section.key_figures:
        names = ("value", "label", "note")
        figures = (dict(zip(names, one, strict=True)) for one in section.key_figures)
        yield page.KeyFigures(figures=tuple(page.KeyFigure(**one) for one in figures))
    for table in section.tables:
        yield page.Table(**vars(table))
    if section.charts:
        yield page.Figures(figures=tuple(map(_figure, section.charts)))


def _figure(chart: Chart) -> page.Figure:
    lines = [
        Line(
            name=series.name,
            x=[x for x, _ in series.points],
            y=[y for _, y in series.points],
            colour=series.index,
            marker="o" if len(series.points) < 10 else None,
            style="" if len(series.points) == 1 else "--" if series.dashed else "-",
        )
        for series in chart.series
    ]
    options: dict[str, Any] = {
        "xlim": chart.x_limits,
        "ylim": chart.y_limits,
        "xscale": "log" if chart.log_x else None,
        "yscale": "log" if chart.log_y else None,
    }
    given = {name: value for name, value in options.items() if value}
    labels: dict[str, Any] = {"xlabel": chart.x_label, "ylabel": chart.y_label}
    figure = draw_lines(lines, height_in=_HEIGHT_IN, **labels, **given)
    return inline_figure(figure, alt=chart.alt, caption=chart.caption)
