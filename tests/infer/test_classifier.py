"""Recognition of single glyphs."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from edge_infer import Classifier, ImageError, ModelError, UsageError, prepare_digit
from edge_infer.model.metadata import OTHER_CLASS
from edge_infer.model.session import open_model


@pytest.fixture(scope="module")
def classifier(tiny_model_path: Path) -> Classifier:
    return Classifier.load(tiny_model_path)


@pytest.fixture(scope="module")
def tensors(draw_digit) -> np.ndarray:
    return np.stack([prepare_digit(draw_digit(label)) for label in range(10)])


def test_classify_names_the_digit(classifier: Classifier, draw_digit) -> None:
    prediction = classifier.classify(draw_digit(7))
    assert (prediction.label, prediction.class_id) == ("7", 7)
    assert prediction.confidence == prediction.probabilities[7] > 0.9
    assert prediction.probabilities.sum() == pytest.approx(1, abs=1e-6)
    assert not prediction.rejected


def test_empty_picture_has_no_label(classifier: Classifier) -> None:
    prediction = classifier.classify(np.full((40, 40, 3), 200, np.uint8))
    assert (prediction.label, prediction.class_id, prediction.confidence) == (None, None, 0.0)
    assert prediction.rejected
    assert not prediction.probabilities.any()


def test_answer_under_the_threshold_is_rejected(classifier: Classifier, draw_digit) -> None:
    mirrored = np.ascontiguousarray(draw_digit(2)[:, ::-1])
    prediction = classifier.classify(mirrored)
    assert prediction.confidence < classifier.metadata.reject_threshold
    assert prediction.rejected
    assert prediction.label is not None


def test_answer_of_the_class_other_is_rejected(
    tiny_model_path: Path, draw_digit, tensors: np.ndarray
) -> None:
    opened = open_model(tiny_model_path.read_bytes(), "tiny")
    names = ("0", "1", "2", OTHER_CLASS, *"456789")
    classifier = Classifier(replace(opened, metadata=replace(opened.metadata, class_names=names)))
    prediction = classifier.classify(draw_digit(3))
    assert (prediction.label, prediction.rejected) == ("other", True)
    assert prediction.confidence > classifier.metadata.reject_threshold
    assert not classifier.classify(draw_digit(4)).rejected
    batch = classifier.classify_batch(tensors)
    assert batch.rejected.tolist() == [label == "other" for label in names]
    assert batch.labels == names


def test_classify_batch_agrees_with_classify(classifier, draw_digit, tensors) -> None:
    batch = classifier.classify_batch(tensors)
    single = [classifier.classify(draw_digit(label)) for label in range(10)]
    assert batch.labels == tuple("0123456789")
    assert batch.class_ids.tolist() == list(range(10))
    np.testing.assert_allclose(
        batch.probabilities, [one.probabilities for one in single], atol=1e-6
    )
    np.testing.assert_array_equal(batch.confidences, batch.probabilities.max(axis=1))
    assert not batch.rejected.any()
    assert classifier.classify_batch(tensors[:0]).probabilities.shape == (0, 10)


def test_classify_batch_takes_any_memory_layout(classifier: Classifier, tensors) -> None:
    wide = np.zeros((20, 28, 56), np.uint8)
    wide[::2, :, ::2] = tensors
    batch = classifier.classify_batch(wide[::2, :, ::2])
    assert batch.labels == tuple("0123456789")
    assert classifier.classify_batch(tensors[::-1]).labels == tuple("9876543210")


@pytest.mark.parametrize(
    ("images", "code"),
    [
        (np.zeros((2, 28, 28), np.float32), "wrong_dtype"),
        (np.zeros((28, 28), np.uint8), "wrong_shape"),
        (np.zeros((2, 32, 32), np.uint8), "wrong_shape"),
        (np.zeros((2, 28, 28, 1), np.uint8), "wrong_shape"),
    ],
)
def test_classify_batch_refuses_other_arrays(classifier, images, code) -> None:
    with pytest.raises(ImageError) as caught:
        classifier.classify_batch(images)
    assert caught.value.code == code


def test_predictions_keep_their_order_around_blanks(classifier: Classifier, tensors) -> None:
    predictions = classifier.predictions([None, tensors[3], None, tensors[5], None])
    assert [prediction.label for prediction in predictions] == [None, "3", None, "5", None]
    assert [p.label for p in classifier.predictions([None, None])] == [None, None]
    assert classifier.predictions([]) == []


@pytest.mark.parametrize("kind", [Path, str])
def test_missing_file_is_a_model_error(tmp_path: Path, kind) -> None:
    with pytest.raises(ModelError):
        Classifier.load(kind(tmp_path / "none.onnx"))


@pytest.mark.parametrize("threads", [0, 257, 10**12])
def test_invalid_threads_are_a_usage_error(tiny_model_path, threads: int) -> None:
    with pytest.raises(UsageError, match="threads must lie in 1-256"):
        Classifier.load(tiny_model_path, threads=threads)
