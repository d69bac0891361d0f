"""`edge-mnist bench`, `bench compare` and `bench report`: options, files and tables."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from bench_records import full_record, measurement, record
from rich.console import Console

from edge_bench.compare import compare_files
from edge_bench.pictures import Pictures, draw_pictures
from edge_bench.record import SCHEMA_PATH, Doubt, Ratio, Record
from edge_bench.run import Budget
from edge_bench.scenario_list import SCENARIO_NAMES
from edge_mnist.bench_view import comparison_view, record_view

Bench = Callable[..., Any]
COLD = {"interpreter_ms": 30.0, "import_ms": 250.0, "session_ms": 12.5, "first_run_ms": 0.125}
STREAM = {"fps": 29.97, "cpu_share": 0.25, "frame_age_ms": 11.5}


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Pictures:
    return draw_pictures(tmp_path_factory.mktemp("pictures"))


@pytest.fixture
def bench(edge_mnist, pictures: Pictures, monkeypatch, tmp_path: Path) -> Bench:
    """Call the command in an empty folder; --quick takes less time than usual."""
    monkeypatch.setattr("edge_bench.run.draw_pictures", lambda *_, **__: pictures)
    at_once = Budget(visit_s=0.2, warm_by_s=0, timed_by_s=0, done_by_s=0)
    monkeypatch.setattr("edge_bench.run.QUICK", at_once)
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    return lambda *words: edge_mnist("bench", *words)


@pytest.fixture
def runs(tmp_path: Path) -> tuple[Path, Path]:
    """Two records; the second is slower by 30 %."""
    full_record().write(tmp_path / "old.json")
    full_record(1.3).write(tmp_path / "new.json")
    return tmp_path / "old.json", tmp_path / "new.json"


def rendered(view: object, *, colours: bool = False) -> str:
    console = Console(
        file=io.StringIO(),
        width=80,
        highlight=False,
        force_terminal=colours,
        color_system="standard" if colours else None,
    )
    with console.capture() as captured:
        console.print(view, crop=False)
    return captured.get()


def test_record_is_written_to_a_new_file(bench: Bench, tiny_model_path: Path) -> None:
    ran = bench(tiny_model_path, "--quick", "-s", "single", "-s", "image")
    assert ran.code == 0, ran.err
    (path,) = Path().glob("bench-*.json")
    assert ran.out.splitlines()[-1] == f"record: {path}"
    written = Record.read(path)
    assert [each.scenario for each in written.measurements] == ["single", "image"]
    assert [model.name for model in written.models] == ["tiny"]


def test_record_on_stdout_is_the_last_line_and_valid(
    bench: Bench, tiny_model_path: Path, monkeypatch
) -> None:
    # A process that gets little time measures one turn for certain.
    monkeypatch.setattr("edge_bench.summary.MIN_TURNS", 1)
    jsonschema = pytest.importorskip("jsonschema")
    ran = bench(tiny_model_path, "nano", "--quick", "--json", "-", "-s", "single")
    *_, above, last = ran.out.splitlines()
    document = json.loads(last)
    jsonschema.validate(document, json.loads(SCHEMA_PATH.read_text(encoding="utf-8")))
    assert document["ratios"]
    assert document["measurements"][0]["n"] > 0
    assert not above.startswith("record:")
    assert list(Path().iterdir()) == []


def test_output_replaces_an_older_record(bench: Bench, tiny_model_path: Path) -> None:
    Path("run.json").write_text("old")
    assert bench(tiny_model_path, "--quick", "-s", "single", "-o", "run.json").code == 0
    assert Record.read(Path("run.json")).models[0].name == "tiny"
    assert [path.name for path in Path().iterdir()] == ["run.json"]


def test_interruption_leaves_the_older_record(bench: Bench, monkeypatch) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    Path("run.json").write_text("old")
    monkeypatch.setattr("edge_bench.run.run_bench", interrupted)
    assert bench("-o", "run.json").code == 130
    assert [path.read_text() for path in Path().iterdir()] == ["old"]


def test_profile_shows_the_nodes_and_writes_nothing(bench: Bench, tiny_model_path: Path) -> None:
    ran = bench(tiny_model_path, "--profile")
    assert ran.code == 0, ran.err
    assert "Softmax" in ran.out
    assert list(Path().iterdir()) == []


def test_help_names_scenarios_and_subverbs(bench: Bench) -> None:
    text = " ".join(bench("--help").out.replace("│", " ").split())
    for word in (*SCENARIO_NAMES, "bench report", "bench compare"):
        assert word in text
    assert "COMMAND" not in text


def test_run_fits_a_terminal_of_80_columns() -> None:
    rows = [measurement(0.0384), measurement(1.2, scenario="batch", batch=512, threads=4)]
    rows += [measurement(12_345.6, scenario="cold", n=5, parts=COLD)]
    rows += [measurement(12.0, scenario="stream", parts=STREAM)]
    lines = rendered(record_view(record(*rows))).splitlines()
    assert max(map(len, lines)) <= 80
    figures = {line.split()[0]: line for line in lines if line}
    assert "38.4 µs" in figures["single"]
    assert "1.20 ms" in figures["batch"]
    assert "12 s" in figures["cold"]
    assert "426,667" in figures["batch"]
    for part in ("30.0 ms", "250 ms", "12.5 ms", "125 µs"):
        assert part in figures["cold,"]
    for part in ("30.0 frames", "25%", "11.5 ms"):
        assert part in figures["stream,"]


def test_run_explains_missing_quantiles() -> None:
    text = "too few calls (p90 from 20, p95 from 100, p99 from 500)"
    assert text in rendered(record_view(record(measurement(n=99))))
    assert "too few calls" not in rendered(record_view(record(measurement(n=500))))


def test_run_shows_ratios_and_doubts() -> None:
    ratio = Ratio(
        scenario="single", threads=1, batch=1, model="b", baseline="a", ratio=2, low=1.5, high=3
    )
    doubts = (Doubt(code="x", message="the [weather] is bad"),)
    made = record(*(measurement(model=name) for name in "ab"), doubts=doubts)
    shown = rendered(record_view(replace(made, ratios=(ratio,))))
    assert "1.50 to 3.00" in shown
    assert "- the [weather] is bad" in shown


@pytest.mark.parametrize(
    ("words", "code", "slower"),
    [((), 0, 33), (("--fail-over", "40"), 0, 0), (("--fail-over", "10%"), 1, 30)],
)
def test_compare_fails_only_above_the_limit(edge_mnist, runs, words, code, slower) -> None:
    ran = edge_mnist("bench", "compare", *runs, *words)
    assert (ran.code, ran.err) == (code, "")
    assert ran.out.splitlines()[-1].startswith(f"{slower} of 33 slower")


def test_compare_json_has_every_change(edge_mnist, runs) -> None:
    ran = edge_mnist("bench", "compare", *runs, "--fail-over", "10 %", "--json")
    document = json.loads(ran.out)
    assert ran.code == 1
    assert (len(document["failures"]), len(document["changes"])) == (30, 33)


@pytest.mark.parametrize("percent", ["ten", "-1", "nan", "%", "inf%"])
def test_senseless_percentage_is_a_usage_error(edge_mnist, runs, percent: str) -> None:
    assert edge_mnist("bench", "compare", *runs, f"--fail-over={percent}").code == 2


def test_comparison_fits_a_terminal_of_80_columns_and_has_colours(runs) -> None:
    view = comparison_view(compare_files(*runs, fail_over_percent=10))
    plain = rendered(view)
    assert max(map(len, plain.splitlines()[1:])) <= 80
    assert "…" not in plain
    assert "! NEW: The governor is ondemand." in plain
    assert "\x1b[1;31mslower" in rendered(view, colours=True)


def test_report_has_the_tables_and_charts_of_all_runs(edge_mnist, runs, monkeypatch) -> None:
    monkeypatch.chdir(runs[0].parent)
    full_record(9, cpu="Cortex-A53").write(Path("zero.json"))
    ran = edge_mnist("bench", "report", "old.json", "zero.json")
    assert (ran.code, ran.out) == (0, "Wrote old.html and old.md\n")
    html = Path("old.html").read_text(encoding="utf-8")
    assert html.lower().startswith("<!doctype html>")
    assert "Cortex-A53" in html
    assert html.count("<svg") >= 6
    markdown = Path("old.md").read_text(encoding="utf-8")
    assert "| processor | Cortex-A76 | Cortex-A53 |" in markdown


def test_report_is_written_to_the_given_file(edge_mnist, runs, tmp_path: Path) -> None:
    target = tmp_path / "out" / "machines.html"
    assert edge_mnist("bench", "report", runs[0], "-o", target).code == 0
    assert {path.name for path in target.parent.iterdir()} == {"machines.html", "machines.md"}


def test_report_without_matplotlib_is_markdown_only(edge_mnist, runs, monkeypatch) -> None:
    monkeypatch.chdir(runs[0].parent)
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    ran = edge_mnist("bench", "report", "old.json")
    assert (ran.code, ran.out) == (0, "Wrote old.md\n")
    assert "edge-mnist[report]" in ran.err
    assert not Path("old.html").exists()
    assert "## Machines" in Path("old.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(("words", "code"), [(("a.json",), 1), (("-o", "a.md"), 2)])
def test_report_of_wrong_files_is_one_line(edge_mnist, runs, monkeypatch, words, code) -> None:
    monkeypatch.chdir(runs[0].parent)
    Path("a.json").write_text("{}")
    ran = edge_mnist("bench", "report", *words, runs[0])
    assert ran.code == code
    assert "a." in ran.err
    assert len(ran.err.splitlines()) == 1
    assert not [*Path().glob("*.html"), *Path().glob("*.md")]
