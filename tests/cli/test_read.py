"""`edge-mnist read`, as a person runs it."""

from __future__ import annotations

import csv
import io
import os
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from processes import EDGE_MNIST, interrupt, json_lines, peak_kib, run_on_terminal
from rich.console import Console

from edge_infer.boxes import Box
from edge_infer.io.documents import PageText
from edge_infer.page.items import PageResult, ReadPage
from edge_infer.page.page import Digit, Line, Page
from edge_mnist.read import show_page

Read = Callable[..., Any]


@pytest.fixture
def read(edge_mnist, tiny_model_path: Path, tmp_path: Path, monkeypatch) -> Read:
    """Call the command in the folder of the test."""
    monkeypatch.chdir(tmp_path)
    return lambda *words: edge_mnist("read", "--model", tiny_model_path, *words)


@pytest.fixture
def program(tiny_model_path: Path) -> list[str]:
    """The command for a process of its own."""
    return [*EDGE_MNIST, "read", "--model", str(tiny_model_path)]


@pytest.fixture
def pages(tmp_path: Path, draw_digit) -> Path:
    """A folder of two pages, 7345 over 602 and 41, and an empty one."""
    folder = tmp_path / "pages"
    folder.mkdir()
    for name, rows in (("a", ("7345", "602")), ("b", ("41",)), ("c", ())):
        picture = np.full((300, 500), 240, np.uint8)
        for row, labels in enumerate(rows):
            for column, label in enumerate(labels):
                digit = draw_digit(label, 90, margin=6)
                top, left = 30 + 130 * row, 40 + 100 * column
                picture[top : top + digit.shape[0], left : left + digit.shape[1]] = digit
        cv2.imwrite(str(folder / f"{name}.png"), picture)
    return folder


def test_one_page_gives_its_numbers_and_nothing_else(read: Read, pages: Path) -> None:
    ran = read("pages/a.png")
    assert (ran.code, ran.out, ran.err) == (0, "7345\n602\n", "")


def test_several_pages_have_headings_and_a_line_at_the_end(read: Read, pages: Path) -> None:
    ran = read("pages", "none.png")
    assert ran.out == (
        "==> pages/a.png <==\n7345\n602\n\n==> pages/b.png <==\n41\n\n==> pages/c.png <==\n\n"
    )
    error, summary = ran.err.splitlines()
    assert error.startswith("error: ")
    assert "none.png" in error
    assert re.fullmatch(r"2 read, 1 without digits, 1 failed, in \d+\.\d s", summary)
    assert ran.code == 1


def test_empty_page_has_a_note_beside_its_empty_text(read: Read, pages: Path) -> None:
    ran = read("pages/c.png")
    assert (ran.code, ran.out) == (0, "")
    assert "pages/c.png" in ran.err
    assert read("pages/c.png", "-f", "jsonl").err == ""


def test_json_line_has_the_promised_form(read: Read, pages: Path) -> None:
    (document,) = json_lines(read("pages/a.png", "-f", "jsonl").out)
    assert list(document) == ["source", "width", "height", "text", "lines", "elapsed_ms"]
    assert document["source"] == "pages/a.png"
    assert (document["width"], document["height"]) == (500, 300)
    assert document["text"] == "7345\n602"
    assert document["elapsed_ms"] > 0
    line = document["lines"][0]
    assert list(line) == ["text", "confidence", "box", "digits"]
    assert [list(digit) for digit in line["digits"]] == [["label", "confidence", "box"]] * 4
    x, y, width, height = line["digits"][1]["box"]
    assert 140 <= x < x + width <= 212
    assert 30 <= y < y + height <= 120


