"""The images and targets of an epoch, the batches that Keras gets, and teachers."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from edge_infer.errors import ModelError, UsageError
from edge_infer.glyph.classifier import Classifier
from edge_train.augment import Augmentation
from edge_train.config import Recipe
from edge_train.feed import EpochImages, EpochMaker, Teacher, teacher_sha256
from edge_train.fit import make_batches

DIGITS = tuple("0123456789")
LABELS = np.arange(40, dtype=np.int64)
IMAGES = np.repeat(LABELS.astype(np.uint8), 28 * 28).reshape(-1, 28, 28)
SHIFT = Augmentation(rotation_deg=5, scale=0, shear=0, shift_px=3)


def feed(
    first_epoch: int = 1,
    *,
    seed: int = 0,
    augmentation: Augmentation | None = SHIFT,
    teacher: Teacher | None = None,
    smoothing: float = 0.0,
) -> Any:
    recipe = Recipe(
        optimizer="adam",
        learning_rate=1e-3,
        augmentation=augmentation,
        label_smoothing=smoothing,
        epochs=4,
        batch_size=8,
    )
    maker = EpochMaker(IMAGES, LABELS, classes=40, recipe=recipe, teacher=teacher, seed=seed)
    return closing(maker.feed(first_epoch))


def page_feed(teacher: Teacher | None = None, *, negatives: float = 0.5, drawn: float = 0.0) -> Any:
    """Forty frames in place of digits, and class 10 for the negatives."""
    images = np.zeros((40, 28, 28), np.uint8)
    images[:, 4:24, 6:22] = 255
    images[:, 8:20, 10:18] = 0
    recipe = Recipe(
        optimizer="adam",
        learning_rate=1e-3,
        negatives=negatives,
        degradations=0.5,
        drawn=drawn,
        epochs=3,
        batch_size=8,
    )
    maker = EpochMaker(images, LABELS % 10, classes=11, recipe=recipe, teacher=teacher, seed=0)
    return closing(maker.feed(1))


class NextClass:
    """A classifier that answers the class after the value of the first pixel."""

    metadata = SimpleNamespace(class_names=DIGITS)

    def probabilities(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        return np.eye(40, dtype=np.float32)[(images[:, 0, 0].astype(int) + 1) % 40]


class Three:
    """A classifier that always answers the digit 3."""

    def __init__(self, class_names: tuple[str, ...]) -> None:
        self.metadata = SimpleNamespace(class_names=class_names)

    def probabilities(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        return np.eye(len(self.metadata.class_names), dtype=np.float32)[np.full(len(images), 3)]


def test_feed_shuffles_images_with_their_targets() -> None:
    with feed(augmentation=None) as epochs:
        epoch = next(epochs)
    assert (epoch.targets.argmax(axis=1) == epoch.images[:, 0, 0]).all()
    assert set(np.unique(epoch.targets)) == {0.0, 1.0}
    assert sorted(epoch.images[:, 0, 0]) == sorted(LABELS)
    assert not (epoch.images[:, 0, 0] == LABELS).all()


def test_targets_are_the_answers_of_the_teacher() -> None:
    teacher = Teacher([NextClass()])  # type: ignore[list-item]
    with feed(augmentation=None, teacher=teacher, smoothing=0.2) as epochs:
        epoch = next(epochs)
    assert (epoch.targets == NextClass().probabilities(epoch.images)).all()
    assert epoch.targets.dtype == np.float32


def test_labels_are_smoothed() -> None:
    with feed(augmentation=None, smoothing=0.2) as epochs:
        epoch = next(epochs)
    labels = epoch.images[:, 0, 0].astype(int)
    assert epoch.targets.sum(axis=1) == pytest.approx(1)
    assert epoch.targets[np.arange(40), labels] == pytest.approx(0.8 + 0.2 / 40)


def test_feed_from_a_later_epoch_gives_the_same_images() -> None:
    with feed(1) as whole:
        first, second = next(whole), next(whole)
    with feed(2) as resumed:
        again = next(resumed)
    assert (again.images == second.images).all()
    assert (again.targets == second.targets).all()
    assert not (first.targets == second.targets).all()
    with feed(1, seed=1) as other:
        assert not (next(other).targets == first.targets).all()


def test_negatives_are_shuffled_among_the_digits() -> None:
    with page_feed() as epochs:
        first, second = next(epochs), next(epochs)
    assert first.images.shape == (60, 28, 28)
    classes = first.targets.argmax(axis=1)
    assert np.bincount(classes).tolist() == 10 * [4] + [20]
    assert not (classes[-20:] == 10).all()
    assert first.targets.sum(axis=1) == pytest.approx(1)
    assert not (first.images == second.images).all()
    with page_feed() as again:
        assert (next(again).images == first.images).all()


def test_teacher_without_the_class_of_negatives_gives_no_targets_for_them() -> None:
    digits, wide = Three(DIGITS), Three((*DIGITS, "other"))
    with page_feed(Teacher([digits, wide], unknown=10)) as epochs:  # type: ignore[list-item]
        targets = next(epochs).targets
    negatives = targets[:, 10] > 0
    assert negatives.sum() == 20
    assert (targets[negatives, 10] == 1).all()
    assert (targets[~negatives, 3] == 1).all()
    with page_feed(Teacher([wide])) as epochs:  # type: ignore[list-item]
        assert (next(epochs).targets[:, 3] == 1).all()


@pytest.mark.parametrize("drawn", [0.0, 1.0])
def test_digits_are_degraded_and_drawn(drawn: float) -> None:
    with page_feed(negatives=0.0, drawn=drawn) as epochs:
        epoch = next(epochs)
    assert epoch.images.shape == (40, 28, 28)
    assert np.bincount(epoch.targets.argmax(axis=1)).tolist() == 10 * [4]
    # All frames are equal before.
    assert len(np.unique(epoch.images, axis=0)) > 20


def test_batches_keep_the_order_and_the_remainder() -> None:
    images = np.arange(7, dtype=np.uint8)[:, None, None] * np.ones((1, 28, 28), np.uint8)
    targets = np.eye(7, dtype=np.float32)
    batches = make_batches(EpochImages(images, targets, cpu_s=0.0), 3)
    parts = list(batches)
    assert [int(part.shape[0]) for part, _ in parts] == [3, 3, 1]
    assert np.array_equal(np.concatenate([part for part, _ in parts]), images)
    assert np.array_equal(np.concatenate([part for _, part in parts]), targets)
    # Keras would wait for the sleeping thread of autotuning at the end of every epoch.
    assert batches.options().autotune.enabled is False


TINY = Path(__file__).parents[1] / "infer" / "tiny.onnx"
NOISE = np.random.default_rng(0).integers(0, 256, (20, 28, 28), np.uint8)


def test_teachers_are_averaged() -> None:
    both = Teacher.load(("edge", str(TINY)), DIGITS).probabilities(NOISE)
    one, other = (Classifier.load(model).probabilities(NOISE) for model in ("edge", TINY))
    assert both.dtype == np.float32
    np.testing.assert_allclose(both, (one + other) / 2, atol=1e-6)


def test_temperature_divides_the_logits() -> None:
    plain = Classifier.load("edge").probabilities(NOISE).astype(np.float64)
    powers = np.exp(np.log(plain) / 3)
    divided = Teacher.load(("edge",), DIGITS).probabilities(NOISE, 3.0)
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


def test_narrow_teacher_gives_the_class_other_nothing() -> None:
    teacher = Teacher.load(("edge", str(TINY)), (*DIGITS, "other"))
    assert teacher.unknown == 10
    wide = teacher.probabilities(NOISE, 2.0)
    assert wide.shape == (20, 11)
    assert not wide[:, 10].any()
    plain = Teacher.load(("edge", str(TINY)), DIGITS)
    assert plain.unknown is None
    assert (wide[:, :10] == plain.probabilities(NOISE, 2.0)).all()


def test_class_other_may_be_any_column() -> None:
    classes = ("0", "1", "2", "other", *DIGITS[3:])
    wide = Teacher.load(("edge",), classes).probabilities(NOISE)
    assert not wide[:, 3].any()
    assert wide.sum(axis=1) == pytest.approx(1, abs=1e-5)
