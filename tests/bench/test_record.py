from __future__ import annotations

import json
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest
from bench_records import measurement, record

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
    odd = measurement(1e-6, parts={"µ\u2028": 1e300})
    made = record(odd, doubts=(Doubt(code="x", message="\0\n\N{DIGIT THREE}"),))
    assert Record.from_json(made.to_json()) == made


def test_record_of_a_later_minor_version_is_read(full: Record) -> None:
    document = json.loads(full.to_json())
    document["host"]["mood"] = "good"
    assert Record.from_json(json.dumps(document)) == full


@pytest.mark.parametrize(
    ("content", "code", "words"),
    [
        (None, "unreadable", "No such file"),
        (b"\xff\xfe\x00", None, "it is not text"),
        (b"", "not_json", "is not JSON"),
        (b"[1, 2]", "foreign", "has no schema_version"),
        (b'{"benchmarks": []}', "foreign", "edge-mnist bench --json FILE"),
        (b'{"schema_version": 2}', "version", "upgrade edge-mnist"),
        (b'{"schema_version": 1}', "damaged", "run.json has no created"),
    ],
)
def test_other_files_are_refused(
    tmp_path: Path, content: bytes | None, code: str | None, words: str
) -> None:
    path = tmp_path / "run.json"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(RunError, match=words) as caught:
        Record.read(path)
    assert code in {None, caught.value.code}
    assert str(path) in caught.value.message


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
    document = json.loads(full.to_json())
    parts = [document, document["host"], document["runtime"]]
    parts += [document[part][0] for part in ("models", "measurements", "ratios", "doubts")]
    for part in parts:
        for name, value in list(part.items()):
            part[name] = {"no": "kind"} if name != "metadata" else "text"
            assert name == "parts" or not validator.is_valid(document), name
            del part[name]
            assert not validator.is_valid(document), name
            part[name] = value
    validator.validate(document)
