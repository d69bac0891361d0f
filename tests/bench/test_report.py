from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from bench_records import full_record, measured_model, measurement, record

from edge_bench.record import Record
from edge_bench.report import Report, Section, make_report
from edge_bench.report_tables import NO_VALUE, TimeUnit, time_unit
from edge_infer.errors import RunError, UsageError


def report_of(folder: Path, **records: Record) -> Report:
    files = [folder / f"{name}.json" for name in records]
    for file, made in zip(files, records.values(), strict=True):
        made.write(file)
    return make_report(files)


def section(report: Report, title: str) -> Section:
    return next(section for section in report.sections if section.title == title)


@pytest.fixture(scope="module")
def two_runs(tmp_path_factory: pytest.TempPathFactory) -> Report:
    return report_of(
        tmp_path_factory.mktemp("runs"),
        pi5=full_record(),
        zero=full_record(9, cpu="Cortex-A53"),
    )


def test_machines_are_columns(two_runs: Report) -> None:
    (table,) = section(two_runs, "Machines").tables
    assert table.headings == ("", "pi5", "zero")
    rows = {row[0]: row[1:] for row in table.rows}
    assert rows["processor"] == ("Cortex-A76", "Cortex-A53")
    assert rows["temperature"] == (NO_VALUE, NO_VALUE)


def test_medians_have_a_column_per_machine_and_batches_count_per_image(two_runs: Report) -> None:
    medians = section(two_runs, "One image").tables[0]
    assert medians.headings == ("model", "pi5", "zero")
    assert medians.rows[0] == ("nano", "21.0", "189.0")
    assert "µs" in medians.caption
    batches = section(two_runs, "Batches").tables[0]
    assert batches.headings[:3] == ("model", "threads", "batch")
    whole_us = 21 * 64**0.85
    by_key = {row[:3]: row[3] for row in batches.rows}
    assert float(by_key["nano", "1", "64"]) == pytest.approx(whole_us / 64, abs=0.01)


def test_every_measurement_has_a_row(two_runs: Report, tmp_path: Path) -> None:
    batches = section(two_runs, "Batches").tables[1]
    assert len(batches.rows) == 2 * 3 * 8
    assert batches.folded
    assert not section(report_of(tmp_path, a=full_record()), "Batches").tables[0].folded


@pytest.mark.parametrize("title", ["One image", "Batches", "Picture to label"])
def test_each_machine_has_a_chart(two_runs: Report, title: str) -> None:
    charts = section(two_runs, title).charts
    assert [chart.caption.split(":")[0] for chart in charts] == ["pi5", "zero"]
    assert all(chart.series for chart in charts)
    assert len({(chart.x_limits, chart.y_limits) for chart in charts}) == 1


def test_accuracy_is_drawn_against_latency_and_size(two_runs: Report) -> None:
    latency, _, size = section(two_runs, "Accuracy against latency and size").charts
    assert {series.name for series in latency.series} == {"nano", "edge", "max"}
    assert size.x_label.endswith("kB")


def test_doubts_come_first(two_runs: Report, tmp_path: Path) -> None:
    assert two_runs.sections[0].warnings == (
        ("pi5", ("The governor is ondemand.",)),
        ("zero", ("The governor is ondemand.",)),
    )
    clean = report_of(tmp_path, pi5=record(measurement())).sections[0]
    assert not clean.warnings
    assert "pi5" in clean.paragraphs[0]


def test_ratios_steps_of_a_cold_start_and_processor_time_are_shown(tmp_path: Path) -> None:
    report = report_of(tmp_path, a=full_record())
    (ratios,) = section(report, "Ratios of models").tables
    assert ratios.rows[0][:3] == ("edge", "nano", "single")
    assert ratios.rows[0][-1] == "1.01 to 3.90"
    parts = section(report, "Cold start").tables[1]
    assert parts.headings[3:] == ("import ms", "session ms", "first run ms")
    assert parts.rows[0][3:] == ("212", "24", "1.25")
    one = measurement(0.05, parts={"cpu_ms": 0.048})
    (table,) = section(report_of(tmp_path, b=record(one)), "One image").tables
    assert table.rows[0][table.headings.index("CPU")] == "48.0"


def test_few_calls_have_no_percentiles_and_no_distribution(tmp_path: Path) -> None:
    found = section(report_of(tmp_path, a=record(measurement(n=7))), "One image")
    row = dict(zip(found.tables[0].headings, found.tables[0].rows[0], strict=True))
    assert (row["p90"], row["p95"], row["p99"]) == (NO_VALUE,) * 3
    assert not found.charts


def test_report_has_only_sections_with_content(tmp_path: Path) -> None:
    model = replace(measured_model(), accuracy_percent=None)
    made = record(measurement(), measurement(scenario="of a later version"))
    report = report_of(tmp_path, a=replace(made, models=(model,)))
    titles = [section.title for section in report.sections]
    assert titles[:5] == ["Doubts", "Summary", "Machines", "Models", "One image"]
    assert titles[5:] == ["of a later version", "How to read this report"]


def test_files_of_one_name_with_other_bytes_are_two_models(tmp_path: Path) -> None:
    made = record(measurement())
    other = replace(made, models=(replace(made.models[0], sha256="0" * 64),))
    (table,) = section(report_of(tmp_path, a=made, b=other), "Models").tables
    assert [row[1] for row in table.rows] == ["a", "b"]


def test_markdown_holds_every_table_and_escapes_text(tmp_path: Path) -> None:
    report = report_of(tmp_path, pi5=full_record(cpu="A|B*"))
    text = report.to_markdown()
    assert "| processor | A\\|B\\* |" in text
    for part in report.sections:
        assert f"## {part.title}" in text
        for table in part.tables:
            assert table.caption in text


def test_record_given_twice_or_missing_is_refused(tmp_path: Path) -> None:
    full_record().write(tmp_path / "a.json")
    with pytest.raises(UsageError, match="twice"):
        make_report([tmp_path / "a.json", tmp_path / "." / "a.json"])
    with pytest.raises(RunError, match="cannot read"):
        make_report([tmp_path / "b.json"])


def test_records_of_one_file_name_are_named_by_their_folders(tmp_path: Path) -> None:
    files = [tmp_path / folder / "run.json" for folder in ("a", "b")]
    for file in files:
        full_record().write(file)
    (table,) = section(make_report(files), "Machines").tables
    assert table.headings[1:] == tuple(str(file.with_suffix("")) for file in files)


@pytest.mark.parametrize(
    ("times_ms", "unit", "text"),
    [
        ([0.00512], TimeUnit("µs", 1000.0, 2), "5.12 µs"),
        ([0.5, 30.0], TimeUnit("µs", 1000.0, 0), "500 µs"),
        ([1.5], TimeUnit("ms", 1.0, 2), "1.50 ms"),
        ([4770], TimeUnit("s", 1e-3, 2), "4.77 s"),
    ],
)
def test_times_have_the_unit_of_the_shortest(
    times_ms: list[float], unit: TimeUnit, text: str
) -> None:
    assert time_unit(times_ms) == unit
    assert unit.text(times_ms[0]) == text
