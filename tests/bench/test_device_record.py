from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest
from bench_records import measurement, record
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_bench.record import (
    SCHEMA_PATH,
    SCHEMA_VERSION,
    Doubt,
    Host,
    MeasuredModel,
    Measurement,
    Ratio,
    Record,
    Runtime,
    Temperature,
)
from edge_infer.errors import RunError

PARTS_OF_SCHEMA = {
    "host": Host,
    "runtime": Runtime,
    "model": MeasuredModel,
    "measurement": Measurement,
    "ratio": Ratio,
    "doubt": Doubt,
}


@pytest.fixture
def full() -> Record:
    """A record on which nothing is null or empty."""
    made = record(measurement(), doubts=(Doubt(code="governor", message="powersave"),))
    host = replace(
        made.host, temperature_c=Temperature(before=40.5, after=61.0), throttled=("throttled",)
    )
    model = replace(made.models[0], sha256="0" * 64, metadata={"classes": ["0", 1, None]})
    ratio = Ratio(
        scenario="single", threads=1, batch=1, model="b", baseline="a", ratio=2, low=1.5, high=3
    )
    return replace(made, host=host, models=(model,), ratios=(ratio,))


@pytest.fixture(scope="module")
def schema() -> dict[str, Any]:
    document: dict[str, Any] = json.loads(SCHEMA_PATH.read_text(encoding="utf-8"))
    return document


def test_record_comes_back_as_it_was(full: Record, tmp_path: Path) -> None:
    full.write(tmp_path / "run.json")
    assert Record.read(tmp_path / "run.json") == full
    assert (tmp_path / "run.json").read_text(encoding="utf-8").count("\n") == 1


@settings(max_examples=30, deadline=None)
@given(
    p50_ms=st.floats(1e-6, 1e6),
    parts=st.dictionaries(
        st.text(max_size=5), st.floats(allow_nan=False, allow_infinity=False), max_size=3
    ),
    message=st.text(max_size=20),
)
def test_record_of_any_figures_comes_back(
    p50_ms: float, parts: dict[str, float], message: str
) -> None:
    made = record(measurement(p50_ms, parts=parts), doubts=(Doubt(code="x", message=message),))
    assert Record.from_json(made.to_json()) == made


def test_record_of_a_later_minor_version_is_read(full: Record) -> None:
    document = json.loads(full.to_json())
    document["host"]["mood"] = "good"
    assert Record.from_json(json.dumps(document)) == full


@pytest.mark.parametrize(
    ("text", "code", "words"),
    [
        ("", "not_json", "is not JSON"),
        ("[1, 2]", "foreign", "has no schema_version"),
        ('{"benchmarks": []}', "foreign", "edge-mnist bench --json FILE"),
        ('{"schema_version": 2}', "version", "upgrade edge-mnist"),
        ('{"schema_version": 1}', "damaged", "run.json has no created"),
    ],
)
def test_foreign_files_are_refused_in_words(
    tmp_path: Path, text: str, code: str, words: str
) -> None:
    path = tmp_path / "run.json"
    path.write_text(text)
    with pytest.raises(RunError, match=words) as caught:
        Record.read(path)
    assert caught.value.code == code
    assert str(path) in caught.value.message


def test_files_that_cannot_be_read_are_refused(tmp_path: Path) -> None:
    (tmp_path / "run.json").write_bytes(b"\xff\xfe\x00")
    for name, words in (("none.json", "No such file"), ("run.json", "it is not text")):
        with pytest.raises(RunError, match=words):
            Record.read(tmp_path / name)


@pytest.mark.parametrize(
    ("place", "value", "words"),
    [
        (("runtime", "spinning"), "no", "runtime.spinning must be true or false"),
        (("measurements", 0, "n"), 1.5, r"measurements\[0\].n must be a whole number"),
        (("measurements", 0, "p99_ms"), "quick", "p99_ms must be a number"),
        (("measurements", 0, "parts"), [1], "parts must be an object"),
        (("host", "instructions"), "NEON", "instructions must be a list"),
    ],
)
def test_a_field_of_another_kind_is_named(
    full: Record, place: tuple[Any, ...], value: object, words: str
) -> None:
    document = json.loads(full.to_json())
    holder = document
    for step in place[:-1]:
        holder = holder[step]
    holder[place[-1]] = value
    with pytest.raises(RunError, match=words):
        Record.from_json(json.dumps(document))


def test_schema_names_every_field_and_no_other(schema: dict[str, Any]) -> None:
    assert schema["properties"]["schema_version"] == {"const": SCHEMA_VERSION}
    described = {Record: schema}
    described |= {kind: schema["$defs"][name] for name, kind in PARTS_OF_SCHEMA.items()}
    for kind, part in described.items():
        names = [field.name for field in fields(kind)]
        assert sorted(part["properties"]) == sorted(names), kind
        assert sorted(part["required"]) == sorted(names), kind


def test_schema_accepts_what_is_written(schema: dict[str, Any], full: Record) -> None:
    jsonschema = pytest.importorskip("jsonschema")
    jsonschema.Draft202012Validator.check_schema(schema)
    plain = replace(record(measurement(n=3)), models=full.models)
    for each in (full, plain):
        jsonschema.validate(json.loads(each.to_json()), schema)


def test_schema_refuses_every_field_that_is_missing_or_another(
    schema: dict[str, Any], full: Record
) -> None:
    jsonschema = pytest.importorskip("jsonschema")
    validator = jsonschema.Draft202012Validator(schema)
    for holder, name in _places(json.loads(full.to_json())):
        document = holder()
        part = document
        for step in name[:-1]:
            part = part[step]
        part[name[-1]] = {"no": "kind"} if name[-1] != "metadata" else "text"
        assert name[-1] == "parts" or not validator.is_valid(document), name
        del part[name[-1]]
        assert not validator.is_valid(document), name


def _places(document: dict[str, Any]) -> Iterator[tuple[Any, tuple[Any, ...]]]:
    """Yield what makes a fresh copy, and the path to each field of a record."""
    text = json.dumps(document)
    paths: list[tuple[Any, ...]] = [(name,) for name in document]
    paths += [(part, name) for part in ("host", "runtime") for name in document[part]]
    lists = ("models", "measurements", "ratios", "doubts")
    paths += [(part, 0, name) for part in lists for name in document[part][0]]
    for path in paths:
        yield (lambda: json.loads(text)), path
