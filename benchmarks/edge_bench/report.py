"""The report of ``edge-mnist bench report``: the runs of some machines on one page."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from edge_analysis.report_page import (
    Block,
    KeyFigure,
    KeyFigures,
    Notes,
    Page,
    Paragraph,
    Section,
    page_html,
)
from edge_bench.record import Measurement
from edge_bench.report_charts import (
    accuracy_figures,
    distribution_figures,
    throughput_figures,
)
from edge_bench.report_markdown import page_markdown
from edge_bench.report_runs import Run, fewest_threads, read_runs, scenarios_of
from edge_bench.report_tables import (
    machines_table,
    medians_table,
    models_table,
    parts_table,
    ratios_table,
    scenario_table,
)
from edge_bench.report_units import duration, rate
from edge_bench.scenario_list import Scenario
from edge_infer.errors import UsageError
from edge_infer.io.atomic import write_text

_HOW: Final = (
    "Times are of one call, measured until they were steady. p50 is the median: half of the "
    "calls were quicker; p99: 99 of 100 were. A percentile that too few calls could tell is "
    "left out. sd is the standard deviation; CPU is the time that cores worked on a call, which "
    "other programs hardly change.",
    "Images a second are the batch divided by the median. Memory is that of a fresh process "
    "with one model alone, after the scenario and at its most, in MB of 1,000,000 bytes.",
    "Models of one run were measured in turns, so that what slowed the machine slowed all of "
    "them; only figures of the same run compare closely.",
)


# Elsewhere what is counted a second are pages or frames.
_OF_IMAGES: Final = ("single", "batch", "image", "folder")


def write_report(files: Sequence[Path], output: Path) -> tuple[Path, Path]:
    """Write the report of some runs as HTML, and as Markdown beside it.

    Args:
        files: As ``edge-mnist bench`` wrote them; at least one.
        output: The HTML file.

    Returns:
        The two files that were written.

    Raises:
        RunError: A file is missing or no record of a run.
        UsageError: A file is named twice, or ``output`` is named like Markdown.
        OutputError: A file cannot be written.
    """
    twin = output.with_suffix(".md")
    if twin == output:
        raise UsageError(
            f"{output} is where the Markdown goes: name the HTML file, ending in .html"
        )
    page = report_page(read_runs(files))
    write_text(output, page_html(page))
    write_text(twin, page_markdown(page))
    return output, twin


def report_page(runs: Sequence[Run]) -> Page:
    """Put the report of some runs together, at least one."""
    sections = [
        Section(title="Doubts", blocks=_doubts(runs)),
        Section(title="At a glance", blocks=(_key_figures(runs),)),
        Section(title="Machines", blocks=(machines_table(runs),)),
        Section(title="Models", blocks=(models_table(runs),)),
        *(_scenario_section(runs, scenario) for scenario in scenarios_of(runs)),
        _section("Accuracy and its price", accuracy_figures(runs)),
        _section("Model against model", ratios_table(runs)),
        Section(title="How to read this", blocks=tuple(Paragraph(text=text) for text in _HOW)),
    ]
    return Page(
        title="What the models cost",
        lead=f"Measured by edge-mnist bench. {_names(runs)}",
        sections=tuple(section for section in sections if section.blocks),
    )


def _names(runs: Sequence[Run]) -> str:
    named = [f"{run.name}: {run.record.host.cpu}, {run.record.created[:10]}" for run in runs]
    return "; ".join(named) + "."


def _section(title: str, *blocks: Block | None) -> Section:
    return Section(title=title, blocks=tuple(block for block in blocks if block is not None))


def _doubts(runs: Sequence[Run]) -> tuple[Block, ...]:
    notes = [
        Notes(
            title=f"Read {run.name} with care",
            items=tuple(doubt.message for doubt in run.record.doubts),
        )
        for run in runs
        if run.record.doubts
    ]
    clean = [run.name for run in runs if not run.record.doubts]
    if not clean:
        return tuple(notes)
    return (*notes, Paragraph(text=f"Nothing is known against {', '.join(clean)}."))


def _key_figures(runs: Sequence[Run]) -> KeyFigures:
    figures: list[KeyFigure] = []
    for run in runs:
        figures += [
            KeyFigure(
                value=duration(one.p50_ms), label=f"{run.name}: one image, {one.model}", note="p50"
            )
            for one in fewest_threads(run, "single")[:1]
        ]
        many = [one for one in run.record.measurements if one.scenario in _OF_IMAGES]
        if many:
            figures.append(_most_images(run, max(many, key=lambda one: one.images_per_s)))
    return KeyFigures(figures=tuple(figures))


def _most_images(run: Run, one: Measurement) -> KeyFigure:
    threads = f"{one.threads} thread{'s' if one.threads > 1 else ''}"
    return KeyFigure(
        value=f"{rate(one.images_per_s)}/s",
        label=f"{run.name}: most images, {one.model}",
        note=f"{one.scenario} of {one.batch:,}, {threads}",
    )


def _scenario_section(runs: Sequence[Run], scenario: Scenario) -> Section:
    of_batches = scenario.name == "batch"
    return _section(
        scenario.title,
        Paragraph(text=scenario.text) if scenario.text else None,
        medians_table(runs, scenario) if len(runs) > 1 else None,
        scenario_table(runs, scenario),
        parts_table(runs, scenario),
        throughput_figures(runs) if of_batches else distribution_figures(runs, scenario),
    )
