"""A page as Markdown, for where HTML is not shown: a repository, an issue, a terminal.

What is drawn stays in the HTML; its caption stands here.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final, assert_never

from edge_analysis.report_page import (
    Block,
    Figures,
    KeyFigures,
    Notes,
    Page,
    Paragraph,
    Table,
)

_SPECIAL: Final = re.compile(r"([\\`*_\[\]<>|#~])")


def page_markdown(page: Page) -> str:
    """Write a page as Markdown of GitHub's kind."""
    lines = [f"# {_escaped(page.title)}", "", _escaped(page.lead), ""]
    for section in page.sections:
        lines += [f"## {_escaped(section.title)}", ""]
        for block in section.blocks:
            lines += [*_block(block), ""]
    return "\n".join(lines).rstrip() + "\n"


def _block(block: Block) -> list[str]:
    match block:
        case Paragraph():
            return [_escaped(block.text)]
        case Notes():
            return [f"**{_escaped(block.title)}**", "", *_list(block.items)]
        case KeyFigures():
            return [
                f"- {_escaped(key.label)}: **{_escaped(key.value)}**"
                + (f" ({_escaped(key.note)})" if key.note else "")
                for key in block.figures
            ]
        case Table():
            return _table(block)
        case Figures():
            return _list([f"Figure in the HTML page: {figure.caption}" for figure in block.figures])
        case _:
            assert_never(block)


def _table(table: Table) -> list[str]:
    texts = table.text_columns
    rule = ["---"] * texts + ["---:"] * (len(table.headings) - texts)
    rows = [[_escaped(cell) for cell in row] for row in (table.headings, *table.rows)]
    lines = [f"| {' | '.join(cells)} |" for cells in (rows[0], rule, *rows[1:])]
    return [_escaped(table.caption), "", *lines]


def _list(items: Sequence[str]) -> list[str]:
    return [f"- {_escaped(item)}" for item in items]


def _escaped(text: str) -> str:
    return " ".join(_SPECIAL.sub(r"\\\1", text).split())
