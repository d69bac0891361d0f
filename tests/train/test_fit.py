"""The batches that Keras is given; what a training comes to is tested in test_train."""

from __future__ import annotations

import numpy as np

from edge_train.feed import EpochImages
from edge_train.fit import make_batches


def test_batches_keep_order_and_rest() -> None:
    images = np.arange(7, dtype=np.uint8)[:, None, None] * np.ones((1, 28, 28), np.uint8)
    targets = np.eye(7, dtype=np.float32)
    batches = list(make_batches(EpochImages(images, targets, cpu_s=0.0), 3))
    assert [int(images_.shape[0]) for images_, _ in batches] == [3, 3, 1]
    assert np.array_equal(np.concatenate([part for part, _ in batches]), images)
    assert np.array_equal(np.concatenate([part for _, part in batches]), targets)


def test_batches_do_not_tune_themselves() -> None:
    # Keras' own do, and keep every epoch waiting for a sleeping thread.
    epoch = EpochImages(np.zeros((4, 28, 28), np.uint8), np.zeros((4, 10), np.float32), cpu_s=0.0)
    assert make_batches(epoch, 2).options().autotune.enabled is False
