from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edge_infer.errors import ModelError, UsageError
from edge_infer.glyph.classifier import Classifier
from edge_train.feed import Teacher, teacher_sha256

TINY = Path(__file__).parents[1] / "infer" / "tiny.onnx"
DIGITS = tuple("0123456789")
IMAGES = np.random.default_rng(0).integers(0, 256, (20, 28, 28), np.uint8)


def test_teachers_are_averaged() -> None:
    both = Teacher.load(("edge", str(TINY)), DIGITS).probabilities(IMAGES)
    one, other = (Classifier.load(model).probabilities(IMAGES) for model in ("edge", TINY))
    assert both.dtype == np.float32
    np.testing.assert_allclose(both, (one + other) / 2, atol=1e-6)


def test_temperature_divides_the_logits() -> None:
    plain = Classifier.load("edge").probabilities(IMAGES).astype(np.float64)
    powers = np.exp(np.log(plain) / 3)
    divided = Teacher.load(("edge",), DIGITS).probabilities(IMAGES, 3.0)
    np.testing.assert_allclose(divided, powers / powers.sum(axis=1, keepdims=True), atol=1e-5)


@pytest.mark.parametrize("names", [("a", "b"), ("0", "1", "other")])
def test_teacher_with_other_classes_is_refused(names: tuple[str, ...]) -> None:
    with pytest.raises(UsageError, match=f"the data have {', '.join(names)}"):
        Teacher.load(("edge",), names)


def test_missing_teacher_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="nobody"):
        Teacher.load((str(tmp_path / "nobody.onnx"),), DIGITS)
    with pytest.raises(ModelError, match="did you mean 'edge'"):
        teacher_sha256("egde")


def test_teacher_without_the_class_other_gives_it_nothing() -> None:
    teacher = Teacher.load(("edge", str(TINY)), (*DIGITS, "other"))
    assert teacher.unknown == 10
    wide = teacher.probabilities(IMAGES, 2.0)
    assert wide.shape == (20, 11)
    assert not wide[:, 10].any()
    plain = Teacher.load(("edge", str(TINY)), DIGITS)
    assert plain.unknown is None
    assert (wide[:, :10] == plain.probabilities(IMAGES, 2.0)).all()


def test_class_other_may_be_any_column() -> None:
    classes = ("0", "1", "2", "other", *DIGITS[3:])
    wide = Teacher.load(("edge",), classes).probabilities(IMAGES)
    assert not wide[:, 3].any()
    assert wide.sum(axis=1) == pytest.approx(1, abs=1e-5)
