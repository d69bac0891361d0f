from __future__ import annotations

import numpy as np

from edge_train.augment import Augmentation
from edge_train.feed import EpochFeed

LABELS = np.arange(40, dtype=np.int64)
IMAGES = np.repeat(LABELS.astype(np.uint8), 28 * 28).reshape(-1, 28, 28)
SHIFT = Augmentation(rotation_deg=5, scale=0, shear=0, shift_px=3)


def feed(first_epoch: int = 1, *, seed: int = 0, augmentation=SHIFT) -> EpochFeed:
    return EpochFeed(
        IMAGES, LABELS, augmentation=augmentation, seed=seed, first_epoch=first_epoch, epochs=4
    )


def test_feed_shuffles_images_with_their_labels() -> None:
    with feed(augmentation=None) as epochs:
        epoch = epochs.next_epoch()
    assert (epoch.images[:, 0, 0] == epoch.labels).all()
    assert sorted(epoch.labels) == sorted(LABELS)
    assert not (epoch.labels == LABELS).all()


def test_feed_begun_later_gives_what_an_undisturbed_one_gives() -> None:
    with feed(1) as whole:
        first, second = whole.next_epoch(), whole.next_epoch()
    with feed(2) as resumed:
        again = resumed.next_epoch()
    assert (again.images == second.images).all()
    assert (again.labels == second.labels).all()
    assert not (first.labels == second.labels).all()


def test_feed_differs_by_seed() -> None:
    with feed(seed=1) as one, feed(seed=2) as two:
        assert not (one.next_epoch().labels == two.next_epoch().labels).all()


def test_feed_without_distortions_costs_next_to_nothing() -> None:
    with feed(augmentation=None) as epochs:
        assert epochs.next_epoch().cpu_s < 0.05
