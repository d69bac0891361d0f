"""The HTML page of a report."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_analysis.page import (
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
    write_page,
)

VOID = {"meta"}
TABLE = Table(
    caption="All rows", headings=("model", "p50, µs"), rows=(("edge", "23.0"), ("a|b", "1,200"))
)


class Reader(HTMLParser):
    """Reads a page, checks that all tags are closed, and keeps tags and texts."""

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
    return Page(title=title, lead="Summary.", sections=(Section(title="First", blocks=blocks),))


@pytest.fixture(scope="module")
def html() -> str:
    svg = '<svg viewBox="0 0 1 1"><text>epoch</text></svg>'
    return page_html(
        page(
            Paragraph(text="A sentence."),
            Notes(title="Warnings", items=("It was hot.",)),
            KeyFigures(figures=(KeyFigure(value="23 µs", label="one image", note="median"),)),
            TABLE,
            Figures(figures=(Figure(picture=svg, alt="rising", caption="It rises."),)),
        )
    )


def test_page_refers_to_no_other_file(html: str) -> None:
    reader = Reader(html)
    assert not {"script", "link", "iframe"} & {tag for tag, _ in reader.tags}
    for _, attributes in reader.tags:
        for name in ("src", "href"):
            assert attributes.get(name, "#").startswith("#")
    assert "url(" not in html
    assert "@import" not in html


def test_page_fits_phones_dark_screens_and_paper(html: str) -> None:
    names = {meta.get("name"): meta.get("content") for meta in Reader(html).all("meta")}
    assert names["viewport"] == "width=device-width, initial-scale=1"
    assert names["color-scheme"] == "light dark"
    assert "@media print" in html
    style = next(text for tag, text in Reader(html).texts if tag == "style")
    light, dark = (re.findall(r"(--[\w-]+):", part) for part in style.split("@media screen")[:2])
    assert light
    assert light == [name for name in dark if name in light]


def test_page_contains_all_blocks(html: str) -> None:
    reader = Reader(html)
    for tag, text in (
        *(("h1", "A page"), ("p", "Summary."), ("h2", "First"), ("p", "A sentence.")),
        *(("li", "It was hot."), ("dd", "23 µs"), ("dt", "one image"), ("dd", "median")),
        *(("th", "p50, µs"), ("td", "1,200"), ("text", "epoch"), ("figcaption", "It rises.")),
    ):
        assert (tag, text) in reader.texts
    assert {"class": "picture", "role": "img", "aria-label": "rising"} in reader.all("div")


def test_numbers_of_a_table_are_right_aligned() -> None:
    reader = Reader(page_html(page(TABLE)))
    assert [cell.get("class") for cell in reader.all("td")] == ["number", "number"]
    assert [cell.get("scope") for cell in reader.all("th")] == ["col", "col", "row", "row"]
    assert reader.all("div")[0]["class"] == "scroll"
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


@settings(max_examples=50)
@given(st.text())
def test_text_is_escaped(text: str) -> None:
    html = page_html(page(Notes(title=text, items=(text,)), TABLE, title=text))
    plain = Reader(page_html(page(Notes(title="", items=("",)), TABLE)))
    assert [tag for tag, _ in Reader(html).tags] == [tag for tag, _ in plain.tags]
    html.encode("utf-8")
    if text.isprintable() and text:
        assert ("h1", text) in Reader(html).texts
        assert ("li", text) in Reader(html).texts


@pytest.mark.parametrize("name", ["a\x00b", "half \udcff", "bell\x07"])
def test_forbidden_characters_are_replaced(name: str, tmp_path: Path) -> None:
    write_page(page(title=name), tmp_path / "page.html")
    assert "\ufffd" in (tmp_path / "page.html").read_text(encoding="utf-8")
