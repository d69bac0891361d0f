"""`edge-mnist bench`: the words it takes, the record it keeps, and what it shows."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from bench_records import measurement, record
from rich.console import Console
from typer.testing import CliRunner, Result

from edge_bench.pictures import Pictures, draw_pictures
from edge_bench.record import Doubt, Ratio, Record
from edge_bench.run import Budget
from edge_bench.scenario_list import SCENARIO_NAMES
from edge_infer.errors import ModelError
from edge_mnist.app import app
from edge_mnist.bench_view import record_view
from edge_mnist.commands.bench import ScenarioName

Run = Callable[..., Result]
COLD = {"interpreter_ms": 30.0, "import_ms": 250.0, "session_ms": 12.5, "first_run_ms": 0.125}
STREAM = {"fps": 29.97, "cpu_share": 0.25, "frame_age_ms": 11.5}


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Pictures:
    return draw_pictures(tmp_path_factory.mktemp("pictures"))


@pytest.fixture
def run(pictures: Pictures, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """Call the command in an empty folder; --quick is far quicker here."""
    monkeypatch.setattr("edge_bench.run.draw_pictures", lambda *_, **__: pictures)
    at_once = Budget(visit_s=0.2, warm_by_s=0, timed_by_s=0, done_by_s=0)
    monkeypatch.setattr("edge_mnist.bench.QUICK", at_once)
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")

    def call(*words: object) -> Result:
        return CliRunner().invoke(app, ["bench", *map(str, words)])

    return call


def rendered(made: Record, width: int = 80) -> str:
    console = Console(file=io.StringIO(), width=width, highlight=False)
    with console.capture() as captured:
        console.print(record_view(made), crop=False)
    return captured.get()


def test_record_is_kept_in_a_new_file_here(run: Run, tiny_model_path: Path) -> None:
    result = run(tiny_model_path, "--quick", "-s", "single", "-s", "image")
    assert result.exit_code == 0, result.output
    (path,) = Path().glob("bench-*.json")
    assert result.stdout.splitlines()[-1] == f"record: {path}"
    kept = Record.read(path)
    assert [each.scenario for each in kept.measurements] == ["single", "image"]
    assert [model.name for model in kept.models] == ["tiny"]


def test_json_on_standard_output_is_the_last_line(run: Run, tiny_model_path: Path) -> None:
    result = run("--quick", "--json", "-", "-s", "single", tiny_model_path)
    *_, above, last = result.stdout.splitlines()
    kept = Record.from_json(last)
    assert kept.measurements[0].n > 0
    assert not above.startswith("record:")
    assert list(Path().iterdir()) == []


def test_schema_holds_for_a_real_run(
    run: Run, tiny_model_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Of a starved process's moment one turn of each is all that is sure.
    monkeypatch.setattr("edge_bench.summary.MIN_TURNS", 1)
    jsonschema = pytest.importorskip("jsonschema")
    from edge_bench.record import SCHEMA_PATH

    result = run(tiny_model_path, "nano", "--quick", "--json", "-", "-s", "single")
    document = json.loads(result.stdout.splitlines()[-1])
    jsonschema.validate(document, json.loads(SCHEMA_PATH.read_text(encoding="utf-8")))
    assert document["ratios"]


def test_output_replaces_an_older_one(run: Run, tiny_model_path: Path) -> None:
    Path("run.json").write_text("old")
    assert run(tiny_model_path, "--quick", "-s", "single", "-o", "run.json").exit_code == 0
    assert Record.read(Path("run.json")).models[0].name == "tiny"
    assert [path.name for path in Path().iterdir()] == ["run.json"]


def test_file_that_cannot_be_written_is_told_before_measuring(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edge_mnist.bench.run_bench", lambda *_: pytest.fail("it measured"))
    result = run("--quick", "-o", "/dev/null/run.json")
    assert result.exception.code == "unwritable"


def test_nothing_is_left_behind_when_it_is_interrupted(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    Path("run.json").write_text("old")
    monkeypatch.setattr("edge_mnist.bench.run_bench", interrupted)
    assert run("-o", "run.json").exit_code != 0
    assert [path.read_text() for path in Path().iterdir()] == ["old"]


def test_missing_model_says_what_there_is(run: Run) -> None:
    result = run("nanno", "--quick")
    assert isinstance(result.exception, ModelError)
    assert "did you mean 'nano'?" in result.exception.message


@pytest.mark.parametrize(
    "words", [("--scenario", "nap"), ("--threads", "0"), ("--profile", "--quick"), ("--mood",)]
)
def test_mistakes_are_usage_errors(run: Run, words: tuple[str, ...]) -> None:
    assert run(*words).exit_code == 2


def test_profile_shows_the_nodes_and_keeps_nothing(run: Run, tiny_model_path: Path) -> None:
    result = run(tiny_model_path, "--profile")
    assert result.exit_code == 0, result.output
    assert "Softmax" in result.stdout
    assert list(Path().iterdir()) == []


@pytest.mark.parametrize("verb", ["report", "compare"])
def test_verbs_below_are_found_and_named(run: Run, verb: str) -> None:
    helped = run(verb, "--help")
    assert helped.exit_code == 0
    assert f"bench {verb} [OPTIONS]" in helped.stdout
    # Their own arguments, not models.
    assert run(verb).exit_code == 2


def test_help_tells_of_the_verbs_below(run: Run) -> None:
    helped = run("--help").stdout
    assert "report" in helped
    assert "compare" in helped
    assert "COMMAND" not in helped


def test_scenarios_of_the_help_are_those_that_there_are() -> None:
    assert tuple(ScenarioName) == SCENARIO_NAMES


def test_view_fits_a_terminal_of_80_columns() -> None:
    rows = [measurement(0.0384), measurement(1.2, scenario="batch", batch=512, threads=4)]
    rows += [measurement(12_345.6, scenario="cold", n=5, parts=COLD)]
    rows += [measurement(12.0, scenario="stream", parts=STREAM)]
    lines = rendered(record(*rows)).splitlines()
    assert max(map(len, lines)) <= 80
    figures = {line.split()[0]: line for line in lines if line}
    assert "38.4 µs" in figures["single"]
    assert "1.20 ms" in figures["batch"]
    assert "12.3 s" in figures["cold"]
    assert "426,667" in figures["batch"]
    assert (
        lines.count(
            "cold, edge: interpreter 30.0 ms, imports 250 ms, model 12.5 ms, first run 125 µs"
        )
        == 1
    )
    assert (
        "stream, edge: 30.0 frames a second, 25% of a core, frames 11.5 ms old when read" in lines
    )


def test_view_says_why_a_quantile_is_missing() -> None:
    assert "too few calls (p90 from 20, p95 from 100, p99 from 500)" in rendered(
        record(measurement(n=99))
    )
    assert "too few calls" not in rendered(record(measurement(n=500)))


def test_view_shows_ratios_and_doubts() -> None:
    ratio = Ratio(
        scenario="single", threads=1, batch=1, model="b", baseline="a", ratio=2, low=1.5, high=3
    )
    made = record(
        *(measurement(model=name) for name in "ab"),
        doubts=(Doubt(code="x", message="the [weather] is bad"),),
    )
    shown = rendered(replace(made, ratios=(ratio,)))
    assert "time against a" in shown
    assert "1.50 to 3.00" in shown
    assert "- the [weather] is bad" in shown
