"""The images of each epoch, made in the background while the epoch before trains.

An epoch's order and distortions depend on the seed and the epoch's number alone. So a
resumed run sees what an undisturbed one would have seen, and no random state is saved.
"""

from __future__ import annotations

import time
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import numpy as np
from numpy.typing import NDArray

from edge_train.augment import Augmentation, augment_images


@dataclass(frozen=True)
class EpochImages:
    """One epoch's images, shuffled and distorted.

    Attributes:
        images: uint8 (n, 28, 28).
        labels: int64 (n,).
        cpu_s: CPU seconds that the distortions took in their own thread.
    """

    images: NDArray[np.uint8]
    labels: NDArray[np.int64]
    cpu_s: float


class EpochFeed:
    """Hands out epochs in order; a context manager, so that its thread ends."""

    def __init__(
        self,
        images: NDArray[np.uint8],
        labels: NDArray[np.int64],
        *,
        augmentation: Augmentation | None,
        seed: int,
        first_epoch: int,
        epochs: int,
    ) -> None:
        """Begin to make the first epoch at once.

        Args:
            images: uint8 (n, 28, 28), the training images.
            labels: int64 (n,).
            augmentation: Distortions, or None for none.
            seed: Of the run.
            first_epoch: Number of the first epoch to hand out, from 1.
            epochs: Number of the last one.
        """
        self._images, self._labels = images, labels
        self._augmentation, self._seed = augmentation, seed
        self._last = epochs
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="augment")
        self._next_epoch = first_epoch
        self._next = self._submit(first_epoch)

    def next_epoch(self) -> EpochImages:
        """Return the next epoch's images and begin to make those of the one after."""
        ready = self._next.result()
        self._next_epoch += 1
        if self._next_epoch <= self._last:
            self._next = self._submit(self._next_epoch)
        return ready

    def __enter__(self) -> Self:
        """Return the feed."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Wait for the epoch in the making and end the thread."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _submit(self, epoch: int) -> Future[EpochImages]:
        return self._pool.submit(self._make, epoch)

    def _make(self, epoch: int) -> EpochImages:
        started_s = time.thread_time()
        rng = np.random.default_rng((self._seed, epoch))
        order = rng.permutation(len(self._images))
        images = self._images[order]
        if self._augmentation is not None:
            images = augment_images(images, self._augmentation, rng)
        return EpochImages(images, self._labels[order], time.thread_time() - started_s)
