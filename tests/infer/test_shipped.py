"""The models inside the package, their checksums and their cards."""

import hashlib
import json
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from edge_infer import Classifier, ModelError
from edge_infer.model import shipped
from edge_infer.model.metadata import OTHER_CLASS
from edge_infer.model.reliability import COVERAGES
from edge_infer.model.shipped import (
    DEFAULT_MODEL,
    MODELS_FOLDER,
    read_card,
    read_shipped_model,
    shipped_models,
)
from edge_infer.page.reader import DEFAULT_PAGE_MODEL

MAX_BYTES = {"nano": 16_000, "edge": 80_000, "page": 80_000}
MIN_ACCURACY = {"nano": 0.994, "edge": 0.9955, "page": 0.985}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch, tiny_model_path: Path) -> Path:
    """A folder with one shipped model, the tiny one, instead of that of the package."""
    data = tiny_model_path.read_bytes()
    sha256 = hashlib.sha256(data).hexdigest()
    card = replace(read_card("edge"), sha256=sha256)
    (tmp_path / "edge.onnx").write_bytes(data)
    (tmp_path / "edge.json").write_text(card.to_json(), encoding="utf-8")
    (tmp_path / "sha256.json").write_text(json.dumps({"edge": sha256}))
    monkeypatch.setattr(shipped, "MODELS_FOLDER", tmp_path)
    return tmp_path


def test_shipped_model_is_the_default_and_has_a_name(folder: Path) -> None:
    assert shipped_models() == ("edge",)
    assert Classifier.load().metadata.preset == "tiny"
    assert Classifier.load("edge").metadata.preset == "tiny"
    assert read_card("edge").name == "edge"


def test_changed_model_is_refused(folder: Path) -> None:
    path = folder / "edge.onnx"
    path.write_bytes(path.read_bytes() + b"\0")
    with pytest.raises(ModelError, match="SHA-256.*install edge-mnist again") as caught:
        Classifier.load()
    assert caught.value.code == "damaged"


@pytest.mark.parametrize("name", ["edge.onnx", "edge.json", "sha256.json"])
def test_missing_file_of_the_package_is_named(folder: Path, name: str) -> None:
    (folder / name).unlink()
    with pytest.raises(ModelError, match=f"{name} is missing from the installed package"):
        read_card("edge") if name == "edge.json" else Classifier.load()


@pytest.mark.parametrize("field", ["name", "sha256"])
def test_card_of_another_file_is_refused(folder: Path, field: str) -> None:
    path = folder / "edge.json"
    document = json.loads(path.read_text(encoding="utf-8")) | {field: "nano"}
    path.write_text(json.dumps(document), encoding="utf-8")
    with pytest.raises(ModelError, match=r"edge\.json is the card of another file") as caught:
        read_card("edge")
    assert caught.value.code == "damaged"


@pytest.mark.parametrize("read", [read_shipped_model, read_card, Classifier.load])
def test_unknown_name_suggests_the_closest(folder: Path, read) -> None:
    with pytest.raises(ModelError, match="'edje'.*did you mean 'edge'") as caught:
        read("edje")
    assert caught.value.code == "not_found"
    with pytest.raises(ModelError, match=r"'zebra'.*: edge;"):
        read("zebra")


@pytest.mark.parametrize("name", shipped_models())
def test_shipped_model_is_small_and_describes_itself(name: str) -> None:
    assert len(read_shipped_model(name)) <= MAX_BYTES[name]
    metadata = Classifier.load(name).metadata
    assert metadata.preset == name
    assert metadata.precision == "int8"
    other = (OTHER_CLASS,) if name == DEFAULT_PAGE_MODEL else ()
    assert metadata.class_names == (*"0123456789", *other)
    assert metadata.test_accuracy.n == 10_000
    assert metadata.test_accuracy.fraction >= MIN_ACCURACY[name]


@pytest.mark.parametrize("name", shipped_models())
def test_card_agrees_with_its_file(name: str) -> None:
    card, metadata, data = read_card(name), Classifier.load(name).metadata, read_shipped_model(name)
    assert (card.size_bytes, card.sha256) == (len(data), hashlib.sha256(data).hexdigest())
    assert (card.name, card.parameters) == (metadata.preset, metadata.parameters)
    assert (card.trained_on.data, card.trained_on.sha256) == (metadata.data, metadata.data_sha256)
    assert card.test_accuracy == metadata.test_accuracy
    assert card.validation_accuracy == metadata.validation_accuracy
    assert card.reject.threshold == metadata.reject_threshold
    assert card.licence == metadata.licence


@pytest.mark.parametrize("name", shipped_models())
def test_card_is_consistent_and_the_model_calibrated(name: str) -> None:
    card = read_card(name)
    errors = card.test_accuracy.n - card.test_accuracy.correct
    everything, *others = card.risk_coverage
    assert (everything.n, everything.kept) == (card.test_accuracy.n, card.test_accuracy.n)
    assert everything.errors == errors
    assert [point.coverage for point in card.risk_coverage] == pytest.approx(COVERAGES, abs=1e-3)
    assert all(point.errors <= errors for point in others)
    assert card.commands
    assert card.not_good_for
    assert "\n" not in card.summary
    assert card.calibration_error <= 0.005
    if name != DEFAULT_PAGE_MODEL:
        at_one_percent = card.risk_coverage[COVERAGES.index(0.99)]
        assert 2 * at_one_percent.errors <= errors


def test_package_has_a_file_and_a_card_for_each_checksum_and_the_defaults() -> None:
    expected = {f"{name}{suffix}" for name in shipped_models() for suffix in (".onnx", ".json")}
    assert {path.name for path in MODELS_FOLDER.iterdir()} == expected | {"sha256.json"}
    assert {DEFAULT_MODEL, DEFAULT_PAGE_MODEL} <= set(shipped_models())


@pytest.mark.parametrize("name", shipped_models())
def test_shipped_model_has_its_accuracy_on_mnist(name: str) -> None:
    if "EDGE_MNIST_DATA" not in os.environ:
        pytest.skip("EDGE_MNIST_DATA is not set: no MNIST to read")
    from edge_train.data import load_dataset

    data = load_dataset(os.environ["EDGE_MNIST_DATA"], notify=lambda message: None)
    classifier = Classifier.load(name)
    batch = classifier.classify_batch(data.test_images)
    correct = int((batch.class_ids == data.test_labels).sum())
    assert correct == classifier.metadata.test_accuracy.correct
    # As pictures, dark on light, through all of preprocessing.
    pictures = [255 - np.pad(image, 6) for image in data.test_images[:1000]]
    class_ids = [classifier.classify(picture).class_id for picture in pictures]
    least = 0.98 if name == DEFAULT_PAGE_MODEL else 0.99
    assert np.mean(np.array(class_ids) == data.test_labels[:1000]) >= least
