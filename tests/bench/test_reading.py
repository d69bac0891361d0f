"""The script that measures readers of pages: its scores, its programs and a small run."""

from __future__ import annotations

import itertools
import json
import sys
import textwrap
from pathlib import Path

import cv2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import reading
from edge_infer import PageReader
from edge_infer.errors import DataError, MissingExtraError, RunError
from edge_synth import PageSpec, draw_page
from reading_programs import (
    DISTANCES,
    RapidOcr,
    Tesseract,
    edit_distance,
    load_truth,
    multiset_distance,
)


@pytest.mark.parametrize(
    ("truth", "text", "errors"),
    [
        *(("123", "123", 0), ("123", "173", 1), ("123", "13", 1), ("123", "1213", 1)),
        *(("123", "", 3), ("", "4", 1), ("2345", "345", 1), ("1", "?", 1)),
        *(("1?3", "173", 0), ("1?3", "13", 1), ("1?3", "1773", 1), ("??", "5", 1)),
    ],
)
def test_errors_in_rows(truth: str, text: str, errors: int) -> None:
    assert edit_distance(truth, text) == errors


@pytest.mark.parametrize("distance", [edit_distance, multiset_distance])
@settings(max_examples=60, deadline=None)
@given(st.text("012?", max_size=4), st.text("0123", max_size=5))
def test_unknown_glyph_is_the_best_of_all_glyphs(distance, truth: str, text: str) -> None:
    choices = itertools.product(*("0123" if glyph == "?" else glyph for glyph in truth))
    assert distance(truth, text) == min(distance("".join(each), text) for each in choices)
    # The order can only add errors.
    assert multiset_distance(truth, text) <= edit_distance(truth, text)
    assert multiset_distance(truth, text) == multiset_distance(truth, text[::-1])


def test_layout_decides_whether_order_counts() -> None:
    assert (DISTANCES["rows"]("4610", "4610"), DISTANCES["scattered"]("4610", "1064")) == (0, 0)
    assert DISTANCES["rows"]("4610", "1064") > 0


