"""Figures: tiles, heat maps, style, and the files and inline SVG of a drawing."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("matplotlib")
import matplotlib as mpl

from edge_analysis.figures.drawing import Drawing, new_figure, save_figure
from edge_analysis.figures.heat_map import count_scale, draw_heat_map, linear_scale
from edge_analysis.figures.lines import Line, draw_lines
from edge_analysis.figures.tiles import (
    Tile,
    chunks,
    draw_sheets,
    draw_tile_rows,
    visualize_input,
    write_pixel_values,
)
from edge_analysis.text import shortened

RNG = np.random.default_rng(11)


def drawing(alt: str = "rising", label: str = "epoch") -> Drawing:
    lines = [Line(name=name, x=[1, 2, 3], y=[1, 4, 9], marker="o") for name in ("edge & max", "b")]
    figure = draw_lines(lines, height_in=2, xlabel=label, reference=2)
    figure.axes[0].text(1, 5, "note", color="#ffffff")
    return Drawing("line", figure, alt, "It rises by 8 %.")


def test_inline_svg_has_the_colours_of_the_page_and_texts() -> None:
    figure = drawing(label="$x$ あ").for_page()
    for name in ("--ink", "--faint", "--series-0", "--ground"):
        assert f"var({name})" in figure.picture
    # Other colours stay.
    assert set(re.findall(r"#[0-9a-f]{6}\b", figure.picture)) == {"#ffffff"}
    assert "$x$ あ</text>" in figure.picture
    assert "edge &amp; max" in figure.picture
    assert re.match(r"<svg [^>]*viewBox=", figure.picture)
    assert not re.search("<style|<metadata|xmlns", figure.picture)
    assert (figure.alt, figure.caption) == ("rising", "It rises by 8\N{NO-BREAK SPACE}%.")


def test_ids_of_two_figures_of_a_page_differ() -> None:
    first, second = (drawing(alt).for_page().picture for alt in ("rising", "falling"))
    names, others = (re.findall(r' id="([^"]+)"', svg) for svg in (first, second))
    assert names
    assert len(names) == len(set(names))
    assert not set(names) & set(others)
    assert set(re.findall(r'href="#([^"]+)"', first)) <= set(names)


def test_files_are_reproducible_and_independent_of_the_page(tmp_path: Path) -> None:
    for run in ("a", "b"):
        save_figure(drawing().figure, tmp_path / f"{run}.1")
    for suffix in (".png", ".svg"):
        first, second = (tmp_path / f"{run}.1{suffix}" for run in ("a", "b"))
        assert first.read_bytes() == second.read_bytes()
    text = (tmp_path / "a.1.svg").read_text(encoding="utf-8")
    assert "var(--" not in text
    assert "<dc:date>" not in text
    # The style is restored.
    assert mpl.rcParams["text.color"] == "black"


def test_tiles_keep_every_pixel() -> None:
    picture = RNG.integers(0, 256, (28, 28), np.uint8)
    rows = [("", [Tile(picture), Tile(picture)]), ("", [Tile(picture)])]
    pixels = draw_tile_rows(rows, 2).axes[0].images[0].get_array()
    assert pixels.shape == (60, 60, 4)
    np.testing.assert_array_equal(pixels[30:58, :28, 0], picture)
    # Without a picture the sheet is transparent.
    assert not pixels[30:58, 30:, 3].any()


def test_sheets_have_one_scale_and_100_tiles_at_most() -> None:
    tile = Tile(np.zeros((28, 28), np.uint8), ("5, not 6", "99 %, #1"))

    def sheets(count: int) -> list[Drawing]:
        return list(draw_sheets("errors", [tile] * count, 5, alt="Errors.", caption="All."))

    widths = [sheets(count)[0].figure.get_size_inches()[0] for count in (1, 5)]
    assert widths[0] == widths[1]
    assert [one.name for one in sheets(250)] == ["errors", "errors-2", "errors-3"]


def test_row_labels_are_shortened() -> None:
    names = ("$x$", "あ", "a_very_long_name_of_a_class")
    tile = Tile(np.zeros((28, 28), np.uint8))
    figure = draw_tile_rows([(name, [tile]) for name in names], 1)
    texts = [text.get_text() for text in figure.axes[0].texts]
    assert texts == ["$x$", "あ", "a_very_long…"]
    assert shortened("0123456789ab") == "0123456789ab"


def test_chunks_are_of_similar_length() -> None:
    assert [len(part) for part in chunks(26, 20)] == [13, 13]
    assert [len(part) for part in chunks(20, 20)] == [20]


def heat_map(values: Any) -> Any:
    names = [f"c{at}" for at in range(len(values))]
    return draw_heat_map(values, names, count_scale(values), x_label="x", y_label="y")


def test_few_classes_have_numbers_and_many_a_colour_bar() -> None:
    (axes,) = heat_map(RNG.integers(1, 90, (10, 10))).axes
    assert len(axes.texts) == 100
    axes, bar = heat_map(RNG.integers(1, 90, (100, 100))).axes
    assert not axes.texts
    assert bar.get_ylabel() == "images"
    assert len(axes.get_xticks()) <= 26


def test_cells_of_0_and_nan_stay_empty() -> None:
    (axes,) = heat_map(np.array([[3, 0], [0, 5]])).axes
    assert [text.get_text() for text in axes.texts] == ["3", "5"]
    values = np.array([[np.nan, 2.5], [1.25, np.nan]])
    scale = linear_scale(values, "distance")
    (axes,) = draw_heat_map(values, "ab", scale, x_label="", y_label="").axes
    assert [text.get_text() for text in axes.texts] == ["2.5", "1.2"]


def test_every_pixel_has_its_value_written_into_it() -> None:
    image = np.arange(28 * 28, dtype=np.int64).reshape(28, 28).astype(np.uint8)
    with new_figure(1) as figure:
        axes = figure.subplots()
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
