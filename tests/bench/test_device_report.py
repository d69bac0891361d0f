from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from bench_records import full_record, measured_model, measurement, record

from edge_analysis.report_page import NOTHING, Figures, Notes, Page, Section, Table
from edge_bench.record import Record
from edge_bench.report import report_page, write_report
from edge_bench.report_runs import Run, read_runs
from edge_bench.report_units import TimeUnit, duration, plain, time_unit
from edge_infer.errors import RunError, UsageError


def section(page: Page, title: str) -> Section:
    return next(section for section in page.sections if section.title == title)


def titles(page: Page) -> list[str]:
    return [section.title for section in page.sections]


def tables(page: Page, title: str) -> list[Table]:
    return [block for block in section(page, title).blocks if isinstance(block, Table)]


def captions(page: Page, title: str) -> list[str]:
    return [
        figure.caption
        for block in section(page, title).blocks
        if isinstance(block, Figures)
        for figure in block.figures
    ]


def one_run(made: Record) -> Page:
    return report_page([Run("pi5", made)])


@pytest.fixture(scope="module")
def two_runs() -> Page:
    return report_page([Run("pi5", full_record()), Run("zero", full_record(9, cpu="Cortex-A53"))])


def test_machines_stand_side_by_side(two_runs: Page) -> None:
    (table,) = tables(two_runs, "Machines")
    assert table.headings == ("", "pi5", "zero")
    rows = {row[0]: row[1:] for row in table.rows}
    assert rows["processor"] == ("Cortex-A76", "Cortex-A53")
    assert rows["temperature"] == (NOTHING, NOTHING)


def test_medians_stand_side_by_side(two_runs: Page) -> None:
    medians = tables(two_runs, "One image")[0]
    assert medians.headings == ("model", "pi5", "zero")
    assert medians.rows[0] == ("nano", "21.0", "189.0")
    assert "µs" in medians.caption


def test_batches_are_told_by_image_and_threads(two_runs: Page) -> None:
    medians = tables(two_runs, "Batches")[0]
    assert medians.headings[:3] == ("model", "threads", "batch")
    by_key = {row[:3]: row[3] for row in medians.rows}
    whole_us = 21 * 64**0.85
    assert float(by_key["nano", "1", "64"]) == pytest.approx(whole_us / 64, abs=0.01)


def test_every_measurement_has_a_row(two_runs: Page) -> None:
    batches = tables(two_runs, "Batches")[1]
    assert len(batches.rows) == 2 * 3 * 8
    assert batches.folded
    assert not tables(one_run(full_record()), "Batches")[0].folded


def test_distributions_and_throughput_are_drawn_for_each_machine(two_runs: Page) -> None:
    for title in ("One image", "Batches", "Picture to label"):
        assert [caption.split(":")[0] for caption in captions(two_runs, title)] == ["pi5", "zero"]


def test_accuracy_is_drawn_against_latency_and_size(two_runs: Page) -> None:
    drawn = captions(two_runs, "Accuracy and its price")
    assert [caption.split(".")[0] for caption in drawn] == [
        "pi5: accuracy against the latency of one image",
        "zero: accuracy against the latency of one image",
        "Accuracy against the size of the file",
    ]


def test_doubts_come_first_and_plainly(two_runs: Page) -> None:
    first = two_runs.sections[0]
    notes = [block for block in first.blocks if isinstance(block, Notes)]
    assert [note.title for note in notes] == ["Read pi5 with care", "Read zero with care"]
    assert notes[0].items == ("The governor is ondemand.",)


def test_run_without_doubts_is_named() -> None:
    (paragraph,) = one_run(record(measurement())).sections[0].blocks
    assert "Nothing is known against pi5." in str(paragraph)


def test_steps_of_a_cold_start_are_told_apart() -> None:
    parts = tables(one_run(full_record()), "Cold start")[1]
    assert parts.headings[3:] == ("import ms", "session ms", "first run ms")
    assert parts.rows[0][3:] == ("212", "24", "1.25")


