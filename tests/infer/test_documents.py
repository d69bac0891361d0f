"""Pages as text, JSON Lines and CSV."""

import csv
import io
import json
import os

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_infer import UsageError
from edge_infer.boxes import Box
from edge_infer.io.batch import Failure
from edge_infer.io.documents import PAGE_FORMAT_NAMES, PageText, make_page_format
from edge_infer.io.formats import encode
from edge_infer.page.items import PageResult, ReadPage
from edge_infer.page.page import Digit, Line, Page

ANY_NAME = st.text() | st.binary(max_size=20).map(os.fsdecode)
FAILURE = Failure("damaged", 'it is "bad"')


def row_of(*digits: Digit) -> Line:
    return Line(digits, Box(10, 20, 52, 33))


SEVEN = Digit("7", 0.98765432, Box(10, 20, 22, 30))
TWO = Digit("2", 0.5, Box(40, 23, 22, 30))
DOT = Digit("1", 0.25, Box(90, 50, 3, 4))
PAGE = Page(640, 480, (row_of(SEVEN, TWO), row_of(SEVEN)), (DOT,))
EMPTY = Page(40, 30, ())


def result_of(page: Page, source: str = "a.png", elapsed_ms: float = 12.3456) -> PageResult:
    image = np.zeros((page.height, page.width), np.uint8)
    return PageResult(source, ReadPage(page, image, elapsed_ms))


def test_json_line_is_as_promised_to_the_letter() -> None:
    assert make_page_format("jsonl").line(result_of(PAGE)) == (
        '{"source": "a.png", "width": 640, "height": 480, "text": "72\\n7", "lines": ['
        '{"text": "72", "confidence": 0.5, "box": [10, 20, 52, 33], "digits": ['
        '{"label": "7", "confidence": 0.987654, "box": [10, 20, 22, 30]}, '
        '{"label": "2", "confidence": 0.5, "box": [40, 23, 22, 30]}]}, '
        '{"text": "7", "confidence": 0.987654, "box": [10, 20, 52, 33], "digits": ['
        '{"label": "7", "confidence": 0.987654, "box": [10, 20, 22, 30]}]}], '
        '"elapsed_ms": 12.346}'
    )


def test_json_line_of_an_empty_page_and_of_a_failure() -> None:
    line = make_page_format("jsonl").line(result_of(EMPTY))
    assert line == (
        '{"source": "a.png", "width": 40, "height": 30, "text": "", "lines": [], '
        '"elapsed_ms": 12.346}'
    )
    line = make_page_format("jsonl").line(PageResult("a.png", FAILURE))
    assert line == (
        '{"source": "a.png", "error": {"code": "damaged", "message": "it is \\"bad\\""}}'
    )


def test_json_line_has_rejected_components_on_request() -> None:
    to_write = make_page_format("jsonl", with_rejected=True)
    document = json.loads(to_write.line(result_of(PAGE)))
    assert list(document)[-2:] == ["elapsed_ms", "rejected"]
    assert document["rejected"] == [{"label": "1", "confidence": 0.25, "box": [90, 50, 3, 4]}]
    assert json.loads(to_write.line(result_of(EMPTY)))["rejected"] == []


@settings(max_examples=30)
@given(ANY_NAME, st.sampled_from(PAGE_FORMAT_NAMES), st.booleans())
def test_everything_is_valid_utf8_and_json_gives_back_any_name(name, format_name, rejected) -> None:
    to_write = make_page_format(format_name, with_rejected=rejected, with_headings=True)
    for result in (result_of(PAGE, name), result_of(EMPTY, name), PageResult(name, FAILURE)):
        line = encode(to_write.line(result)).decode("utf-8")
        if format_name == "jsonl":
            assert "\n" not in line
            assert json.loads(line)["source"] == name


def test_csv_has_a_row_for_each_line_page_without_lines_failure_and_rejected_digit() -> None:
    results = [
        result_of(PAGE, 'a "b",\nc.png'),
        result_of(EMPTY, "e.png"),
        PageResult("f.png", FAILURE),
    ]
    first, second, empty, failed = _csv_rows(results)
    assert first == {
        "source": 'a "b",\nc.png',
        "line": "1",
        "text": "72",
        "confidence": "0.500000",
        "x": "10",
        "y": "20",
        "width": "52",
        "height": "33",
        "error": "",
        "message": "",
    }
    assert (second["line"], second["text"]) == ("2", "7")
    assert {key for key, value in empty.items() if value} == {"source"}
    assert (failed["source"], failed["error"], failed["text"]) == ("f.png", "damaged", "")
    rows = _csv_rows(results, with_rejected=True)
    assert [(row["line"], row["text"], row["rejected"]) for row in rows] == [
        *(("1", "72", "false"), ("2", "7", "false"), ("", "1", "true")),
        *(("", "", ""), ("", "", "")),
    ]


def _csv_rows(results: list[PageResult], *, with_rejected: bool = False) -> list[dict[str, str]]:
    to_write = make_page_format("csv", with_rejected=with_rejected)
    lines = [to_write.header, *map(to_write.line, results)]
    return list(csv.DictReader(io.StringIO("\n".join(lines), newline="")))


def test_text_has_the_lines_and_on_request_headings_and_rejected_components() -> None:
    plain = make_page_format("text", doubtful_below=0.9)
    headed = make_page_format("text", with_headings=True)
    assert plain.header is None
    assert plain.line(result_of(PAGE)) == "72\n7"
    assert headed.line(result_of(PAGE)) == "==> a.png <==\n72\n7\n"
    assert plain.line(result_of(EMPTY)) == ""
    assert headed.line(result_of(EMPTY, "\x1b[2J.png")) == "==> \\x1b[2J.png <==\n"
    assert plain.line(PageResult("a.png", FAILURE)) == headed.line(PageResult("a", FAILURE)) == ""
    every = make_page_format("text", with_rejected=True)
    assert every.line(result_of(PAGE)) == "72\n7\nrejected: 1, 25 %, 3 x 4 at 90, 50"


def test_parts_of_the_text_have_styles() -> None:
    parts = PageText(doubtful_below=0.9, with_rejected=True).parts(result_of(PAGE))
    looks = {text: look for text, look in parts if text != "\n"}
    assert (looks["7"], looks["2"]) == ("sure", "doubtful")
    assert looks["rejected: 1, 25 %, 3 x 4 at 90, 50"] == "rejected"


def test_unknown_format_is_a_usage_error() -> None:
    with pytest.raises(UsageError, match="text, jsonl, csv, found 'xml'"):
        make_page_format("xml")