@pytest.mark.parametrize(
    "content",
    [
        *("", "5", "[1]", '[{"file": "a.png", "truth": "12", "layout": "rows"}]'),
        '[{"file": "a.png", "truth": ["12"], "layout": "columns"}]',
        '[{"file": "a.png", "truth": [], "layout": "rows"}]',
    ],
)
def test_malformed_truth_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "photos.json").write_text(content)
    with pytest.raises(DataError, match="photos"):
        load_truth(tmp_path / "photos.json")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A page with a correct truth, a page whose truth has a row too many, and single digits."""
    folder = tmp_path / "folder"
    (folder / "photos").mkdir(parents=True)
    truths = {"a.png": ["3", "81"], "b.png": ["47", "0"]}
    for seed, (file, rows) in enumerate([("a.png", ("3", "81")), ("b.png", ("47",))]):
        page = draw_page(PageSpec(rows=rows, digit_height_px=40), seed)
        cv2.imwrite(str(folder / "photos" / file), page.image)
    entries = [{"file": file, "truth": truths[file], "layout": "rows"} for file in truths]
    (folder / "photos.json").write_text(json.dumps(entries))
    return folder


def test_script_writes_totals_pages_and_misses(folder: Path, tmp_path: Path, capsys) -> None:
    out, results = tmp_path / "out", tmp_path / "results"
    words = [str(folder), "--model", "edge", "--out", str(out), "--results", str(results)]
    assert reading.main(words) == 0
    assert "| edge-mnist | 16.67 % | 1/6 | 1/2 (50 %) |" in capsys.readouterr().out
    document = json.loads((out / "reading.json").read_text())
    assert document["command"].startswith("python benchmarks/reading.py folder --model edge")
    assert str(tmp_path) not in document["command"]
    assert document["readers"][0]["summary"]["errors"] == 1
    assert document["pages"]["edge-mnist"][1]["rows"] == ["47"]
    assert "| 2 b.png | 47 / 0 | 47 | 1 |" in (out / "reading.md").read_text()
    misses = cv2.imread(str(out / "misses.png"))
    assert misses.shape[1] > 1000
    assert (misses.max(axis=2) > misses.min(axis=2)).any()  # The boxes are coloured.
    kept = "".join((results / f"reading.{kind}").read_text() for kind in ("json", "md"))
    assert "| edge-mnist | 16.67 % | 1/6 |" in kept
    assert "b.png" not in kept

    (folder / "photos" / "a.png").write_text("not a picture")
    (folder / "photos.json").write_text(
        (folder / "photos.json").read_text().replace('"47", "0"', '"47"')
    )
    reading.main(words)
    assert "| edge-mnist | 60.00 % | 3/5 | 1/2 (50 %) |" in capsys.readouterr().out
    assert "not a picture in a known format" in (out / "reading.md").read_text()
    assert not (out / "misses.png").exists()

    (folder / "photos" / "a.png").unlink()
    with pytest.raises(DataError, match=r"no photograph .*a\.png"):
        reading.main(words)


def test_speed_is_a_table_by_size_and_digits() -> None:
    lines = reading.speed_report(PageReader.load(), (200, 300), (1, 5), rounds=1).splitlines()
    assert "| longer side in pixels | digits: 1 | digits: 5 |" in lines
    assert sum(line.startswith(("| 200 |", "| 300 |")) for line in lines) == 2


def test_tesseract_is_limited_to_digits_on_one_thread(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(MissingExtraError, match="apt-get install tesseract-ocr"):
        Tesseract()
    program = tmp_path / "tesseract"
    program.write_text(
        f"#!{sys.executable}\n"
        + textwrap.dedent("""
            import os, sys
            if "--version" in sys.argv:
                print("tesseract 5.3.0")
            elif "bad.png" in sys.argv[1]:
                sys.exit("Error during processing.")
            else:
                assert "tessedit_char_whitelist=0123456789" in sys.argv
                assert os.environ["OMP_THREAD_LIMIT"] == "1"
                print("1 2", " ", "3x4", sep="\\n")
        """)
    )
    program.chmod(0o755)
    tesseract = Tesseract()
    assert tesseract.read(tmp_path / "a.png") == ["12", "34"]
    assert tesseract.how.startswith("5.3.0, --psm 6")
    assert tesseract.cpu_s() > 0
    with pytest.raises(RunError, match="Error during processing"):
        tesseract.read(tmp_path / "bad.png")


RAPIDOCR = """
class RapidOCR:
    def __init__(self, **threads):
        assert threads == {"intra_op_num_threads": 1, "inter_op_num_threads": 1}
        print("loading")
    def __call__(self, file):
        if "blank" in file:
            return None, None
        if "bad" in file:
            raise ValueError("no picture")
        low = [[[0, 50], [9, 50], [9, 60], [0, 60]], "7", 0.9]
        high = [[[0.4, 0], [9, 1], [9, 10], [0.4, 9]], "4 2a\N{SUPERSCRIPT TWO}", 0.9]
        return [low, high], [0.1]
"""


@pytest.fixture
def rapidocr(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package in the place of RapidOCR, found first by child processes."""
    package, about = tmp_path / "rapidocr_onnxruntime", tmp_path / "rapidocr_onnxruntime.dist-info"
    for place, file, text in (
        (package, "__init__.py", RAPIDOCR),
        (about, "METADATA", "Metadata-Version: 2.1\nName: rapidocr-onnxruntime\nVersion: 9.8\n"),
    ):
        place.mkdir()
        (place / file).write_text(text)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    return package


def test_rapidocr_reads_in_a_process_of_its_own(rapidocr: Path, tmp_path: Path) -> None:
    program = RapidOcr()
    try:
        assert program.how.startswith("9.8, one thread")
        assert program.read(tmp_path / "a.png") == ["42", "7"]
        assert program.read(tmp_path / "blank.png") == []
        with pytest.raises(RunError, match="ValueError: no picture"):
            program.read(tmp_path / "bad.png")
        assert program.cpu_s() > 0
    finally:
        program.close()


def test_missing_peers_are_named_and_left_out(
    rapidocr: Path, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys
) -> None:
    (rapidocr / "__init__.py").write_text("raise ImportError('no wheel')")
    monkeypatch.setenv("PATH", str(tmp_path))
    words = [str(folder), "--peers", "tesseract", "rapidocr", "--out", str(tmp_path / "out")]
    assert reading.main(words) == 0
    printed = capsys.readouterr().out
    assert "Left out: Tesseract is not installed" in printed
    assert "Left out: RapidOCR: not installed (no wheel)" in printed
    with pytest.raises(MissingExtraError, match="no-python"):
        RapidOcr(str(tmp_path / "no-python"))
