from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edge_infer.errors import ModelError, UsageError
from edge_infer.glyph.classifier import Classifier
from edge_train.teacher import Teacher, settle_teacher, teacher_sha256

TINY = Path(__file__).parents[1] / "infer" / "tiny.onnx"
DIGITS = tuple("0123456789")


def test_teachers_are_averaged_over_any_number_of_images() -> None:
    images = np.random.default_rng(0).integers(0, 256, (1203, 28, 28), np.uint8)
    both = Teacher.load(("edge", str(TINY)), DIGITS).probabilities(images)
    one, other = (Classifier.load(model).probabilities(images) for model in ("edge", TINY))
    assert both.dtype == np.float32
    np.testing.assert_allclose(both, (one + other) / 2, atol=1e-6)


def test_teacher_of_other_classes_is_refused() -> None:
    with pytest.raises(
        UsageError, match=r"teacher edge knows the classes 0, 1.*the data have a, b"
    ):
        Teacher.load(("edge",), ("a", "b"))


def test_teacher_that_is_missing_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="nobody"):
        Teacher.load((str(tmp_path / "nobody.onnx"),), DIGITS)


def test_teacher_is_known_by_name_or_whole_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(TINY.parent)
    assert settle_teacher("edge") == "edge"
    assert settle_teacher("tiny.onnx") == str(TINY)
    assert settle_teacher("egde") == "egde"
    with pytest.raises(ModelError, match="did you mean 'edge'"):
        teacher_sha256("egde")
    assert teacher_sha256("edge") != teacher_sha256(str(TINY))


def test_teachers_answer_as_their_logits_divided_by_the_temperature() -> None:
    images = np.random.default_rng(0).integers(0, 256, (20, 28, 28), np.uint8)
    plain = Classifier.load("edge").probabilities(images).astype(np.float64)
    powers = np.exp(np.log(plain) / 3)
    divided = Teacher.load(("edge",), DIGITS).probabilities(images, 3.0)
    np.testing.assert_allclose(divided, powers / powers.sum(axis=1, keepdims=True), atol=1e-5)


def test_teacher_that_lacks_only_the_class_other_gives_it_nothing() -> None:
    images = np.random.default_rng(0).integers(0, 256, (20, 28, 28), np.uint8)
    teacher = Teacher.load(("edge", str(TINY)), (*DIGITS, "other"))
    assert teacher.unknown == 10
    wide = teacher.probabilities(images, 2.0)
    assert wide.shape == (20, 11)
    assert not wide[:, 10].any()
    plain = Teacher.load(("edge", str(TINY)), DIGITS)
    assert plain.unknown is None
    assert (wide[:, :10] == plain.probabilities(images, 2.0)).all()


def test_column_of_other_stands_where_the_class_does() -> None:
    images = np.zeros((3, 28, 28), np.uint8)
    classes = ("0", "1", "2", "other", *DIGITS[3:])
    wide = Teacher.load(("edge",), classes).probabilities(images)
    assert not wide[:, 3].any()
    assert wide.sum(axis=1) == pytest.approx(1, abs=1e-5)


def test_teacher_that_lacks_more_is_refused() -> None:
    with pytest.raises(UsageError, match="the data have 0, 1, other"):
        Teacher.load(("edge",), ("0", "1", "other"))
