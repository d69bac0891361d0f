"""The report of exploration as files."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("matplotlib")
from matplotlib.figure import Figure as Drawing

from edge_analysis.exploration import (
    Pictures,
    Split,
    explore,
    visualize_input,
    write_exploration,
    write_pixel_values,
)
from edge_analysis.exploration.json_values import json_values
from edge_analysis.exploration.report_sections import duplicate_blocks, method, notes
from edge_analysis.report_page import Paragraph


def pictures(*, names: tuple[str, str] = ("a", "<b>")) -> Pictures:
    """Make three pictures a class to train on; one that is tested on is among them."""
    rng = np.random.default_rng(4)
    images = np.zeros((8, 28, 28), np.uint8)
    images[:, 6:20, 8:18] = rng.integers(1, 256, (8, 14, 10))
    images[6] = images[0]
    labels = np.array([0, 0, 0, 1, 1, 1, 1, 0])
    parts = {"train": slice(0, 6), "test": slice(6, 8)}
    return Pictures(
        name="glyphs",
        class_names=names,
        splits=tuple(
            Split(
                name=name,
                images=images[part],
                labels=labels[part],
                numbers=np.arange(part.stop - part.start),
            )
            for name, part in parts.items()
        ),
    )


@pytest.fixture(scope="module")
def told() -> list[tuple[str, int, int]]:
    return []


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, told: list[tuple[str, int, int]]) -> Path:
    target = tmp_path_factory.mktemp("exploration") / "made"
    progress = lambda *step: told.append(step)  # noqa: E731
    write_exploration(explore(pictures(), progress), target, progress)
    return target


@pytest.fixture
def values(folder: Path) -> Any:
    return json.loads((folder / "report.json").read_text(encoding="utf-8"))


def test_page_stands_alone(folder: Path) -> None:
    html = (folder / "report.html").read_text(encoding="utf-8")
    assert "What is in glyphs" in html
    assert "“&lt;b&gt;”" in html
    assert "<script" not in html
    assert not re.findall(r'(?:src|href)="(?!data:|#)', html)


def test_each_figure_is_in_the_page_and_in_two_files(folder: Path) -> None:
    html = (folder / "report.html").read_text(encoding="utf-8")
    names = {path.stem for path in (folder / "figures").iterdir()}
    assert {"samples", "labels", "mean-and-variance", "grey-levels", "ink", "slant"} <= names
    assert len(re.findall("<figure>", html)) == len(names)
    for name in names:
        assert (folder / "figures" / f"{name}.png").read_bytes().startswith(b"\x89PNG")
        assert "<svg" in (folder / "figures" / f"{name}.svg").read_text(encoding="utf-8")


def test_nothing_else_is_left_behind(folder: Path) -> None:
    assert {path.name for path in folder.iterdir()} == {"report.html", "report.json", "figures"}
    assert {path.suffix for path in (folder / "figures").iterdir()} == {".png", ".svg"}


def test_progress_goes_from_measuring_to_drawing(
    folder: Path, told: list[tuple[str, int, int]]
) -> None:
    assert folder.exists()
    doing = list(dict.fromkeys(step[0] for step in told))
    assert doing == [
        "measuring pictures",
        "comparing pictures",
        "looking for duplicates",
        "drawing",
    ]
    assert all(done < total for _, done, total in told)


def test_numbers_are_those_of_the_pictures(values: Any) -> None:
    assert values["class_names"] == ["a", "<b>"]
    assert [split["pictures_by_class"] for split in values["splits"]] == [[3, 3], [1, 1]]
    assert sum(values["splits"][0]["pixels_by_grey_level"]) == 6 * 28 * 28
    first = values["classes"][0]
    assert first["pictures"] == 4
    assert first["width_px"]["p50"] == 10
    assert first["height_px"]["p50"] == 14
    mean = 100 * pictures().images.mean() / 255
    assert values["ink_percent_mean"] == pytest.approx(mean, rel=1e-5)


def test_test_picture_that_is_learnt_from_is_named(values: Any) -> None:
    duplicates = values["duplicates"]
    assert duplicates["exact"] == duplicates["conflicting"] == [["train 0", "test 0"]]
    across = next(one for one in duplicates["places"] if one["splits"] == ["train", "test"])
    assert across["exact_groups"] == 1
    assert values["confusable"]["strays"][0]["other_distance"] == pytest.approx(0, abs=1e-3)


def test_notes_warn_of_what_stands_against_the_set() -> None:
    found = explore(pictures(), lambda *_: None)
    (note,) = notes(found)
    text = " ".join(note.items)
    assert "1 picture stands in both train and test" in text
    assert "1 group of identical pictures has different labels, such as train 0 and test 0" in text
    assert "2 classes have fewer than 30 pictures" in text


def test_sample_that_was_compared_is_told() -> None:
    found = explore(pictures(), lambda *_: None, most_compared=5)
    assert json_values(found)["compared"]["pictures"] == 5
    assert any("5 pictures at even distances" in part.text for part in method(found))
    # Identical ones are looked for among all.
    first = next(duplicate_blocks(found))
    assert isinstance(first, Paragraph)
    assert "1 group of identical pictures" in first.text


def test_json_holds_null_for_what_is_not_measured() -> None:
    blank = Split(
        name="all",
        images=np.zeros((2, 28, 28), np.uint8),
        labels=np.array([0, 1]),
        numbers=np.arange(2),
    )
    found = explore(
        Pictures(name="blank", class_names=("a", "b", "c"), splits=(blank,)), lambda *_: None
    )
    values = json.loads(json.dumps(json_values(found), allow_nan=False))
    assert values["without_ink"] == 2
    assert values["classes"][0]["slant_degrees"] is None
    assert values["compared"]["distance_to_next_of_class_median"] is None
    assert values["confusable"]["mean_distances"][2] == [None, None, None]


def test_every_pixel_has_its_value_written_in_it() -> None:
    image = np.arange(28 * 28, dtype=np.int64).reshape(28, 28).astype(np.uint8)
    axes = Drawing().subplots()
    visualize_input(image, axes)
    written = {tuple(map(int, text.get_position())): text for text in axes.texts}
    assert len(written) == 28 * 28
    assert written[3, 2].get_text() == str(image[2, 3])
    assert {text.get_color() for text in axes.texts if int(text.get_text()) > 200} == {"black"}
    assert {text.get_color() for text in axes.texts if int(text.get_text()) < 50} == {"white"}


def test_pixel_values_are_written_as_two_files(tmp_path: Path) -> None:
    write_pixel_values(np.full((3, 3), 7, np.uint8), "$x$, a", tmp_path / "one" / "test-1")
    names = sorted(path.name for path in (tmp_path / "one").iterdir())
    assert names == ["test-1.png", "test-1.svg"]
