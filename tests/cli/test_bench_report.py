"""`edge-mnist bench report`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from bench_records import full_record


def run(*arguments: object, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "edge_mnist", "bench", "report", *map(str, arguments)],
        capture_output=True,
        text=True,
        cwd=cwd,
        timeout=60,
        check=False,
    )


def test_report_is_named_after_its_first_run(tmp_path: Path) -> None:
    for name in ("pi5", "pi4"):
        full_record().write(tmp_path / f"{name}.json")
    result = run("pi5.json", "pi4.json", cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    assert result.stdout == "Wrote pi5.html and pi5.md\n"
    html = (tmp_path / "pi5.html").read_text(encoding="utf-8")
    assert "pi4" in html
    assert "\x1b" not in result.stdout


def test_report_goes_where_it_is_told(tmp_path: Path) -> None:
    full_record().write(tmp_path / "pi5.json")
    result = run("pi5.json", "-o", "out/machines.html", cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    assert (tmp_path / "out" / "machines.md").exists()


def test_file_that_is_no_run_is_an_error_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text("{}")
    result = run("a.json", cwd=tmp_path)
    assert result.returncode == 1
    assert result.stderr.startswith("error: a.json")
    assert len(result.stderr.splitlines()) == 1
    assert not list(tmp_path.glob("*.html"))


def test_output_that_is_named_like_the_twin_is_a_usage_error(tmp_path: Path) -> None:
    full_record().write(tmp_path / "pi5.json")
    assert run("pi5.json", "-o", "a.md", cwd=tmp_path).returncode == 2


def test_help_has_examples(tmp_path: Path) -> None:
    result = run("--help", cwd=tmp_path)
    assert result.returncode == 0
    assert "edge-mnist bench report pi5.json" in result.stdout
