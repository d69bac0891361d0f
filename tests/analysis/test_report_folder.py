"""The folder of a report: files of older reports and of the user."""

from __future__ import annotations

import hashlib
import json
import math
from pathlib import Path

import pytest

pytest.importorskip("matplotlib")
from edge_analysis.figures.drawing import Drawing, new_figure
from edge_analysis.page import Page
from edge_analysis.report_folder import ReportFolder

PAGE = Page(title="A report", lead="Of something.", sections=())


def drawing(name: str) -> Drawing:
    with new_figure(1, width_in=1) as figure:
        figure.subplots().set_xlabel("epoch")
    return Drawing(name, figure, f"{name} over time", "It rises to 3.")


def write_report(folder: Path, *names: str) -> Path:
    report = ReportFolder(folder)
    for name in names:
        report.add(drawing(name))
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


def test_nan_and_infinity_become_null(tmp_path: Path) -> None:
    ReportFolder(tmp_path).finish({"losses": ({"at": [math.nan, 1.5]}, -math.inf)}, PAGE)
    values = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
    assert values["losses"] == [{"at": [None, 1.5]}, None]


def test_figures_of_an_older_report_are_removed(tmp_path: Path) -> None:
    write_report(tmp_path, "loss", "risk")
    write_report(tmp_path, "risk", "samples")
    assert names_in(tmp_path / "figures") == {
        *("risk.png", "risk.svg", "samples.png", "samples.svg")
    }


def test_files_of_the_user_stay(tmp_path: Path) -> None:
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
def test_other_json_files_list_no_figures(text: str, tmp_path: Path) -> None:
    (tmp_path / "figures").mkdir()
    (tmp_path / "figures" / "loss.png").write_text("mine")
    (tmp_path / "report.json").write_text(text)
    write_report(tmp_path, "risk")
    assert (tmp_path / "figures" / "loss.png").read_text() == "mine"


def test_listed_paths_out_of_the_folder_are_ignored(tmp_path: Path) -> None:
    outside = tmp_path / "photo.png"
    outside.write_text("mine")
    sha256 = hashlib.sha256(b"mine").hexdigest()
    folder = tmp_path / "report"
    (folder / "figures").mkdir(parents=True)
    listed = dict.fromkeys(("../../photo.png", str(outside), "../../", "a\0.png"), sha256)
    (folder / "report.json").write_text(json.dumps({"figures": listed}))
    write_report(folder, "risk")
    assert outside.read_text() == "mine"
