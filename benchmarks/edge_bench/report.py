"""The report of ``edge-mnist bench report``: runs side by side, as content and as Markdown.

The command line draws the charts and writes the HTML page from the same content.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from edge_bench.record import Measurement
from edge_bench.report_charts import Chart, accuracy_charts, distribution_charts, throughput_charts
from edge_bench.report_runs import Run, fewest_threads, read_runs, scenarios_of
from edge_bench.report_tables import (
    Table,
    machines_table,
    medians_table,
    models_table,
    parts_table,
    rate,
    ratios_table,
    scenario_table,
)
from edge_bench.scenario_list import Scenario
from edge_infer.text import duration, markdown_table

_EXPLANATIONS: Final = (
    "Times are per call, after a warm-up. p50 is the median; 99 of 100 calls are quicker than p99. "
    "A percentile is left out where there are too few calls. sd is the standard deviation. CPU is "
    "the processor time of a call on all cores; other programs hardly change it.",
    "Images per second are the batch divided by the median. Memory is that of a new process with "
    "one model, after the scenario and at its peak, in MB of 1,000,000 bytes.",
    "The models of one run were measured in turns, so a slow phase of the machine affects all of "
    "them. Compare figures of the same run only.",
)
# Scenarios whose rate counts images; the others count pages, starts or frames.
_OF_IMAGES: Final = ("single", "batch", "image", "folder")


@dataclass(frozen=True, kw_only=True)
class Section:
    """A part of the report.

    Attributes:
        title: Title of the section.
        paragraphs: Sentences before the tables.
        warnings: Doubts about a run: the name of the run, and one sentence per doubt.
        key_figures: Value, label and condition of the most important numbers.
        tables: Tables in order.
        charts: Charts in order.
    """

    title: str
    paragraphs: tuple[str, ...] = ()
    warnings: tuple[tuple[str, tuple[str, ...]], ...] = ()
    key_figures: tuple[tuple[str, str, str], ...] = ()
    tables: tuple[Table, ...] = ()
    charts: tuple[Chart, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Report:
    """The runs of one or more machines."""

    title: str
    lead: str
    sections: tuple[Section, ...]

    def to_markdown(self) -> str:
        """Return the report as Markdown; of the charts only their captions."""
        lines = [f"# {self.title}", "", self.lead, ""]
        for section in self.sections:
            lines += [f"## {section.title}", "", *_markdown(section)]
        return "\n".join(lines)


def make_report(files: Sequence[Path]) -> Report:
    """Read records and make their report.

    Args:
        files: Files that ``edge-mnist bench`` wrote; at least one.

    Raises:
        RunError: A file is missing or not a record of a run.
        UsageError: A file is given twice.
    """
    runs = read_runs(files)
    named = [f"{run.name}: {run.record.host.cpu}, {run.record.created[:10]}" for run in runs]
    ratios = ratios_table(runs)
    return Report(
        title="Benchmark report",
        lead=f"Measured by edge-mnist bench. {'; '.join(named)}.",
        sections=(
            _doubts(runs),
            Section(title="Summary", key_figures=tuple(_key_figures(runs))),
            Section(title="Machines", tables=(machines_table(runs),)),
            Section(title="Models", tables=(models_table(runs),)),
            *(_scenario_section(runs, scenario) for scenario in scenarios_of(runs)),
            *_accuracy_section(runs),
            *([Section(title="Ratios of models", tables=(ratios,))] if ratios else []),
            Section(title="How to read this report", paragraphs=_EXPLANATIONS),
        ),
    )


def _doubts(runs: Sequence[Run]) -> Section:
    warnings = tuple(
        (run.name, tuple(doubt.message for doubt in run.record.doubts))
        for run in runs
        if run.record.doubts
    )
    clean = ", ".join(run.name for run in runs if not run.record.doubts)
    paragraphs = (f"No doubts about {clean}.",) if clean else ()
    return Section(title="Doubts", paragraphs=paragraphs, warnings=warnings)


def _key_figures(runs: Sequence[Run]) -> Iterator[tuple[str, str, str]]:
    for run in runs:
        for one in fewest_threads(run, "single")[:1]:
            yield duration(one.p50_ms / 1e3), f"{run.name}: one image, {one.model}", "median"
        many = [one for one in run.record.measurements if one.scenario in _OF_IMAGES]
        if many:
            yield _highest_rate(run, max(many, key=lambda one: one.images_per_s))


def _highest_rate(run: Run, one: Measurement) -> tuple[str, str, str]:
    threads = f"{one.threads} thread{'s' if one.threads > 1 else ''}"
    return (
        f"{rate(one.images_per_s)}/s",
        f"{run.name}: highest image rate, {one.model}",
        f"{one.scenario} of {one.batch:,}, {threads}",
    )


def _scenario_section(runs: Sequence[Run], scenario: Scenario) -> Section:
    tables = (
        medians_table(runs, scenario) if len(runs) > 1 else None,
        scenario_table(runs, scenario),
        parts_table(runs, scenario),
    )
    charts = throughput_charts(runs) if scenario.name == "batch" else None
    return Section(
        title=scenario.title,
        paragraphs=(scenario.text,) if scenario.text else (),
        tables=tuple(table for table in tables if table is not None),
        charts=charts if charts is not None else distribution_charts(runs, scenario),
    )


def _accuracy_section(runs: Sequence[Run]) -> Iterator[Section]:
    charts = accuracy_charts(runs)
    if charts:
        yield Section(title="Accuracy against latency and size", charts=charts)


def _markdown(section: Section) -> Iterator[str]:
    for name, items in section.warnings:
        yield from (f"**{name}**", "", *(f"- {_escaped(item)}" for item in items), "")
    for text in section.paragraphs:
        yield from (text, "")
    for value, label, note in section.key_figures:
        yield f"- {value}: {_escaped(label)} ({note})"
    if section.key_figures:
        yield ""
    for table in section.tables:
        rows = [[_escaped(cell) for cell in row] for row in table.rows]
        headings = [_escaped(heading) for heading in table.headings]
        yield from (table.caption, "", *markdown_table(headings, rows))
    for chart in section.charts:
        yield from (f"*Chart: {_escaped(chart.alt)}*", "")


def _escaped(text: str) -> str:
    """Escape what would end a cell or start markup in Markdown."""
    for mark in "\\|<>*_`[]":
        text = text.replace(mark, f"\\{mark}")
    return text.replace("\n", " ")
