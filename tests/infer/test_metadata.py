"""The metadata of a model file."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_infer import Classifier
from edge_infer.errors import ModelError
from edge_infer.model.metadata import Accuracy, ModelMetadata

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
def metadata(tiny_model_path: Path) -> ModelMetadata:
    return Classifier.load(tiny_model_path).metadata


@given(METADATA)
def test_metadata_survives_the_round_trip(metadata: ModelMetadata) -> None:
    document = json.loads(metadata.to_json())
    # Files without 4-bit weights keep the bytes that they had before the field existed.
    assert ("weight_bits" in document) == (metadata.weight_bits == 4)
    assert ModelMetadata.from_json(json.dumps(document | {"mood": "sunny"})) == metadata


@pytest.mark.parametrize("field", ["format_version", "preprocessing_version"])
def test_other_version_is_refused_by_name(metadata: ModelMetadata, field: str) -> None:
    document = json.loads(metadata.to_json()) | {field: 2}
    with pytest.raises(ModelError, match=rf"{field} 2.*upgrade edge-mnist"):
        ModelMetadata.from_json(json.dumps(document))


def test_missing_field_is_refused_by_name(metadata: ModelMetadata) -> None:
    document = json.loads(metadata.to_json())
    for field in document:
        rest = {name: value for name, value in document.items() if name != field}
        with pytest.raises(ModelError, match=field):
            ModelMetadata.from_json(json.dumps(rest))


@given(st.data())
def test_field_of_any_type_is_read_or_refused(data: st.DataObject) -> None:
    document = json.loads(data.draw(METADATA).to_json())
    field = data.draw(st.sampled_from(sorted(document)))
    document[field] = data.draw(JSON_VALUES)
    try:
        metadata = ModelMetadata.from_json(json.dumps(document))
    except ModelError:
        return
    assert all(isinstance(name, str) for name in metadata.class_names)
    assert 0 <= metadata.test_accuracy.fraction <= 1
    assert 0 <= metadata.reject_threshold <= 1
    assert isinstance(metadata.preset + metadata.licence, str)
    assert metadata.seed + metadata.parameters >= 0


@given(st.text() | st.from_regex(r"[\[\{]{0,30}") | st.sampled_from(["null", "1", "[" * 10**5]))
def test_text_that_is_no_metadata_is_refused(text: str) -> None:
    with pytest.raises(ModelError):
        ModelMetadata.from_json(text)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"precision": "float16"}, "precision"),
        ({"weight_bits": 5}, "weight_bits must be one of .*, found 5"),
        ({"reject_threshold": 1.5}, "reject_threshold"),
        ({"reject_threshold": float("nan")}, "reject_threshold"),
        ({"seed": -1}, "seed must be 0 or more, found -1"),
        ({"epochs": -1}, "epochs must be 0 or more, found -1"),
        ({"class_names": ("0",)}, "2-100 classes, found 1"),
        ({"class_names": tuple(map(str, range(101)))}, "2-100 classes, found 101"),
        ({"class_names": ("0", "0")}, "different"),
        ({"class_names": ("0", "")}, "not empty"),
    ],
)
def test_values_out_of_range_are_refused(metadata, changes, message: str) -> None:
    with pytest.raises(ModelError, match=message):
        replace(metadata, **changes)
