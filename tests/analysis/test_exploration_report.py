"""An exploration of small data sets: numbers, figures, page."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("matplotlib")
pytest.importorskip("sklearn")
from edge_analysis.exploration import (
    DataSet,
    Exploration,
    Split,
    explore,
    notes,
    write_exploration,
)
from edge_analysis.exploration.analysis import json_values
from edge_analysis.exploration.report import build_page
from edge_analysis.figures.drawing import Drawing
from edge_analysis.page import Figure

RNG = np.random.default_rng(11)


def quiet(*_: object) -> None:
    """Ignore progress."""


def pictures() -> DataSet:
    """Return three training pictures per class and two test pictures, one of them a copy."""
    rng = np.random.default_rng(4)
    images = np.zeros((8, 28, 28), np.uint8)
    images[:, 6:20, 8:18] = rng.integers(1, 256, (8, 14, 10))
    images[6] = images[0]
    labels = np.array([0, 0, 0, 1, 1, 1, 1, 0])
    whole = Split("train", images, labels, np.arange(8))
    splits = whole.take(np.arange(6)), Split("test", images[6:], labels[6:], np.arange(2))
    return DataSet(name="glyphs", class_names=("a", "<b>"), splits=splits)


def split(name: str, labels: Sequence[int]) -> Split:
    """Return pictures of random blocks, larger for higher labels."""
    images = np.zeros((len(labels), 28, 28), np.uint8)
    for image, label in zip(images, labels, strict=True):
        side = 4 + label % 20
        image[4 : 4 + side, 4 : 4 + side] = RNG.integers(100, 256, (side, side))
    return Split(name, images, np.array(labels, np.int64), np.arange(len(labels)))


def explored(*splits: Split, names: Sequence[str] = ("a", "b", "c")) -> Exploration:
    return explore(DataSet(name="glyphs", class_names=tuple(names), splits=splits), quiet)


def drawings(found: Exploration) -> dict[str, Drawing]:
    drawn: dict[str, Drawing] = {}

    def add(drawing: Drawing) -> Figure:
        drawn[drawing.name] = drawing
        return Figure(picture="<svg></svg>", alt=drawing.alt, caption=drawing.caption)

    build_page(found, add, quiet)
    return drawn


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("exploration") / "new"
    steps: list[tuple[str, int, int]] = []

    def progress(*step: Any) -> None:
        steps.append(step)

    write_exploration(explore(pictures(), progress), target, progress)
    assert len({name for name, *_ in steps}) == 4
    assert all(done < total for _, done, total in steps)
    return target


@pytest.fixture
def values(folder: Path) -> Any:
    return json.loads((folder / "report.json").read_text(encoding="utf-8"))


def test_report_is_a_page_numbers_and_two_files_per_figure(folder: Path) -> None:
    html = (folder / "report.html").read_text(encoding="utf-8")
    assert "“&lt;b&gt;”" in html
    assert "<script" not in html
    assert not re.findall(r'(?:src|href)="(?!data:|#)', html)
    names = {path.stem for path in (folder / "figures").iterdir()}
    assert {"samples", "labels", "mean-and-variance", "grey-levels", "ink", "slant"} <= names
    assert len(re.findall("<figure>", html)) == len(names)
    for name in names:
        assert (folder / "figures" / f"{name}.png").read_bytes().startswith(b"\x89PNG")
        assert "<svg" in (folder / "figures" / f"{name}.svg").read_text(encoding="utf-8")
    assert {path.name for path in folder.iterdir()} == {"report.html", "report.json", "figures"}


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


def test_test_picture_among_the_training_pictures_is_named(values: Any) -> None:
    duplicates = values["duplicates"]
    assert duplicates["exact"] == duplicates["conflicting"] == [["train 0", "test 0"]]
    across = next(one for one in duplicates["places"] if one["splits"] == ["train", "test"])
    assert across["exact_groups"] == 1
    assert values["confusable"]["strays"][0]["other_distance"] == pytest.approx(0, abs=1e-3)


def test_notes_name_duplicates_and_small_classes() -> None:
    (note,) = notes(explore(pictures(), quiet))
    text = " ".join(note.items)
    assert "1 picture is in both train and test" in text
    assert "train 0 and test 0" in text
    assert "2 classes have fewer than 30 pictures" in text


def test_comparison_may_be_limited_to_some_pictures() -> None:
    found = explore(pictures(), quiet, max_compared=5)
    assert json_values(found)["compared"]["pictures"] == 5
    # Identical pictures are found among all.
    assert found.duplicates.exact == (("train 0", "test 0"),)


def test_undefined_numbers_are_null() -> None:
    rows = np.arange(2)
    found = explored(Split("all", np.zeros((2, 28, 28), np.uint8), rows, rows))
    values = json.loads(json.dumps(json_values(found), allow_nan=False))
    assert values["without_ink"] == 2
    assert values["classes"][0]["slant_degrees"] is None
    assert values["compared"]["distance_to_next_of_class_median"] is None
    assert values["confusable"]["mean_distances"][2] == [None, None, None]
    assert {"box-size", "slant", "unusual"}.isdisjoint(drawings(found))


def test_captions_contain_the_numbers_of_the_set() -> None:
    found = explored(split("train", [0, 0, 0, 1, 1, 2]), split("test", [0, 1, 1, 2]))
    captions = {name: one.caption for name, one in drawings(found).items()}
    assert "In train “a” has the most pictures (3), “c” the fewest (1)." in captions["labels"]
    assert "at most 25.00 points between splits (“a”)" in captions["labels"]
    assert "Width, px: medians from 4.0 (class “a”) to 6.0 (class “c”)" in captions["box-size"]
    for caption in captions.values():
        assert re.search(r"\d", caption), caption
        assert caption.endswith(".")


def test_hundred_classes_take_several_sheets() -> None:
    names = [f"c{label}" for label in range(100)]
    figures = drawings(explored(split("train", [*range(100)] * 2), names=names))
    samples = [one for name, one in figures.items() if name.startswith("samples")]
    assert [one.name for one in samples] == [f"samples-{number}" for number in range(1, 6)]
    assert "“c80” to “c99”" in samples[-1].caption


@pytest.mark.parametrize(
    ("splits", "names", "absent"),
    [
        ([split("all", [0, 1])], "ab", {"unusual"}),
        ([split("train", [0, 0, 2, 2]), split("test", [])], "abc", set()),
        ([split("all", [0, 0, 0])], "a", {"mean-distances", "neighbours", "strays"}),
    ],
)
def test_small_and_incomplete_sets_have_figures(
    splits: list[Split], names: str, absent: set[str]
) -> None:
    figures = drawings(explored(*splits, names=names))
    assert {"samples", "labels", "grey-levels", "typical"} <= set(figures)
    assert absent.isdisjoint(figures)
