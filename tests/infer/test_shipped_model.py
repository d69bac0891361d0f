"""The model that ships: small, whole, and able to read."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from edge_infer import Classifier
from edge_infer.shipped import read_shipped_model, shipped_models


@pytest.mark.parametrize("name", shipped_models())
def test_shipped_model_is_small_and_describes_itself(name: str) -> None:
    assert len(read_shipped_model(name)) <= 100_000
    metadata = Classifier.load(name).metadata
    assert metadata.preset == name
    assert metadata.precision == "int8"
    assert metadata.class_names == tuple("0123456789")
    assert metadata.test_accuracy.n == 10_000
    assert metadata.test_accuracy.fraction >= 0.9955


def test_shipped_model_reads_a_drawn_digit(draw_digit) -> None:
    classifier = Classifier.load()
    read = [classifier.classify(draw_digit(label)).label for label in "0123456789"]
    assert sum(a == b for a, b in zip(read, "0123456789", strict=True)) >= 9


def test_shipped_model_keeps_its_accuracy_on_mnist() -> None:
    if "EDGE_MNIST_DATA" not in os.environ:
        pytest.skip("EDGE_MNIST_DATA is not set: no MNIST to read")
    from edge_train.data import load_dataset

    data = load_dataset(os.environ["EDGE_MNIST_DATA"], notify=lambda message: None)
    classifier = Classifier.load()
    ready = classifier.classify_batch(data.test_images)
    correct = int((ready.class_ids == data.test_labels).sum())
    assert correct == classifier.metadata.test_accuracy.correct
    # As pictures, through the whole of preprocessing, dark on light.
    pictures = [255 - np.pad(image, 6) for image in data.test_images[:1000]]
    as_pictures = [classifier.classify(picture).class_id for picture in pictures]
    assert np.mean(np.array(as_pictures) == data.test_labels[:1000]) >= 0.99


def test_models_folder_holds_nothing_without_a_checksum() -> None:
    import edge_infer

    files = {path.stem for path in (Path(edge_infer.__file__).parent / "models").glob("*.onnx")}
    assert files == set(shipped_models())
