"""A page as one HTML file: no script, no network, light and dark, on paper and a phone."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final, assert_never
from xml.etree import ElementTree

from edge_analysis.page import (
    STYLE_SHEET,
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
)

Element = ElementTree.Element
# Neither HTML nor XML may hold these: control characters and halves of surrogate pairs,
# which Python has in names of files that are not UTF-8.
_FORBIDDEN: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


def node(
    tag: str,
    content: str | Sequence[Element] = (),
    attributes: Mapping[str, str] | None = None,
) -> Element:
    """Make an element.

    Args:
        tag: Its name.
        content: Its text, or the elements within.
        attributes: By name.
    """
    made = Element(tag, {name: clean(value) for name, value in (attributes or {}).items()})
    if isinstance(content, str):
        made.text = clean(content)
    else:
        made.extend(content)
    return made


def to_text(element: Element) -> str:
    """Write an element as HTML."""
    return ElementTree.tostring(element, encoding="unicode", method="html")


def clean(text: str) -> str:
    """Replace characters that no page may hold."""
    return _FORBIDDEN.sub("\ufffd", text)


# The browser itself refuses scripts and network access.
_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"


def page_html(page: Page) -> str:
    """Write a page as an HTML document that needs nothing beside it."""
    body = node(
        "body",
        [
            node("header", [node("h1", page.title), node("p", page.lead, {"class": "lead"})]),
            *([_contents(page)] if len(page.sections) > 2 else []),
            node("main", [_section(*numbered) for numbered in enumerate(page.sections, 1)]),
        ],
    )
    return f"<!DOCTYPE html>\n{to_text(node('html', [_head(page), body], {'lang': 'en'}))}\n"


def _head(page: Page) -> Element:
    return node(
        "head",
        [
            node("meta", attributes={"charset": "utf-8"}),
            node("meta", attributes={"http-equiv": "Content-Security-Policy", "content": _POLICY}),
            node(
                "meta",
                attributes={"name": "viewport", "content": "width=device-width, initial-scale=1"},
            ),
            node("meta", attributes={"name": "color-scheme", "content": "light dark"}),
            node("title", page.title),
            node("style", STYLE_SHEET.read_text(encoding="utf-8")),
        ],
    )


def _contents(page: Page) -> Element:
    links = [
        node("li", [node("a", section.title, {"href": f"#section-{number}"})])
        for number, section in enumerate(page.sections, 1)
    ]
    return node("nav", [node("ul", links)], {"aria-label": "Contents"})


def _section(number: int, section: Section) -> Element:
    blocks = [_block(block) for block in section.blocks]
    title = node("h2", section.title)
    return node("section", [title, *blocks], {"id": f"section-{number}"})


def _block(block: Block) -> Element:
    match block:
        case Paragraph():
            return node("p", block.text)
        case Notes():
            items = [node("li", item) for item in block.items]
            title = node("p", block.title, {"class": "title"})
            return node("aside", [title, node("ul", items)], {"class": "notes"})
        case KeyFigures():
            return node("dl", [_key_figure(key) for key in block.figures], {"class": "key"})
        case Table():
            return _table(block)
        case Figures():
            kind = "figures"
            return node("div", [_figure(figure) for figure in block.figures], {"class": kind})
        case _:
            assert_never(block)


def _key_figure(key: KeyFigure) -> Element:
    note = [node("dd", key.note, {"class": "note"})] if key.note else []
    value = node("dd", key.value, {"class": "value"})
    return node("div", [node("dt", key.label), value, *note])


def _table(table: Table) -> Element:
    alike: list[dict[str, str]] = [
        {} if column < table.text_columns else {"class": "number"}
        for column in range(len(table.headings))
    ]
    head = [
        node("th", heading, {"scope": "col", **kind})
        for heading, kind in zip(table.headings, alike, strict=True)
    ]
    rows = [_row(row, alike) for row in table.rows]
    parts = [node("thead", [node("tr", head)]), node("tbody", rows)]
    if not table.folded:
        caption = node("caption", [node("span", table.caption)])
        return _scrolled([caption, *parts], table.caption)
    summary = node("summary", table.caption)
    return node("details", [summary, _scrolled(parts, table.caption)])


def _row(cells: Sequence[str], alike: Sequence[dict[str, str]]) -> Element:
    first = node("th", cells[0], {"scope": "row"})
    others = zip(cells[1:], alike[1:], strict=True)
    return node("tr", [first, *(node("td", cell, kind) for cell, kind in others)])


def _scrolled(parts: Sequence[Element], name: str) -> Element:
    """Let a table that is wider than the page scroll, by keyboard too."""
    region = {"class": "scroll", "tabindex": "0", "role": "region", "aria-label": name}
    return node("div", [node("table", parts)], region)


def _figure(figure: Figure) -> Element:
    picture = node(
        "div",
        [ElementTree.fromstring(figure.picture)],
        {"class": "picture", "role": "img", "aria-label": figure.alt},
    )
    return node("figure", [picture, node("figcaption", figure.caption)])
