"""The JSON inside a model file."""

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_infer.errors import ModelError
from edge_infer.model.metadata import Accuracy, ModelMetadata, check_class_names

ACCURACIES = st.integers(1, 10**6).flatmap(
    lambda n: st.builds(Accuracy, correct=st.integers(0, n), n=st.just(n))
)
TEXTS = st.text(st.characters(codec="utf-8"))
METADATA = st.builds(
    ModelMetadata,
    class_names=st.lists(
        st.text(st.characters(codec="utf-8"), min_size=1, max_size=8),
        min_size=2,
        max_size=100,
        unique=True,
    ).map(tuple),
    preset=TEXTS,
    precision=st.sampled_from(["float32", "int8"]),
    reject_threshold=st.floats(0, 1),
    temperature=st.floats(0.01, 100),
    data=TEXTS,
    data_sha256=TEXTS,
    seed=st.integers(0, 2**63),
    epochs=st.integers(0, 1000),
    validation_accuracy_keras=ACCURACIES,
    validation_accuracy=ACCURACIES,
    test_accuracy_keras=ACCURACIES,
    test_accuracy=ACCURACIES,
    parameters=st.integers(0, 10**9),
    versions=st.dictionaries(TEXTS, TEXTS, max_size=4),
    licence=TEXTS,
    preprocessing_version=st.just(1),
    format_version=st.just(1),
    weight_bits=st.sampled_from([4, 8]),
)
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)


@pytest.fixture
def metadata(tiny_model_script) -> ModelMetadata:
    return tiny_model_script._metadata()


@given(METADATA)
def test_metadata_survives_the_round_trip(metadata: ModelMetadata) -> None:
    assert ModelMetadata.from_json(metadata.to_json()) == metadata


def test_unknown_fields_are_ignored(metadata: ModelMetadata) -> None:
    document = json.loads(metadata.to_json()) | {"mood": "sunny"}
    assert ModelMetadata.from_json(json.dumps(document)) == metadata


def test_weight_bits_are_written_only_where_they_are_not_the_usual(metadata: ModelMetadata) -> None:
    assert metadata.weight_bits == 8
    assert "weight_bits" not in json.loads(metadata.to_json())
    assert json.loads(replace(metadata, weight_bits=4).to_json())["weight_bits"] == 4


@pytest.mark.parametrize("field", ["format_version", "preprocessing_version"])
def test_other_version_is_refused_by_name(metadata: ModelMetadata, field: str) -> None:
    document = json.loads(metadata.to_json()) | {field: 2}
    with pytest.raises(ModelError, match=rf"{field} 2.*upgrade edge-mnist"):
        ModelMetadata.from_json(json.dumps(document))


@given(st.data())
def test_missing_field_is_refused(data: st.DataObject) -> None:
    document = json.loads(data.draw(METADATA).to_json())
    defaults = {"format_version", "preprocessing_version", "weight_bits"}
    missing = data.draw(st.sampled_from(sorted(document.keys() - defaults)))
    del document[missing]
    with pytest.raises(ModelError, match=missing):
        ModelMetadata.from_json(json.dumps(document))


@pytest.mark.parametrize("field", ["seed", "epochs", "parameters"])
def test_negative_number_is_refused(metadata: ModelMetadata, field: str) -> None:
    document = json.loads(metadata.to_json()) | {field: -1}
    with pytest.raises(ModelError, match=f"{field} must be 0 or more, found -1"):
        ModelMetadata.from_json(json.dumps(document))


@given(st.data())
def test_field_of_any_kind_is_read_or_refused(data: st.DataObject) -> None:
    document = json.loads(data.draw(METADATA).to_json())
    field = data.draw(st.sampled_from(sorted(document)))
    document[field] = data.draw(JSON_VALUES)
    try:
        metadata = ModelMetadata.from_json(json.dumps(document))
    except ModelError:
        return
    # What is let in works: names are text, shares are numbers.
    assert all(isinstance(name, str) for name in metadata.class_names)
    assert 0 <= metadata.test_accuracy.fraction <= 1
    assert 0 <= metadata.reject_threshold <= 1
    assert isinstance(metadata.preset + metadata.licence, str)
    assert metadata.seed + metadata.parameters >= 0


@given(st.text() | st.from_regex(r"[\[\{]{0,30}"))
def test_text_that_is_no_metadata_is_refused(text: str) -> None:
    with pytest.raises(ModelError):
        ModelMetadata.from_json(text)


@pytest.mark.parametrize("text", ["[]", "null", "1", '"text"', "{}", "[" * 100_000])
def test_json_of_another_shape_is_refused(text: str) -> None:
    with pytest.raises(ModelError):
        ModelMetadata.from_json(text)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"precision": "float16"}, "precision"),
        ({"weight_bits": 5}, "weight_bits must be one of .*, found 5"),
        ({"reject_threshold": 1.5}, "reject_threshold"),
        ({"reject_threshold": float("nan")}, "reject_threshold"),
        ({"class_names": ("0",)}, "2-100 classes, found 1"),
        ({"class_names": ("0", "0")}, "different"),
        ({"class_names": ("0", "")}, "not empty"),
    ],
)
def test_values_out_of_range_are_refused(metadata, changes, message) -> None:
    with pytest.raises(ModelError, match=message):
        replace(metadata, **changes)


def test_class_names_may_be_a_hundred_and_no_more() -> None:
    check_class_names(tuple(map(str, range(100))))
    with pytest.raises(ModelError, match="found 101"):
        check_class_names(tuple(map(str, range(101))))