def test_bad_files_cost_their_own_line(read: Read, pages: Path, bad_files, tmp_path: Path) -> None:
    zoo = tmp_path / "zoo"
    zoo.mkdir()
    page = (pages / "a.png").read_bytes()
    jpeg = bad_files.encoded(".jpg", cv2.imread(str(pages / "a.png")))
    files = {
        "bomb.png": (bad_files.png_claiming(60_000, 60_000), "too_large"),
        "cut.jpg": (jpeg[: len(jpeg) // 2], "damaged"),
        "empty.png": (b"", "empty_file"),
        "größe 数字.png": (page, ""),
        "text.png": (b"hello", "not_an_image"),
        os.fsdecode(b"\xff.png"): (page, ""),
    }
    for name, (data, _) in files.items():
        (zoo / name).write_bytes(data)
    np.savez(tmp_path / "digits.npz", x_test=np.zeros((5, 28, 28), np.uint8))
    ran = read("zoo", "digits.npz", "-f", "jsonl")
    *documents, archive = json_lines(ran.out)
    assert [document["source"] for document in documents] == [f"zoo/{name}" for name in files]
    found = [document.get("error", {}).get("code", "") for document in documents]
    assert found == [code for _, code in files.values()]
    assert documents[3]["text"] == documents[5]["text"] == "7345\n602"
    assert list(archive) == ["source", "error"]
    assert "edge-mnist predict" in archive["error"]["message"]
    assert ran.code == 1
    assert len(ran.err.splitlines()) == 1


def test_csv_goes_to_a_file_by_its_suffix(read: Read, pages: Path, tmp_path: Path) -> None:
    ran = read("pages", "none.png", "--output", "out/numbers.csv")
    with (tmp_path / "out/numbers.csv").open(newline="", encoding="utf-8") as file:
        rows = [
            (row["source"], row["line"], row["text"], row["error"]) for row in csv.DictReader(file)
        ]
    assert rows == [
        ("pages/a.png", "1", "7345", ""),
        ("pages/a.png", "2", "602", ""),
        ("pages/b.png", "1", "41", ""),
        ("pages/c.png", "", "", ""),
        ("none.png", "", "", "not_found"),
    ]
    assert (ran.code, ran.out) == (1, "")
    assert os.listdir(tmp_path / "out") == ["numbers.csv"]


def test_standard_input_and_globs_are_sources(program: list[str], pages: Path) -> None:
    picture = (pages / "b.png").read_bytes()
    ran = subprocess.run(
        [*program, "-", str(pages / "[c].png"), "-f", "jsonl"],
        input=picture,
        capture_output=True,
        check=True,
    )
    documents = json_lines(ran.stdout.decode())
    assert [document["source"] for document in documents] == ["-", str(pages / "c.png")]
    assert documents[0]["text"] == "41"


def test_options_reach_the_reader(read: Read, pages: Path, tmp_path: Path) -> None:
    turned = np.rot90(cv2.imread(str(pages / "b.png"), cv2.IMREAD_GRAYSCALE))
    cv2.imwrite(str(tmp_path / "turned.png"), turned)
    (document,) = json_lines(read("turned.png", "--rotate", "90", "-f", "jsonl").out)
    assert (document["text"], document["width"], document["height"]) == ("41", 300, 500)
    (document,) = json_lines(read("pages/a.png", "--max-pixels", "1000", "-f", "jsonl").out)
    assert document["error"]["code"] == "too_large"
    assert read("pages/a.png", "--expect", r"9\d*|602").out.splitlines()[1] == "602"


def test_all_writes_what_was_rejected_too(read: Read, pages: Path) -> None:
    (document,) = json_lines(read("pages/a.png", "--all", "-f", "jsonl").out)
    assert list(document)[-1] == "rejected"
    assert ",rejected,error,message" in read("pages/a.png", "--all", "-f", "csv").out


def test_annotated_pages_and_crops_are_written(read: Read, pages: Path, tmp_path: Path) -> None:
    other = tmp_path / "größe"
    other.mkdir()
    (other / "b.png").write_bytes((pages / "b.png").read_bytes())
    (other / "damaged.png").write_bytes(b"no picture")
    ran = read("pages", "größe", "--annotate", "out/seen", "--crops", "out/digits")
    assert ran.code == 1
    assert sorted(os.listdir(tmp_path / "out/seen")) == [
        "a.read.jpg",
        "b-2.read.jpg",
        "b.read.jpg",
        "c.read.jpg",
    ]
    crops = sorted(os.listdir(tmp_path / "out/digits"))
    assert len(crops) == 7 + 2 + 2
    assert crops[:2] == ["a.line01.digit01.7.png", "a.line01.digit02.3.png"]
    assert crops[-1] == "b.line01.digit02.1.png"
    # The page is grey, and its labels are not.
    blue, green, red = cv2.split(cv2.imread(str(tmp_path / "out/seen/a.read.jpg")).astype(int))
    assert (np.abs(green - red) > 60).sum() > 1000
    assert (np.abs(blue - green) < 20).mean() > 0.8


def test_sources_are_never_written_to(read: Read, pages: Path) -> None:
    before = {name: (pages / name).read_bytes() for name in os.listdir(pages)}
    for arguments in (
        ("pages/a.png", "--annotate", "pages"),
        ("pages", "--crops", "pages/../pages"),
        (".", "--recursive", "--annotate", "pages/new"),
    ):
        ran = read(*arguments)
        assert (ran.code, ran.out) == (2, "")
        assert "give another folder" in ran.err
    assert {name: (pages / name).read_bytes() for name in os.listdir(pages)} == before


@pytest.mark.parametrize("to_file", [False, True])
def test_interruption_leaves_nothing_half_written(
    program, pages: Path, tmp_path: Path, to_file: bool
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    command = [*program, *[str(pages)] * 5000, "-f", "jsonl"]
    command += ["--annotate", str(out / "seen"), "--crops", str(out / "digits")]
    command += ["--output", str(out / "x.jsonl")] if to_file else []
    digits = out / "digits"
    interrupt(command, lambda _: digits.exists() and len(os.listdir(digits)) > 12)
    assert sorted(os.listdir(out)) == ["digits", "seen"]
    left = [*(out / "seen").iterdir(), *digits.iterdir()]
    assert all(cv2.imread(str(path)) is not None for path in left)
    assert not [path.name for path in left if path.name.startswith(".")]


def test_terminal_gets_colours(program: list[str], pages: Path, tmp_path: Path) -> None:
    _, seen = run_on_terminal([*program, "pages/b.png", "none.png"], tmp_path)
    assert b"\x1b[1m==> pages/b.png <==" in seen
    assert b"\r\n41\r\n" in seen
    assert b"\x1b[31merror: " in seen


@pytest.mark.parametrize(("colours", "doubtful"), [(True, "\x1b[33m2\x1b[0m"), (False, "2")])
def test_doubtful_and_rejected_digits_have_colours(monkeypatch, colours, doubtful) -> None:
    console = Console(
        file=io.StringIO(), force_terminal=colours, color_system="standard" if colours else None
    )
    monkeypatch.setattr("edge_mnist.read.OUT", console)
    box = Box(1, 2, 3, 4)
    line = Line((Digit("7", 0.99, box), Digit("2", 0.5, box)), box)
    page = Page(9, 9, (line,), (Digit("1", 0.1, box),))
    text_format = PageText(with_rejected=True, with_headings=True, doubtful_below=0.9)
    read_page = ReadPage(page, np.zeros((9, 9), np.uint8), 1.0)
    show_page(text_format, PageResult("a [bold].png", read_page))
    heading, text, rejected, *_ = console.file.getvalue().splitlines()
    assert "==> a [bold].png <==" in heading
    assert text == f"7{doubtful}"
    assert rejected.startswith("\x1b[2m") == colours


def test_many_pages_need_no_more_memory_than_few(program: list[str], pages: Path) -> None:
    few, many = (peak_kib([*program, "-f", "jsonl", *[str(pages)] * times]) for times in (4, 40))
    assert many - few < 8 * 1024
