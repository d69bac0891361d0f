"""The JSON of a model card, and what is refused."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

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

REQUIRED: dict[str, Any] = {
    "name": "nano",
    "summary": "the smallest",
    "commands": ("edge-mnist train",),
    "trained_on": TrainedOn(data="mnist", sha256="ab", images=55_000),
    "parameters": 10_000,
    "size_bytes": 11_000,
    "sha256": "cd",
    "test_accuracy": Accuracy(correct=99, n=100),
    "validation_accuracy": Accuracy(correct=49, n=50),
    "calibration_error": 0.001,
    "reject": RiskPoint(threshold=0.8, n=100, kept=98, errors=0),
    "risk_coverage": (RiskPoint(threshold=0.5, n=100, kept=100, errors=1),),
    "not_good_for": ("letters",),
    "licence": "MIT",
}
CARD = ModelCard(**REQUIRED)
FULL = ModelCard(
    **REQUIRED,
    macs=123,
    seeds=SeedSpread(mean=0.99, sd=0.001, seeds=3),
    handwriting=(HandwritingScore(name="größe", correct=1, n=2),),
    latency=Latency(
        machine="a CPU", rows=(LatencyRow(model="nano", p50_us=9.0, p50_us_per_image_64=4.0),)
    ),
)


def changed(**values: Any) -> str:
    """Return the JSON of the card with other values; ``a__b`` is field b of a."""
    document: dict[str, Any] = json.loads(CARD.to_json())
    for name, value in values.items():
        *path, last = name.split("__")
        place = document
        for part in path:
            place = place[int(part) if part.isdigit() else part]
        place[last] = value
    return json.dumps(document)


@pytest.mark.parametrize("card", [CARD, FULL])
def test_card_survives_the_round_trip(card: ModelCard) -> None:
    assert ModelCard.from_json(card.to_json()) == card
    assert card.own_latency == (card.latency.rows[0] if card.latency else None)


def test_json_has_the_rates_that_follow_from_counts() -> None:
    document = json.loads(CARD.to_json())
    assert document["risk_coverage"][0]["risk"] == 0.01
    assert document["reject"]["coverage"] == 0.98
    low, high = document["test_interval_95"]
    assert low < 0.99 < high
    assert document["latency"] is None


@pytest.mark.parametrize("field", sorted(json.loads(CARD.to_json())))
def test_only_required_fields_are_needed(field: str) -> None:
    document = json.loads(CARD.to_json()) | {"mood": "sunny"}
    del document[field]
    if field in {*REQUIRED, "card_version"}:
        with pytest.raises(ModelError, match=field):
            ModelCard.from_json(json.dumps(document))
    else:
        assert ModelCard.from_json(json.dumps(document)) == CARD


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"card_version": 2}, "card_version 2, this program reads 1"),
        ({"name": 7}, "name must be a text, found 7"),
        ({"parameters": True}, "parameters must be a whole number, found True"),
        ({"calibration_error": float("nan")}, "calibration_error must be a number, found nan"),
        ({"commands": ["a", None]}, r"commands\[1\] must be a text, found None"),
        ({"risk_coverage__0__kept": "x"}, r"risk_coverage\[0\].kept must be a whole number"),
        ({"risk_coverage__0__errors": 101}, "101 errors in 100 answers of 100"),
        ({"test_accuracy__n": 0}, "99 correct answers of 0"),
        ({"latency": {"machine": "a CPU"}}, "latency has no rows"),
    ],
)
def test_wrong_value_is_refused_by_its_place(values: Mapping[str, Any], message: str) -> None:
    with pytest.raises(ModelError, match=message):
        ModelCard.from_json(changed(**values))


@pytest.mark.parametrize("text", ["", "[]", "null", "{}", '"card"', "[" * 100_000])
def test_text_that_is_no_card_is_refused(text: str) -> None:
    with pytest.raises(ModelError, match="the model card"):
        ModelCard.from_json(text)
