"""`edge-mnist bench compare`."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from bench_records import full_record
from rich.console import Console

from edge_bench.compare import compare_files
from edge_mnist.compare_view import comparison_view


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "edge_mnist", "bench", "compare", *map(str, arguments)],
        capture_output=True,
        text=True,
        env={**os.environ, "COLUMNS": "80"},
        timeout=60,
        check=False,
    )


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("runs")
    full_record().write(folder / "old.json")
    full_record(1.3).write(folder / "new.json")
    return folder / "old.json", folder / "new.json"


def test_slower_model_exits_with_1(runs: tuple[Path, Path]) -> None:
    result = run(*runs, "--fail-over", "10%")
    assert result.returncode == 1
    assert result.stderr == ""
    assert result.stdout.splitlines()[-1] == "30 of 33 slower by more than 10 %"


@pytest.mark.parametrize("arguments", [(), ("--fail-over", "40")])
def test_without_a_change_above_the_limit_exits_with_0(
    runs: tuple[Path, Path], arguments: tuple[str, ...]
) -> None:
    assert run(*runs, *arguments).returncode == 0


def test_json_tells_all(runs: tuple[Path, Path]) -> None:
    result = run(*runs, "--fail-over", "10 %", "--json")
    document = json.loads(result.stdout)
    assert result.returncode == 1
    assert len(document["failures"]) == 30
    assert len(document["changes"]) == 33


@pytest.mark.parametrize("percent", ["ten", "-1", "nan", "%", "inf%"])
def test_senseless_percentage_is_a_usage_error(runs: tuple[Path, Path], percent: str) -> None:
    assert run(*runs, f"--fail-over={percent}").returncode == 2


def test_missing_run_is_an_error_in_one_line(runs: tuple[Path, Path]) -> None:
    result = run(runs[0], runs[0].with_name("none.json"))
    assert result.returncode == 1
    assert result.stderr.startswith("error: cannot read")
    assert len(result.stderr.splitlines()) == 1


def test_table_fits_a_terminal_of_80_and_has_colours(runs: tuple[Path, Path]) -> None:
    console = Console(file=io.StringIO(), width=80, force_terminal=True, color_system="standard")
    with console.capture() as captured:
        console.print(comparison_view(compare_files(*runs, fail_over_percent=10)))
    text = captured.get()
    assert "\x1b[1;31mslower" in text
    assert "…" not in text
    assert "! NEW: The governor is ondemand." in text.replace("\x1b[33m", "").replace("\x1b[0m", "")


def test_help_has_examples() -> None:
    result = run("--help")
    assert result.returncode == 0
    assert "edge-mnist bench compare" in result.stdout
