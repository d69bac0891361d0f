"""A report's folder: what a new report leaves of an older one, and of everybody else's."""

from __future__ import annotations

import hashlib
import json
import math
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("matplotlib")
from matplotlib.figure import Figure as Drawing

from edge_analysis.report_page import Page
from edge_analysis.report_page.drawn import Drawn, drawing_style, write_drawing
from edge_analysis.report_page.report_folder import ReportFolder

PAGE = Page(title="A report", lead="Of something.", sections=())


def drawn(name: str, label: str = "epoch") -> Drawn:
    with drawing_style():
        drawing: Any = Drawing(figsize=(1, 1))
        drawing.subplots().set_xlabel(label)
    return Drawn(name, drawing, f"{name} over time", "It rises to 3.")


def write_report(folder: Path, *names: str) -> Path:
    report = ReportFolder(folder)
    for name in names:
        report.add(drawn(name))
    return report.finish({"answer": 42}, PAGE)


def names_in(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_report_is_a_page_numbers_and_figures(tmp_path: Path) -> None:
    page = write_report(tmp_path / "new", "loss")
    assert names_in(tmp_path / "new") == {"report.html", "report.json", "figures"}
    assert names_in(tmp_path / "new" / "figures") == {"loss.png", "loss.svg"}
    assert "A report" in page.read_text(encoding="utf-8")
    values = json.loads((tmp_path / "new" / "report.json").read_text(encoding="utf-8"))
    assert values["answer"] == 42
    png = (tmp_path / "new" / "figures" / "loss.png").read_bytes()
    assert values["figures"]["loss.png"] == hashlib.sha256(png).hexdigest()


def test_what_is_no_number_is_null(tmp_path: Path) -> None:
    ReportFolder(tmp_path).finish({"losses": ({"at": [math.nan, 1.5]}, -math.inf)}, PAGE)
    values = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
    assert values["losses"] == [{"at": [None, 1.5]}, None]


def test_figures_that_the_new_report_lacks_go(tmp_path: Path) -> None:
    write_report(tmp_path, "loss", "risk")
    write_report(tmp_path, "risk", "samples")
    assert names_in(tmp_path / "figures") == {
        *("risk.png", "risk.svg", "samples.png", "samples.svg")
    }


def test_what_is_somebody_s_own_stays(tmp_path: Path) -> None:
    write_report(tmp_path, "loss", "risk")
    own = {
        tmp_path / "figures" / "mine.png": "not listed",
        tmp_path / "figures" / "loss.svg": "changed since",
        tmp_path / "thesis.tex": "beside",
    }
    for path, text in own.items():
        path.write_text(text)
    write_report(tmp_path, "risk")
    assert {path: path.read_text() for path in own} == own
    assert not (tmp_path / "figures" / "loss.png").exists()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[1]",
        "{}",
        '{"figures": 3}',
        '{"figures": ["loss.png"]}',
        '{"figures": {"loss.png": 1}}',
    ],
)
def test_numbers_of_somebody_else_list_nothing(text: str, tmp_path: Path) -> None:
    (tmp_path / "figures").mkdir()
    (tmp_path / "figures" / "loss.png").write_text("mine")
    (tmp_path / "report.json").write_text(text)
    write_report(tmp_path, "risk")
    assert (tmp_path / "figures" / "loss.png").read_text() == "mine"


def test_list_leads_nowhere_else(tmp_path: Path) -> None:
    outside = tmp_path / "photo.png"
    outside.write_text("mine")
    sha256 = hashlib.sha256(b"mine").hexdigest()
    folder = tmp_path / "report"
    (folder / "figures").mkdir(parents=True)
    listed = dict.fromkeys(("../../photo.png", str(outside), "../../", "a\0.png"), sha256)
    (folder / "report.json").write_text(json.dumps({"figures": listed}))
    write_report(folder, "risk")
    assert outside.read_text() == "mine"


def test_same_drawing_gives_the_same_files(tmp_path: Path) -> None:
    for run in ("a", "b"):
        with drawing_style():
            drawing: Any = Drawing(figsize=(1, 1))
            drawing.subplots().plot([1, 2], [1, 9], marker="o")
        write_drawing(drawing, tmp_path / f"{run}.1")
    for suffix in (".png", ".svg"):
        first, second = (tmp_path / f"{run}.1{suffix}" for run in ("a", "b"))
        assert first.read_bytes() == second.read_bytes()


def test_files_are_light_and_need_no_page(tmp_path: Path) -> None:
    _, svg = write_drawing(drawn("loss").drawing, tmp_path / "loss")
    text = svg.read_text(encoding="utf-8")
    # Programs beside browsers know no variables.
    assert "var(--" not in text
    assert "<dc:date>" not in text
    assert names_in(tmp_path) == {"loss.png", "loss.svg"}


def test_page_gets_letters_and_colours_of_its_own() -> None:
    figure = drawn("loss", "$x$ あ").for_page()
    assert "$x$ あ</text>" in str(figure.picture)
    assert "var(--ink)" in str(figure.picture)
    assert (figure.alt, figure.caption) == ("loss over time", "It rises to 3.")
