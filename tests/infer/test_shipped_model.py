"""The models that ship: small, whole, able to read, and what their cards say."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import numpy as np
import pytest

import edge_infer
from edge_infer import Classifier
from edge_infer.model.metadata import OTHER_CLASS
from edge_infer.model.reliability import COVERAGES
from edge_infer.model.shipped import DEFAULT_MODEL, read_card, read_shipped_model, shipped_models
from edge_infer.page.reader import DEFAULT_PAGE_MODEL

MODELS_FOLDER = Path(edge_infer.__file__).parent / "model" / "files"
MAX_BYTES = {"nano": 16_000, "edge": 80_000, "max": 1_500_000, "page": 80_000}
MIN_ACCURACY = {"nano": 0.994, "edge": 0.9955, "max": 0.9955, "page": 0.985}


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
def test_card_agrees_with_itself(name: str) -> None:
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


@pytest.mark.parametrize("name", shipped_models())
def test_shipped_model_is_calibrated_and_knows_its_doubts(name: str) -> None:
    card = read_card(name)
    (at_one_percent,) = (p for p in card.risk_coverage if abs(p.coverage - 0.99) < 1e-3)
    assert card.calibration_error <= 0.005
    if name != DEFAULT_PAGE_MODEL:
        assert 2 * at_one_percent.errors <= card.test_accuracy.n - card.test_accuracy.correct


def test_default_models_ship() -> None:
    assert {DEFAULT_MODEL, DEFAULT_PAGE_MODEL} <= set(shipped_models())


def test_shipped_model_reads_a_drawn_digit(draw_digit) -> None:
    classifier = Classifier.load()
    read = [classifier.classify(draw_digit(label)).label for label in "0123456789"]
    assert sum(a == b for a, b in zip(read, "0123456789", strict=True)) >= 9


@pytest.mark.parametrize("name", shipped_models())
def test_shipped_model_keeps_its_accuracy_on_mnist(name: str) -> None:
    if "EDGE_MNIST_DATA" not in os.environ:
        pytest.skip("EDGE_MNIST_DATA is not set: no MNIST to read")
    from edge_train.data import load_dataset

    data = load_dataset(os.environ["EDGE_MNIST_DATA"], notify=lambda message: None)
    classifier = Classifier.load(name)
    ready = classifier.classify_batch(data.test_images)
    correct = int((ready.class_ids == data.test_labels).sum())
    assert correct == classifier.metadata.test_accuracy.correct
    # As pictures, through the whole of preprocessing, dark on light.
    pictures = [255 - np.pad(image, 6) for image in data.test_images[:1000]]
    as_pictures = [classifier.classify(picture).class_id for picture in pictures]
    least = 0.98 if name == DEFAULT_PAGE_MODEL else 0.99
    assert np.mean(np.array(as_pictures) == data.test_labels[:1000]) >= least


def test_models_folder_holds_a_file_and_a_card_for_each_checksum_and_no_more() -> None:
    expected = {f"{name}{suffix}" for name in shipped_models() for suffix in (".onnx", ".json")}
    assert {path.name for path in MODELS_FOLDER.iterdir()} == expected | {"sha256.json"}
