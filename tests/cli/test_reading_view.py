"""Pages on the terminal."""

import io

import numpy as np
import pytest
from rich.console import Console

from edge_infer.boxes import Box
from edge_infer.io.documents import make_page_format
from edge_infer.page.items import PageResult, ReadPage
from edge_infer.page.page import Digit, Line, Page
from edge_mnist import reading_view
from edge_mnist.reading_view import ReadingView

BOX = Box(1, 2, 3, 4)
LINE = Line((Digit("7", 0.99, BOX), Digit("2", 0.5, BOX)), BOX)
READ = ReadPage(Page(9, 9, (LINE,), (Digit("1", 0.1, BOX),)), np.zeros((9, 9), np.uint8), 1.0)


def shown(monkeypatch: pytest.MonkeyPatch, *, terminal: bool) -> str:
    console = Console(
        file=io.StringIO(), force_terminal=terminal, color_system="standard" if terminal else None
    )
    monkeypatch.setattr(reading_view, "OUT", console)
    to_write = make_page_format("text", with_rejected=True, with_headings=True, doubtful_below=0.9)
    show = ReadingView(to_write, several=True).show
    assert show is not None
    show(PageResult("a [bold].png", READ))
    return console.file.getvalue()


def test_doubtful_and_rejected_digits_look_so(monkeypatch) -> None:
    assert shown(monkeypatch, terminal=True) == (
        "\x1b[1m==> a [bold].png <==\x1b[0m\n"
        "7\x1b[33m2\x1b[0m\n"
        "\x1b[2mrejected: 1, 10 %, 3 x 4 at 1, 2\x1b[0m\n\n"
    )


def test_terminal_without_colours_gets_the_same_text(monkeypatch) -> None:
    assert shown(monkeypatch, terminal=False) == (
        "==> a [bold].png <==\n72\nrejected: 1, 10 %, 3 x 4 at 1, 2\n\n"
    )


def test_formats_for_programs_have_no_colours_and_no_notes(capsys) -> None:
    view = ReadingView(make_page_format("jsonl"), several=False)
    assert view.show is None
    view.tell(PageResult("a.png", ReadPage(Page(9, 9, ()), READ.image, 1.0)))
    view.finish()
    assert capsys.readouterr() == ("", "")
    assert (view.read, view.empty, view.failed) == (0, 1, 0)
