from __future__ import annotations

import sys
from pathlib import Path

import pytest
from bench_records import full_record
from typer.testing import CliRunner

from edge_infer.errors import EdgeMnistError, UsageError
from edge_mnist.app import app


def report(*arguments: object) -> str:
    result = CliRunner().invoke(app, ["bench", "report", *map(str, arguments)])
    if isinstance(result.exception, EdgeMnistError):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.stdout


@pytest.fixture
def record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    full_record().write(tmp_path / "pi5.json")
    return tmp_path / "pi5.json"


def test_page_holds_every_table_and_chart_of_all_runs(record: Path) -> None:
    full_record(9, cpu="Cortex-A53").write(record.with_name("zero.json"))
    assert report("pi5.json", "zero.json").split() == ["Wrote", "pi5.html", "and", "pi5.md"]
    html = record.with_suffix(".html").read_text(encoding="utf-8")
    assert html.lower().startswith("<!doctype html>")
    assert "Cortex-A53" in html
    assert html.count("<svg") >= 6
    assert "| processor | Cortex-A76 | Cortex-A53 |" in record.with_suffix(".md").read_text()


def test_output_names_the_page(record: Path) -> None:
    report(record, "-o", "out/machines.html")
    names = sorted(path.name for path in (record.parent / "out").iterdir())
    assert names == ["machines.html", "machines.md"]


def test_plain_install_writes_markdown(record: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    assert "pi5.md" in report(record)
    assert not record.with_suffix(".html").exists()
    assert "## Machines" in record.with_suffix(".md").read_text(encoding="utf-8")


def test_page_may_not_have_the_name_of_the_markdown_file(record: Path) -> None:
    with pytest.raises(UsageError, match=r"\.html"):
        report(record, "-o", "a.md")


def test_foreign_file_is_an_error_and_writes_nothing(record: Path) -> None:
    Path("a.json").write_text("{}")
    with pytest.raises(EdgeMnistError, match=r"a\.json"):
        report("a.json", record)
    assert not list(record.parent.glob("*.html"))
