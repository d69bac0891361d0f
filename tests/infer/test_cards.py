"""The JSON of a model card, and what is refused."""

import json
from collections.abc import Mapping
from dataclasses import MISSING, fields, replace
from typing import Any

import pytest

from edge_infer.errors import ModelError
from edge_infer.model.cards import ModelCard
from edge_infer.model.shipped import read_card

FULL = read_card("nano")
CARD = replace(FULL, macs=None, seeds=None, handwriting=(), latency=None)
REQUIRED = {field.name for field in fields(ModelCard) if field.default is MISSING}


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
    own = card.own_latency
    assert (own.model if own else None) == ("nano" if card.latency else None)


def test_json_has_the_rates_that_follow_from_counts() -> None:
    document = json.loads(CARD.to_json())
    for point in [document["reject"], *document["risk_coverage"]]:
        assert point["coverage"] == point["kept"] / point["n"]
        assert point["risk"] == point["errors"] / point["kept"]
    low, high = document["test_interval_95"]
    assert low < CARD.test_accuracy.fraction < high
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
        ({"risk_coverage__0__errors": 10_001}, "10001 errors in 10000 answers of 10000"),
        ({"test_accuracy__n": 0}, "correct answers of 0"),
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
