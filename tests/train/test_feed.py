from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from numpy.typing import NDArray

from edge_train.augment import Augmentation
from edge_train.config import Recipe
from edge_train.feed import EpochFeed
from edge_train.teacher import Teacher

LABELS = np.arange(40, dtype=np.int64)
IMAGES = np.repeat(LABELS.astype(np.uint8), 28 * 28).reshape(-1, 28, 28)
SHIFT = Augmentation(rotation_deg=5, scale=0, shear=0, shift_px=3)


class Oracle:
    """Stands for a classifier: sure of the class that follows the first pixel's value."""

    def probabilities(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        return np.eye(40, dtype=np.float32)[(images[:, 0, 0].astype(int) + 1) % 40]


def feed(
    first_epoch: int = 1,
    *,
    seed: int = 0,
    augmentation: Augmentation | None = SHIFT,
    teacher: Teacher | None = None,
    smoothing: float = 0.0,
) -> EpochFeed:
    recipe = Recipe(
        optimizer="adam",
        learning_rate=1e-3,
        augmentation=augmentation,
        label_smoothing=smoothing,
        teacher_weight=0.75,
        epochs=4,
        batch_size=8,
    )
    return EpochFeed(
        IMAGES,
        LABELS,
        classes=40,
        recipe=recipe,
        teacher=teacher,
        seed=seed,
        first_epoch=first_epoch,
    )


def test_feed_shuffles_images_with_their_targets() -> None:
    with feed(augmentation=None) as epochs:
        epoch = epochs.next_epoch()
    assert (epoch.targets.argmax(axis=1) == epoch.images[:, 0, 0]).all()
    assert set(np.unique(epoch.targets)) == {0.0, 1.0}
    assert sorted(epoch.images[:, 0, 0]) == sorted(LABELS)
    assert not (epoch.images[:, 0, 0] == LABELS).all()


def test_feed_mixes_what_the_teacher_says_of_each_image_into_its_target() -> None:
    teacher = Teacher([Oracle(), Oracle()])  # type: ignore[list-item]
    with feed(augmentation=None, teacher=teacher) as epochs:
        epoch = epochs.next_epoch()
    labels = epoch.images[:, 0, 0].astype(int)
    rows = np.arange(40)
    assert epoch.targets[rows, labels] == pytest.approx(0.25)
    assert epoch.targets[rows, (labels + 1) % 40] == pytest.approx(0.75)
    assert epoch.targets.dtype == np.float32


def test_feed_smooths_labels() -> None:
    with feed(augmentation=None, smoothing=0.2) as epochs:
        epoch = epochs.next_epoch()
    labels = epoch.images[:, 0, 0].astype(int)
    assert epoch.targets.sum(axis=1) == pytest.approx(1)
    assert epoch.targets[np.arange(40), labels] == pytest.approx(0.8 + 0.2 / 40)


def test_feed_begun_later_gives_what_an_undisturbed_one_gives() -> None:
    with feed(1) as whole:
        first, second = whole.next_epoch(), whole.next_epoch()
    with feed(2) as resumed:
        again = resumed.next_epoch()
    assert (again.images == second.images).all()
    assert (again.targets == second.targets).all()
    assert not (first.targets == second.targets).all()


def test_feed_differs_by_seed() -> None:
    with feed(seed=1) as one, feed(seed=2) as two:
        assert not (one.next_epoch().targets == two.next_epoch().targets).all()


def test_feed_without_distortions_costs_next_to_nothing() -> None:
    with feed(augmentation=None) as epochs:
        assert epochs.next_epoch().cpu_s < 0.05


def digit_feed(teacher: Teacher | None = None, *, others: float = 0.5) -> EpochFeed:
    """Forty strokes that stand for digits, and class 10 for what is none."""
    images = np.zeros((40, 28, 28), np.uint8)
    images[:, 4:24, 6:22] = 255
    images[:, 8:20, 10:18] = 0
    recipe = Recipe(
        optimizer="adam",
        learning_rate=1e-3,
        others=others,
        damage=0.5,
        teacher_weight=0.75,
        epochs=3,
        batch_size=8,
    )
    return EpochFeed(
        images, LABELS % 10, classes=11, recipe=recipe, teacher=teacher, seed=0, first_epoch=1
    )


def test_feed_mixes_in_what_is_no_digit() -> None:
    with digit_feed() as epochs:
        first, second = epochs.next_epoch(), epochs.next_epoch()
    assert first.images.shape == (60, 28, 28)
    classes = first.targets.argmax(axis=1)
    assert np.bincount(classes).tolist() == 10 * [4] + [20]
    # Not all at the end.
    assert not (classes[-20:] == 10).all()
    assert first.targets.sum(axis=1) == pytest.approx(1)
    assert not (first.images == second.images).all()
    with digit_feed() as again:
        assert (again.next_epoch().images == first.images).all()


class Sure:
    """Stands for a classifier that is sure of the digit 3, whatever it sees."""

    def __init__(self, class_names: tuple[str, ...]) -> None:
        self.metadata = SimpleNamespace(class_names=class_names)

    def probabilities(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        return np.eye(len(self.metadata.class_names), dtype=np.float32)[np.full(len(images), 3)]


def test_teacher_without_the_class_says_nothing_of_its_pictures() -> None:
    digits = tuple("0123456789")
    one, other = Sure(digits), Sure((*digits, "other"))
    with digit_feed(Teacher([one, other], unknown=10)) as epochs:  # type: ignore[list-item]
        targets = epochs.next_epoch().targets
    made = targets[:, 10] > 0
    assert made.sum() == 20
    assert (targets[made, 10] == 1).all()
    assert (targets[~made, 3] >= 0.75).all()
    with digit_feed(Teacher([other])) as epochs:  # type: ignore[list-item]
        targets = epochs.next_epoch().targets
    assert targets[targets[:, 10] > 0, 3] == pytest.approx(0.75)


def test_feed_damages_without_making_others() -> None:
    with digit_feed(others=0.0) as epochs:
        epoch = epochs.next_epoch()
    assert epoch.images.shape == (40, 28, 28)
    assert len(np.unique(epoch.images, axis=0)) > 20
