from __future__ import annotations

import base64
import re
from html.parser import HTMLParser

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_analysis.report_page import (
    Block,
    Figure,
    Figures,
    KeyFigure,
    KeyFigures,
    Notes,
    Page,
    Paragraph,
    Section,
    Table,
    page_html,
)
from edge_bench.report_chart import Axis, Chart, Series, chart_figure
from edge_bench.report_markdown import page_markdown

VOID = {"meta", "img"}
TABLE = Table(
    caption="All of it", headings=("model", "p50, µs"), rows=(("edge", "23.0"), ("a|b", "1,200"))
)


class Reader(HTMLParser):
    """Reads a page, refuses tags that do not match, and keeps what tests ask about."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.texts: list[tuple[str, str]] = []
        self.feed(html)
        self.close()
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open:
            self.texts.append((self.open[-1], data))

    def all(self, wanted: str) -> list[dict[str, str]]:
        return [attributes for tag, attributes in self.tags if tag == wanted]


def page(*blocks: Block, title: str = "A page") -> Page:
    section = Section(title="First", blocks=blocks)
    return Page(title=title, lead="About it.", sections=(section,))


def png(width: int = 6, height: int = 4) -> bytes:
    return cv2.imencode(".png", np.zeros((height, width), np.uint8))[1].tobytes()


def chart(*, log: bool = False) -> Chart:
    points = ((1.0, 10.0), (8.0, 55.0), (512.0, 1000.0))
    series = Series(name="edge", index=1, points=points, dashed=True)
    return Chart(
        x=Axis(label="images a batch", log=log, ticks=(1, 8, 512)),
        y=Axis(label="images a second", log=log),
        series=(series, Series(name="max", index=9, points=((64.0, 3.0),), label="max")),
    )


def full_page() -> Page:
    figure = Figure(picture=png(), alt="a digit", caption="What was seen.")
    return page(
        Paragraph(text="A sentence."),
        Notes(title="With care", items=("It was hot.",)),
        KeyFigures(figures=(KeyFigure(value="23 µs", label="one image", note="p50"),)),
        TABLE,
        Figures(figures=(chart_figure(chart(), alt="rising", caption="It rises."),)),
        Figures(figures=(figure, figure), small=True),
    )


def test_page_needs_nothing_beside_it() -> None:
    html = page_html(full_page())
    reader = Reader(html)
    assert not {"script", "link", "iframe"} & {tag for tag, _ in reader.tags}
    for _, attributes in reader.tags:
        for name in ("src", "href"):
            assert attributes.get(name, "#").startswith(("#", "data:"))
    assert "url(" not in html
    assert "@import" not in html


def test_page_suits_phones_dark_rooms_and_paper() -> None:
    html = page_html(full_page())
    names = {meta.get("name"): meta.get("content") for meta in Reader(html).all("meta")}
    assert names["viewport"] == "width=device-width, initial-scale=1"
    assert names["color-scheme"] == "light dark"
    assert "prefers-color-scheme: dark" in html
    assert "@media print" in html


def test_colours_are_the_same_set_in_both_schemes() -> None:
    style = next(text for tag, text in Reader(page_html(full_page())).texts if tag == "style")
    light, dark = (re.findall(r"(--[\w-]+):", part) for part in style.split("@media screen")[:2])
    assert light
    assert light == [name for name in dark if name in light]


def test_pictures_have_alt_texts_and_captions() -> None:
    reader = Reader(page_html(full_page()))
    (drawing,) = (svg for svg in reader.all("svg") if svg.get("role") == "img")
    assert drawing["aria-label"] == "rising"
    assert [image["alt"] for image in reader.all("img")] == ["a digit"] * 2
    captions = [text for tag, text in reader.texts if tag == "figcaption"]
    assert captions == ["It rises.", "What was seen.", "What was seen."]


def test_png_is_embedded_with_its_size() -> None:
    image = Reader(page_html(full_page())).all("img")[0]
    assert (image["width"], image["height"]) == ("6", "4")
    assert base64.b64decode(image["src"].removeprefix("data:image/png;base64,")) == png()


def test_numbers_of_a_table_stand_to_the_right() -> None:
    reader = Reader(page_html(page(TABLE)))
    assert [cell.get("class") for cell in reader.all("td")] == ["number", "number"]
    assert [cell.get("scope") for cell in reader.all("th")] == ["col", "col", "row", "row"]
    assert reader.all("div")[0]["class"] == "scroll"


def test_folded_table_shows_its_caption() -> None:
    folded = Table(caption="More", headings=("a",), rows=(("1",),), folded=True)
    reader = Reader(page_html(page(folded)))
    assert ("summary", "More") in reader.texts
    assert not reader.all("caption")


def test_long_page_has_contents() -> None:
    sections = tuple(Section(title="Same", blocks=()) for _ in range(3))
    reader = Reader(page_html(Page(title="t", lead="l", sections=sections)))
    targets = [link["href"] for link in reader.all("a")]
    assert targets == [f"#{section['id']}" for section in reader.all("section")]
    assert len(set(targets)) == 3


@settings(max_examples=50, deadline=None)
@given(st.text())
def test_text_stays_text(text: str) -> None:
    made = page(Notes(title=text, items=(text,)), TABLE, title=text)
    plain, strange = Reader(page_html(page(Notes(title="", items=("",)), TABLE))), page_html(made)
    assert [tag for tag, _ in Reader(strange).tags] == [tag for tag, _ in plain.tags]
    strange.encode("utf-8")
    if text.isprintable() and text:
        assert ("h1", text) in Reader(strange).texts
        assert ("li", text) in Reader(strange).texts


@pytest.mark.parametrize("name", ["a\x00b", "half \udcff", "bell\x07"])
def test_what_no_page_may_hold_is_replaced(name: str) -> None:
    html = page_html(page(title=name))
    assert "\ufffd" in html
    html.encode("utf-8")


@pytest.mark.parametrize("log", [False, True])
def test_chart_stays_inside_its_box(log: bool) -> None:
    figure = chart_figure(chart(log=log), alt="", caption="")
    assert isinstance(figure.picture, str)
    for marker in re.findall(r"translate\(([\d.-]+) ([\d.-]+)\)", figure.picture):
        assert 0 <= float(marker[0]) <= 480
        assert 0 <= float(marker[1]) <= 300
    assert figure.picture.count("marker") == 4
    assert "dashed" in figure.picture


def test_legend_names_series_that_have_no_label() -> None:
    figure = chart_figure(chart(), alt="", caption="")
    assert [swatch.name for swatch in figure.legend] == ["edge"]
    assert ">max</text>" in str(figure.picture)


def test_labels_at_one_place_do_not_overlap() -> None:
    twins = tuple(
        Series(name=name, index=0, points=((1.0, 1.0),), label=name) for name in ("abc", "abd")
    )
    axis = Axis(label="x")
    picture = str(chart_figure(Chart(x=axis, y=axis, series=twins), alt="", caption="").picture)
    first, second = (float(y) for y in re.findall(r'y="([\d.]+)"[^>]*class="point"', picture))
    assert abs(first - second) >= 15


def test_svg_of_others_loses_its_namespaces() -> None:
    drawing = (
        '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink">'
        '<use xlink:href="#a"/></svg>'
    )
    html = page_html(page(Figures(figures=(Figure(picture=drawing, alt="a", caption="c"),))))
    assert '<svg role="img" aria-label="a"><use href="#a"></use></svg>' in html


def test_markdown_says_the_same() -> None:
    lines = page_markdown(full_page()).splitlines()
    assert lines[0] == "# A page"
    for line in (
        "## First",
        "- It was hot.",
        "- one image: **23 µs** (p50)",
        "| model | p50, µs |",
        "| --- | ---: |",
        r"| a\|b | 1,200 |",
        "- Figure in the HTML page: It rises.",
    ):
        assert line in lines


@settings(max_examples=50, deadline=None)
@given(st.text())
def test_markdown_cell_stays_one_cell(text: str) -> None:
    table = Table(caption="c", headings=("a", "b"), rows=((text, "1"),))
    row = page_markdown(page(table)).splitlines()[-1]
    assert len(re.findall(r"(?<!\\)(?:\\\\)*\|", row)) == 3
