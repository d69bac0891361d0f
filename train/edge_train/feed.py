"""The images and targets of each epoch, made in the background while the epoch before trains.

The order and the distortions of an epoch depend on the seed and the number of the epoch
alone. So a resumed run sees the same images, and no random state is saved.
"""

from __future__ import annotations

import time
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from types import TracebackType
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from edge_train.augment import Augmentation, augment_images
from edge_train.config import Recipe
from edge_train.drawn import DIGITS, degrade_digits, draw_digits, make_negatives
from edge_train.teacher import Teacher

# Small distortions after digits and negatives were normalized as the page reader does it. Both
# get the same ones: otherwise a network separates them by differences of a single pixel.
_AFTER_NORMALIZATION: Final = Augmentation(
    rotation_deg=0, scale=0.05, shear=0, shift_px=1.0, clean_share=0.5
)


@dataclass(frozen=True)
class EpochImages:
    """The shuffled and distorted images of one epoch.

    Attributes:
        images: uint8 (n, 28, 28).
        targets: float32 (n, classes), rows sum to 1: the teacher's probabilities, or the
            smoothed label where there is no teacher.
        cpu_s: CPU time of the thread that made them, in seconds.
    """

    images: NDArray[np.uint8]
    targets: NDArray[np.float32]
    cpu_s: float


class EpochFeed:
    """Returns epochs in order; a context manager that ends its thread."""

    def __init__(
        self,
        images: NDArray[np.uint8],
        labels: NDArray[np.int64],
        *,
        classes: int,
        recipe: Recipe,
        teacher: Teacher | None,
        seed: int,
        first_epoch: int,
    ) -> None:
        """Start making the first epoch.

        Args:
            images: uint8 (n, 28, 28), the training images.
            labels: int64 (n,). Where the recipe has negatives, 0-9 are the digits and the
                last class is for the negatives.
            classes: Number of columns of the targets.
            recipe: Distortions, label smoothing, temperature and number of epochs.
            teacher: Gives the targets of all distorted images before they are degraded, or
                None.
            seed: Seed of the run.
            first_epoch: Number of the first epoch to return, from 1.
        """
        self._images, self._labels = images, labels
        self._recipe, self._teacher, self._seed = recipe, teacher, seed
        smoothing = recipe.label_smoothing
        self._rows = (1 - smoothing) * np.eye(classes, dtype=np.float32) + smoothing / classes
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="augment")
        self._next_epoch = first_epoch
        self._next = self._submit()

    def next_epoch(self) -> EpochImages:
        """Return the images of the next epoch and start making those of the one after it."""
        ready = self._next.result()
        self._next_epoch += 1
        if self._next_epoch <= self._recipe.epochs:
            self._next = self._submit()
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
        """Wait for the epoch that is being made and end the thread."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _submit(self) -> Future[EpochImages]:
        return self._pool.submit(self._make, self._next_epoch)

    def _make(self, epoch: int) -> EpochImages:
        started_s = time.thread_time()
        rng = np.random.default_rng((self._seed, epoch))
        order = rng.permutation(len(self._images))
        images, labels = self._images[order], self._labels[order]
        if self._recipe.augmentation is not None:
            images = augment_images(images, self._recipe.augmentation, rng)
        if self._recipe.drawn:
            drawn = (rng.random(len(labels)) < self._recipe.drawn) & (labels < len(DIGITS))
            images[drawn] = draw_digits(labels[drawn], rng)
        targets = self._targets(images, labels)
        if self._recipe.degradations or self._recipe.negatives:
            images, targets = self._as_on_pages(images, targets, labels, rng)
        return EpochImages(images, targets, time.thread_time() - started_s)

    def _targets(self, images: NDArray[np.uint8], labels: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return the teacher's probabilities where it knows the class, else the labels."""
        targets: NDArray[np.float32] = self._rows[labels]
        if self._teacher is None:
            return targets
        known = labels != self._teacher.unknown
        if known.any():
            temperature = self._recipe.teacher_temperature
            targets[known] = self._teacher.probabilities(images[known], temperature)
        return targets

    def _as_on_pages(
        self,
        images: NDArray[np.uint8],
        targets: NDArray[np.float32],
        labels: NDArray[np.int64],
        rng: np.random.Generator,
    ) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
        """Degrade the digits, add the negatives, normalize all and shuffle."""
        degraded = degrade_digits(images, self._recipe.degradations, rng)
        count = self._recipe.negatives_per_epoch(len(images))
        if count:
            negative = self._rows.shape[1] - 1
            digits = labels != negative
            negatives = make_negatives(images[digits], labels[digits], count, rng)
            degraded = np.concatenate((degraded, negatives))
            of_negatives = self._targets(negatives, np.full(count, negative))
            targets = np.concatenate((targets, of_negatives))
        order = rng.permutation(len(degraded))
        return augment_images(degraded[order], _AFTER_NORMALIZATION, rng), targets[order]