def test_processor_time_is_a_column_among_the_times() -> None:
    one = measurement(0.05, parts={"cpu_ms": 0.048})
    (table,) = tables(one_run(record(one)), "One image")
    assert table.rows[0][table.headings.index("CPU")] == "48.0"


def test_few_calls_have_no_percentiles_and_no_distribution() -> None:
    page = one_run(record(measurement(n=7)))
    (table,) = tables(page, "One image")
    row = dict(zip(table.headings, table.rows[0], strict=True))
    assert (row["p90"], row["p95"], row["p99"]) == (NOTHING,) * 3
    assert not captions(page, "One image")


def test_what_was_not_measured_has_no_section() -> None:
    page = one_run(
        replace(record(measurement()), models=(replace(measured_model(), accuracy_percent=None),))
    )
    assert titles(page) == [
        *("Doubts", "At a glance", "Machines", "Models", "One image"),
        "How to read this",
    ]


def test_scenario_of_a_later_version_is_shown() -> None:
    page = one_run(record(measurement(scenario="swarm")))
    assert tables(page, "swarm")[0].rows


def test_files_with_one_name_and_other_bytes_are_two_models() -> None:
    made = record(measurement())
    other = replace(made, models=(replace(made.models[0], sha256="0" * 64),))
    (table,) = tables(report_page([Run("a", made), Run("b", other)]), "Models")
    assert [row[1] for row in table.rows] == ["a", "b"]


def test_models_in_turns_are_compared() -> None:
    (table,) = tables(one_run(full_record()), "Model against model")
    assert table.rows[0][:3] == ("edge", "nano", "single")
    assert table.rows[0][-1] == "1.01 to 3.90"


def test_report_writes_html_and_its_twin(tmp_path: Path) -> None:
    full_record().write(tmp_path / "pi5.json")
    output = tmp_path / "new" / "report.html"
    assert write_report([tmp_path / "pi5.json"], output) == (output, output.with_suffix(".md"))
    assert output.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    assert "| processor | Cortex-A76 |" in output.with_suffix(".md").read_text(encoding="utf-8")
    assert sorted(path.name for path in output.parent.iterdir()) == ["report.html", "report.md"]


def test_output_may_not_be_the_twin(tmp_path: Path) -> None:
    full_record().write(tmp_path / "pi5.json")
    with pytest.raises(UsageError, match=r"ending in \.html"):
        write_report([tmp_path / "pi5.json"], tmp_path / "report.md")


def test_run_named_twice_is_refused(tmp_path: Path) -> None:
    full_record().write(tmp_path / "a.json")
    with pytest.raises(UsageError, match="twice"):
        read_runs([tmp_path / "a.json", tmp_path / "." / "a.json"])


def test_runs_of_one_file_name_are_told_apart(tmp_path: Path) -> None:
    files = [tmp_path / folder / "run.json" for folder in ("a", "b")]
    for file in files:
        full_record().write(file)
    assert [run.name for run in read_runs(files)] == [str(file.with_suffix("")) for file in files]


def test_missing_run_is_told(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="cannot read"):
        read_runs([tmp_path / "a.json"])


@pytest.mark.parametrize(
    ("time_ms", "text"),
    [
        (0.00512, "5.12 µs"),
        (0.0231, "23.1 µs"),
        (1.5, "1.50 ms"),
        (423, "423 ms"),
        (4770, "4.77 s"),
    ],
)
def test_duration_keeps_three_digits(time_ms: float, text: str) -> None:
    assert duration(time_ms) == text


def test_times_of_a_column_share_the_unit_of_the_shortest() -> None:
    assert time_unit([0.5, 30.0]) == TimeUnit("µs", 1000.0, 0)


@pytest.mark.parametrize(("value", "text"), [(7.0, "7"), (0.052, "0.0520"), (212.5, "212")])
def test_plain_number_keeps_three_digits(value: float, text: str) -> None:
    assert plain(value) == text
