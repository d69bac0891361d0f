"""Results as lines of text."""

import csv
import io
import json
import os

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_infer import Prediction, UsageError
from edge_infer.io.batch import Failure, Result
from edge_infer.io.formats import FORMAT_NAMES, encode, make_format

CLASSES = ("0", 'say "ß"', "3")
ANY_NAME = st.text() | st.binary(max_size=20).map(os.fsdecode)


def seen(label: str = "3", confidence: float = 0.75, *, rejected: bool = False) -> Prediction:
    probabilities = np.array([0.2, 0.05, confidence], np.float32)
    return Prediction(label, CLASSES.index(label), confidence, probabilities, rejected)


BLANK = Prediction(None, None, 0.0, np.zeros(3, np.float32), rejected=True)
FAILURE = Failure("damaged", 'it is "bad"')


def json_line(result: Result) -> dict[str, object]:
    return json.loads(encode(make_format("jsonl", CLASSES).line(result)))


def test_json_line_of_a_prediction() -> None:
    expected = {
        "source": "a.png",
        "label": "3",
        "confidence": 0.75,
        "probabilities": [0.2, 0.05, 0.75],
        "rejected": False,
    }
    assert json_line(Result("a.png", seen())) == expected
    doubtful = json_line(Result("a.png", seen('say "ß"', rejected=True)))
    assert doubtful == expected | {"label": 'say "ß"', "rejected": True}
    blank = {"label": None, "confidence": 0.0, "probabilities": [0.0, 0.0, 0.0], "rejected": True}
    assert json_line(Result("a.png", BLANK)) == expected | blank


@given(ANY_NAME, st.sampled_from(FORMAT_NAMES), st.sampled_from([seen(), BLANK, FAILURE]))
def test_every_line_is_one_line_of_valid_utf8(name: str, format_name, outcome) -> None:
    line = encode(make_format(format_name, CLASSES).line(Result(name, outcome))).decode("utf-8")
    if format_name != "csv":  # A name with a line feed is quoted there.
        assert "\n" not in line


@given(ANY_NAME)
def test_json_gives_back_any_name(name: str) -> None:
    assert json_line(Result(name, FAILURE))["source"] == name


@given(st.lists(st.floats(0, 1, width=32), min_size=3, max_size=3))
def test_json_numbers_are_right_to_six_digits(values: list[float]) -> None:
    prediction = Prediction("0", 0, values[0], np.array(values, np.float32), rejected=False)
    written = json_line(Result("a", prediction))
    assert written["confidence"] == pytest.approx(values[0], abs=6e-7)
    assert written["probabilities"] == pytest.approx(values, abs=6e-7)


@given(st.text(st.characters(codec="utf-8", exclude_characters="\0")))
def test_csv_reads_back(name: str) -> None:
    to_write = make_format("csv", CLASSES)
    lines = [
        to_write.header,
        *(to_write.line(Result(name, one)) for one in (seen(), BLANK, FAILURE)),
    ]
    first, blank, failed = csv.DictReader(io.StringIO("\n".join(lines), newline=""))
    assert first == {
        "source": name,
        "label": "3",
        "confidence": "0.750000",
        "rejected": "false",
        "error": "",
        "message": "",
        "p_0": "0.200000",
        'p_say "ß"': "0.050000",
        "p_3": "0.750000",
    }
    assert (blank["label"], blank["confidence"], blank["rejected"]) == ("", "0.000000", "true")
    assert (failed["error"], failed["message"], failed["p_3"]) == ("damaged", 'it is "bad"', "")


def test_table_lines_stand_in_columns() -> None:
    table = make_format("table", CLASSES)
    lines = [
        table.header,
        table.line(Result("a.png", seen())),
        table.line(Result("b.png", seen(rejected=True))),
        table.line(Result("c.png", BLANK)),
        table.line(Result("d.png", FAILURE)),
    ]
    assert lines == [
        "   label  confidence  source",
        "       3     75.00 %  a.png",
        "      3?     75.00 %  b.png  (in doubt)",
        "       -           -  c.png  (no ink)",
        '   error              d.png  (it is "bad")',
    ]


def test_table_lets_no_name_steer_the_terminal() -> None:
    line = make_format("table", CLASSES).line(Result("\x1b[2J\n\udcff.png", seen()))
    assert line.endswith("\\x1b[2J\\n\\udcff.png")


def test_unknown_format_is_a_usage_error() -> None:
    with pytest.raises(UsageError, match="table, jsonl, csv, found 'xml'"):
        make_format("xml", CLASSES)
