"""Figures of exploration: their sentences, and data sets that are poor or odd."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

pytest.importorskip("matplotlib")

from edge_analysis.exploration.analysis import Exploration, explore
from edge_analysis.exploration.class_figures import mean_distance_figures
from edge_analysis.exploration.drawing import Tile, chunks, draw_tiles, short
from edge_analysis.exploration.picture_figures import sample_figures
from edge_analysis.exploration.records import Pictures, Split
from edge_analysis.exploration.report import PARTS
from edge_analysis.report_page.drawn import Drawn, drawing_style

RNG = np.random.default_rng(11)


def split(name: str, labels: Sequence[int]) -> Split:
    """Make pictures with a block of ink of their own, the larger the higher the label."""
    images = np.zeros((len(labels), 28, 28), np.uint8)
    for image, label in zip(images, labels, strict=True):
        side = 4 + label % 20
        image[4 : 4 + side, 4 : 4 + side] = RNG.integers(100, 256, (side, side))
    return Split(
        name=name, images=images, labels=np.array(labels, np.int64), numbers=np.arange(len(labels))
    )


def explored(*splits: Split, names: Sequence[str] = ("a", "b", "c")) -> Exploration:
    pictures = Pictures(name="glyphs", class_names=tuple(names), splits=splits)
    return explore(pictures, lambda *_: None)


def drawn(found: Exploration) -> dict[str, Drawn]:
    with drawing_style():
        return {one.name: one for part in PARTS for draw in part.draws for one in draw(found)}


def test_sentences_tell_what_is_in_the_set() -> None:
    train, test = split("train", [0, 0, 0, 1, 1, 2]), split("test", [0, 1, 1, 2])
    captions = {name: one.caption for name, one in drawn(explored(train, test)).items()}
    assert "In train “a” has the most (3), “c” the fewest (1)." in captions["labels"]
    assert "differs by more than 25.00 points between splits (“a”)" in captions["labels"]
    assert "median widths go from 4 (“a”) to 6 (“c”)" in captions["box-size"]
    assert captions["ink"].startswith("Most ink is in “c”")
    assert "Closest are" in captions["mean-distances"]


def test_equal_shares_are_said_to_be_equal() -> None:
    found = explored(split("train", [0, 0, 1, 1, 2, 2]), split("test", [0, 1, 2]))
    caption = drawn(found)["labels"].caption
    assert "In train each class has 2." in caption
    assert "the same share in every split" in caption


def test_hundred_classes_are_parted_over_figures() -> None:
    labels = [*range(100)] * 2
    found = explored(split("train", labels), names=[f"c{label}" for label in range(100)])
    with drawing_style():
        samples = list(sample_figures(found))
        (distances,) = mean_distance_figures(found)
    assert [one.name for one in samples] == [f"samples-{number}" for number in range(1, 6)]
    assert samples[-1].caption == "Sample pictures of “c80” to “c99”."
    heat_map = distances.drawing.axes[0]
    assert len(heat_map.get_xticks()) == 34
    assert not heat_map.texts


def test_ten_classes_have_numbers_in_their_cells() -> None:
    found = explored(split("train", [*range(10)] * 3), names=[*"abcdefghij"])
    with drawing_style():
        (distances,) = mean_distance_figures(found)
    axes = distances.drawing.axes[0]
    assert len([text for text in axes.texts if text.get_text()]) == 90


def test_single_pictures_and_one_split_will_do() -> None:
    figures = drawn(explored(split("all", [0, 1]), names=("a", "b")))
    assert "unusual" not in figures
    assert {"samples", "labels", "typical", "mean-distances"} <= set(figures)


def test_classes_and_splits_may_be_without_pictures() -> None:
    figures = drawn(explored(split("train", [0, 0, 2, 2]), split("test", [])))
    assert {"samples", "labels", "grey-levels", "unusual"} <= set(figures)


def test_one_class_is_compared_with_none() -> None:
    figures = drawn(explored(split("all", [0, 0, 0]), names=("a",)))
    assert {"mean-distances", "neighbours", "strays"}.isdisjoint(figures)


def test_pictures_without_ink_are_drawn_all_the_same() -> None:
    blank = Split(
        name="all",
        images=np.zeros((4, 28, 28), np.uint8),
        labels=np.array([0, 0, 1, 1]),
        numbers=np.arange(4),
    )
    found = explored(blank, names=("a", "b"))
    assert found.without_ink == 4
    assert {"box-size", "slant"}.isdisjoint(drawn(found))


def test_odd_class_names_are_drawn_as_they_are() -> None:
    names = ("$x$", "<b>&", "あ", "a_very_long_name_of_a_class")
    figures = drawn(explored(split("all", [0, 1, 2, 3] * 2), names=names))
    labels = [label.get_text() for label in figures["samples"].drawing.axes[0].get_yticklabels()]
    assert labels == ["$x$", "<b>&", "あ", "a_very_long…"]


def test_tiles_keep_every_pixel() -> None:
    tile = RNG.integers(0, 256, (28, 28), np.uint8)
    with drawing_style():
        drawing = draw_tiles([("a", [Tile(tile), Tile(tile)]), ("b", [Tile(tile)])], 2)
    pixels = drawing.axes[0].images[0].get_array()
    assert pixels.shape == (58, 58, 4)
    np.testing.assert_array_equal(pixels[30:58, :28, 0], tile)
    assert not pixels[30:58, 30:, 3].any()


def test_chunks_are_of_like_lengths() -> None:
    assert [len(part) for part in chunks(26, 20)] == [13, 13]
    assert [len(part) for part in chunks(20, 20)] == [20]
    assert short("0123456789ab") == "0123456789ab"
