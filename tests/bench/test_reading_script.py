"""The script itself, on a folder of two drawn pages."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import cv2
import pytest

from edge_bench.reading.pictures import draw_sheet, draw_tile
from edge_infer.errors import DataError, MissingExtraError
from edge_synth import PageSpec, draw_page

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """The script as a module, forgotten afterwards."""
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    import reading

    yield reading
    sys.modules.pop("reading", None)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A page whose truth is right, and one of which the truth tells of a row too many."""
    folder = tmp_path / "folder"
    (folder / "photos").mkdir(parents=True)
    truths = {"a.png": ["3", "81"], "b.png": ["47", "0"]}
    for seed, (file, rows) in enumerate([("a.png", ("3", "81")), ("b.png", ("47",))]):
        page = draw_page(PageSpec(rows=rows, digit_height_px=40), seed)
        cv2.imwrite(str(folder / "photos" / file), page.image)
    entries = [{"file": file, "truth": truths[file], "layout": "rows"} for file in truths]
    (folder / "photos.json").write_text(json.dumps(entries))
    return folder


def test_script_writes_report_figures_and_misses(
    script: ModuleType, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, results = tmp_path / "out", tmp_path / "results"
    words = [str(folder), "--model", "edge", "--out", str(out), "--results", str(results)]
    assert script.main(words) == 0
    assert "| edge-mnist | 16.67 % | 1/6 | 1/2 (50 %) |" in capsys.readouterr().out
    document = json.loads((out / "reading.json").read_text())
    assert document["command"] == "python benchmarks/reading.py FOLDER --model edge"
    assert document["readers"][0]["pages"][1]["wrong"] == ["0 left out"]
    assert "| 2 b.png | 47 / 0 | 47 | 0 left out |" in (out / "reading.md").read_text()
    # What is kept names nobody's page.
    kept = "".join((results / f"reading.{kind}").read_text() for kind in ("json", "md"))
    assert "| edge-mnist | 16.67 % | 1/6 |" in kept
    assert "b.png" not in kept
    assert sorted(path.name for path in results.iterdir()) == ["reading.json", "reading.md"]
    assert [path.name for path in (out / "misses").iterdir()] == ["02-b.png"]
    assert cv2.imread(str(out / "misses" / "02-b.png")).shape[1] >= 480
    assert (out / "misses.png").is_file()


def test_misses_of_a_call_before_are_taken_away(
    script: ModuleType, folder: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    script.main([str(folder), "--out", str(out)])
    entries = json.loads((folder / "photos.json").read_text())
    entries[1]["truth"] = ["47"]
    (folder / "photos.json").write_text(json.dumps(entries))
    script.main([str(folder), "--out", str(out)])
    assert not list((out / "misses").iterdir())
    assert not (out / "misses.png").exists()


def test_unreadable_picture_costs_one_page(
    script: ModuleType, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "photos" / "a.png").write_text("not a picture")
    script.main([str(folder), "--out", str(tmp_path / "out")])
    assert "| edge-mnist | 66.67 % | 4/6 | 0/2 (0 %) |" in capsys.readouterr().out
    assert "not a picture in a known format" in (tmp_path / "out" / "reading.md").read_text()


def test_absent_peers_are_told_of_and_left_out(
    script: ModuleType,
    folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def absent(*_: object) -> None:
        raise MissingExtraError("it is not installed: get it")

    monkeypatch.setattr(script, "Tesseract", absent)
    monkeypatch.setattr(script, "RapidOcr", absent)
    out = tmp_path / "out"
    assert script.main([str(folder), "--peers", "tesseract,rapidocr", "--out", str(out)]) == 0
    told = capsys.readouterr()
    assert told.err.count("left out: it is not installed: get it") == 2
    assert told.out.count("- Left out: it is not installed: get it.") == 2
    assert json.loads((out / "reading.json").read_text())["absent"] == 2 * [
        "it is not installed: get it"
    ]


def test_single_digits_are_classified_where_there_are_any(
    script: ModuleType, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "singles").mkdir()
    page = draw_page(PageSpec(rows=("3",), digit_height_px=40), 0)
    cv2.imwrite(str(folder / "singles" / "x.png"), page.image)
    with (folder / "singles.csv").open("w", newline="") as file:
        csv.writer(file).writerows([("file", "label"), ("x.png", "3")])
    script.main([str(folder), "--singles", "nano,edge", "--out", str(tmp_path / "out")])
    out = capsys.readouterr().out
    assert "| nano | 100.00 % (1/1) |" in out
    assert "| edge | 100.00 % (1/1) |" in out


@pytest.mark.parametrize(
    "words",
    [[], ["FOLDER", "--speed"], ["FOLDER", "--peers", "abbyy"], ["--speed", "--rounds", "0"]],
)
def test_calls_that_make_no_sense_are_refused(script: ModuleType, words: list[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        script.main(words)


def test_folder_without_truth_is_refused(script: ModuleType, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="--truth"):
        script.main([str(tmp_path)])


def test_speed_is_measured_on_drawn_pages(
    script: ModuleType,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(script, "SIZES_PX", (200, 300))
    monkeypatch.setattr(script, "DIGITS", (1, 5))
    monkeypatch.setattr(sys, "path", [*sys.path])
    assert script.main(["--speed", "--rounds", "2", "--out", str(tmp_path)]) == 0
    assert "| pixels | 1 digit | 5 digits |" in capsys.readouterr().out
    rows = json.loads((tmp_path / "reading_speed.json").read_text())["pages"]
    assert [(each["size_px"], each["digits"]) for each in rows] == [
        *((200, 1), (200, 5)),
        *((300, 1), (300, 5)),
    ]
    assert all(each["p50_ms"] > 0 for each in rows)


def test_sheet_lays_tiles_in_rows() -> None:
    page = draw_page(PageSpec(rows=("3",), digit_height_px=40), 0).image
    tiles = [draw_tile(page, ["a line"]) for _ in range(5)]
    sheet, row = draw_sheet(tiles), draw_sheet(tiles[:1])
    assert sheet.shape[1] == 4 * row.shape[1]
    assert sheet.shape[0] == 2 * row.shape[0]
