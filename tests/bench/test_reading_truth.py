from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from edge_bench.reading.truth import TruePage, find_pictures, load_truth
from edge_infer.errors import DataError


def write(path: Path, document: Any) -> Path:
    path.write_text(json.dumps(document))
    return path


def test_truth_is_read(tmp_path: Path) -> None:
    entries = [
        {"file": "a.jpg", "truth": ["12", "3?"], "layout": "rows", "medium": "scan"},
        {"file": "b.jpg", "truth": ["4", "5"], "layout": "scattered"},
    ]
    pages = load_truth(write(tmp_path / "photos.json", entries))
    assert pages == (TruePage("a.jpg", ("12", "3?")), TruePage("b.jpg", ("4", "5"), True))
    assert pages[0].glyphs == "123?"


@pytest.mark.parametrize(
    "document",
    [
        {"a.jpg": "12"},
        ["a.jpg"],
        [{"file": "a.jpg", "truth": ["1"]}],
        [{"file": "a.jpg", "truth": "12", "layout": "rows"}],
        [{"file": "a.jpg", "truth": [12], "layout": "rows"}],
        [{"file": "a.jpg", "truth": ["1"], "layout": "columns"}],
        [{"file": 1, "truth": ["1"], "layout": "rows"}],
    ],
)
def test_file_of_another_kind_is_refused(document: Any, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"photos\.json must be a list of objects"):
        load_truth(write(tmp_path / "photos.json", document))


@pytest.mark.parametrize("document", [[], [{"file": "a", "truth": [], "layout": "rows"}]])
def test_truth_without_glyphs_is_refused(document: Any, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no glyph"):
        load_truth(write(tmp_path / "photos.json", document))


def test_missing_truth_says_how_to_give_it(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="--truth"):
        load_truth(tmp_path / "photos.json")


@pytest.mark.parametrize("place", ["", "photos", "elsewhere/photos"])
def test_picture_is_found_in_its_folder_and_beside_the_truth(place: str, tmp_path: Path) -> None:
    (tmp_path / place).mkdir(parents=True, exist_ok=True)
    picture = tmp_path / place / "a.jpg"
    picture.touch()
    truth = tmp_path / "elsewhere" / "photos.json"
    assert find_pictures((TruePage("a.jpg", ("1",)),), tmp_path, truth) == (picture,)


def test_missing_picture_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"no picture a\.jpg in .*photos"):
        find_pictures((TruePage("a.jpg", ("1",)),), tmp_path, tmp_path / "photos.json")
