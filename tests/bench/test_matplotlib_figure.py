from __future__ import annotations

import re
from typing import Any

import pytest

pytest.importorskip("matplotlib")
from matplotlib.figure import Figure as Drawing

from edge_analysis.report_page.matplotlib_figure import matplotlib_figure, page_colours


def drawing() -> Any:
    with page_colours():
        drawn = Drawing(figsize=(3, 2))
        axes = drawn.subplots()
        axes.plot([1, 2, 3], [1, 4, 9], marker="o", label="edge & max")
        axes.set_xlabel("epoch")
        axes.text(1, 5, "note", color="#ffffff")
        axes.legend()
    return drawn


@pytest.fixture
def svg() -> str:
    picture = matplotlib_figure(drawing(), alt="rising", caption="It rises.").picture
    assert isinstance(picture, str)
    return picture


def test_figure_takes_the_colours_of_the_page(svg: str) -> None:
    for name in ("--ink", "--faint", "--series-0", "--ground"):
        assert f"var({name})" in svg
    assert set(re.findall(r"#[0-9a-f]{6}\b", svg)) == {"#ffffff"}


def test_texts_stay_texts(svg: str) -> None:
    assert re.search(r"<text [^>]*>epoch</text>", svg)
    assert "edge &amp; max" in svg


def test_figure_keeps_to_itself(svg: str) -> None:
    assert "<style" not in svg
    assert "<metadata" not in svg
    assert re.match(r"<svg viewBox=", svg)


def test_names_within_two_figures_differ(svg: str) -> None:
    other = matplotlib_figure(drawing(), alt="another", caption="It rises.").picture
    names, others = (re.findall(r' id="([^"]+)"', text) for text in (svg, str(other)))
    assert names
    assert len(names) == len(set(names))
    assert not set(names) & set(others)
    assert set(re.findall(r'href="#([^"]+)"', svg)) <= set(names)


def test_colours_do_not_stay(svg: str) -> None:
    import matplotlib as mpl

    assert svg
    assert mpl.rcParams["text.color"] == "black"
