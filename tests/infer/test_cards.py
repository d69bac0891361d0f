"""The model card: its JSON, and what is refused."""

import json
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_infer.errors import ModelError
from edge_infer.model.cards import (
    HandwritingScore,
    Latency,
    LatencyRow,
    ModelCard,
    SeedSpread,
    TrainedOn,
)
from edge_infer.model.metadata import Accuracy
from edge_infer.model.reliability import RiskPoint

TEXTS = st.text(st.characters(codec="utf-8"), max_size=20)
COUNTS = st.integers(0, 10**9)
SHARES = st.floats(0, 1)
ACCURACIES = st.integers(1, 10**6).flatmap(
    lambda n: st.builds(Accuracy, correct=st.integers(0, n), n=st.just(n))
)
POINTS = st.tuples(st.integers(1, 99), st.integers(0, 99), st.integers(0, 99), SHARES).map(
    lambda t: RiskPoint(n=t[0] + 198, kept=t[1] + t[2], errors=t[2], threshold=t[3])
)
SCORES = st.builds(HandwritingScore, name=TEXTS, correct=COUNTS, n=COUNTS)
ROWS = st.builds(LatencyRow, model=TEXTS, p50_us=SHARES, p50_us_per_image_64=SHARES)
CARDS = st.builds(
    ModelCard,
    name=TEXTS,
    summary=TEXTS,
    commands=st.lists(TEXTS, max_size=2).map(tuple),
    trained_on=st.builds(TrainedOn, data=TEXTS, sha256=TEXTS, images=COUNTS),
    parameters=COUNTS,
    macs=st.none() | COUNTS,
    size_bytes=COUNTS,
    sha256=TEXTS,
    test_accuracy=ACCURACIES,
    validation_accuracy=ACCURACIES,
    seeds=st.none() | st.builds(SeedSpread, mean=SHARES, sd=SHARES, seeds=st.integers(2, 9)),
    calibration_error=SHARES,
    reject=POINTS,
    risk_coverage=st.lists(POINTS, max_size=3).map(tuple),
    handwriting=st.lists(SCORES, max_size=2).map(tuple),
    latency=st.none()
    | st.builds(Latency, machine=TEXTS, rows=st.lists(ROWS, max_size=3).map(tuple)),
    not_good_for=st.lists(TEXTS, max_size=2).map(tuple),
    licence=TEXTS,
    card_version=st.just(1),
)
OPTIONAL = {"formerly", "macs", "seeds", "handwriting", "latency"}
DERIVED = {"test_interval_95"}
CARD = ModelCard(
    name="nano",
    summary="the smallest",
    commands=("edge-mnist train",),
    trained_on=TrainedOn(data="mnist", sha256="ab", images=55_000),
    parameters=10_000,
    size_bytes=11_000,
    sha256="cd",
    test_accuracy=Accuracy(correct=99, n=100),
    validation_accuracy=Accuracy(correct=49, n=50),
    calibration_error=0.001,
    reject=RiskPoint(threshold=0.8, n=100, kept=98, errors=0),
    risk_coverage=(RiskPoint(threshold=0.5, n=100, kept=100, errors=1),),
    not_good_for=("letters",),
    licence="MIT",
)


def changed(**values: Any) -> str:
    """The card's JSON with other values; a name with a dot goes into an object."""
    document: dict[str, Any] = json.loads(CARD.to_json())
    for name, value in values.items():
        *path, last = name.split("__")
        place = document
        for part in path:
            place = place[int(part) if part.isdigit() else part]
        place[last] = value
    return json.dumps(document)


@given(CARDS)
def test_card_survives_the_round_trip(card: ModelCard) -> None:
    assert ModelCard.from_json(card.to_json()) == card


def test_json_holds_the_shares_that_follow_from_counts() -> None:
    document = json.loads(CARD.to_json())
    assert document["card_version"] == 1
    assert document["risk_coverage"][0]["risk"] == 0.01
    assert document["reject"]["coverage"] == 0.98
    low, high = document["test_interval_95"]
    assert low < 0.99 < high
    assert document["latency"] is None


@pytest.mark.parametrize("field", sorted(set(json.loads(CARD.to_json())) - OPTIONAL - DERIVED))
def test_missing_field_is_refused_by_name(field: str) -> None:
    document = json.loads(CARD.to_json())
    del document[field]
    with pytest.raises(ModelError, match=field):
        ModelCard.from_json(json.dumps(document))


@pytest.mark.parametrize("field", sorted(OPTIONAL | DERIVED))
def test_field_that_need_not_be_known_may_be_missing(field: str) -> None:
    document = json.loads(CARD.to_json())
    del document[field]
    assert ModelCard.from_json(json.dumps(document)) == CARD


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"card_version": 2}, "card_version 2, this program reads 1"),
        ({"name": 7}, "name must be a text, found 7"),
        ({"parameters": 1.5}, "parameters must be a whole number, found 1.5"),
        ({"parameters": True}, "parameters must be a whole number, found True"),
        ({"calibration_error": "low"}, "calibration_error must be a number, found 'low'"),
        ({"calibration_error": float("nan")}, "calibration_error must be a number, found nan"),
        ({"commands": "edge-mnist train"}, "commands must be a list"),
        ({"commands": ["a", None]}, r"commands\[1\] must be a text, found None"),
        ({"trained_on": []}, "trained_on must be an object"),
        ({"risk_coverage__0__kept": "x"}, r"risk_coverage\[0\].kept must be a whole number"),
        ({"risk_coverage__0__errors": 101}, "101 errors in 100 answers of 100"),
        ({"test_accuracy__n": 0}, "99 correct answers of 0"),
        ({"latency": {"machine": "a CPU"}}, "latency has no rows"),
    ],
)
def test_wrong_kind_is_refused_by_place(values: Mapping[str, Any], message: str) -> None:
    with pytest.raises(ModelError, match=message):
        ModelCard.from_json(changed(**values))


@pytest.mark.parametrize("text", ["", "[]", "null", "{}", '"card"', "[" * 100_000])
def test_text_that_is_no_card_is_refused(text: str) -> None:
    with pytest.raises(ModelError, match="the model card"):
        ModelCard.from_json(text)


def test_unknown_fields_are_ignored() -> None:
    assert ModelCard.from_json(changed(mood="sunny")) == CARD


def test_own_latency_is_the_row_of_that_name() -> None:
    rows = [{"model": name, "p50_us": 9.0, "p50_us_per_image_64": 4} for name in ("edge", "nano")]
    card = ModelCard.from_json(changed(latency={"machine": "a CPU", "rows": rows}))
    assert card.own_latency == LatencyRow(model="nano", p50_us=9.0, p50_us_per_image_64=4.0)
    assert CARD.own_latency is None
