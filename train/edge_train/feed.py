"""Each epoch's images and targets, made in the background while the epoch before trains.

An epoch's order and distortions depend on the seed and the epoch's number alone. So a
resumed run sees what an undisturbed one would have seen, and no random state is saved.
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

# What is left to chance where everything is normalised as the reader does it. Digits and
# what is none get the same: a network would soon tell them by a pixel's difference.
_UNSETTLED: Final = Augmentation(rotation_deg=0, scale=0.05, shear=0, shift_px=1.0, clean_share=0.5)


@dataclass(frozen=True)
class EpochImages:
    """One epoch's images, shuffled and distorted.

    Attributes:
        images: uint8 (n, 28, 28).
        targets: float32 (n, classes), rows sum to 1: the smoothed label, mixed with what a
            teacher says where there is one.
        cpu_s: CPU seconds that making them took in their own thread.
    """

    images: NDArray[np.uint8]
    targets: NDArray[np.float32]
    cpu_s: float


class EpochFeed:
    """Hands out epochs in order; a context manager, so that its thread ends."""

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
        """Begin to make the first epoch at once.

        Args:
            images: uint8 (n, 28, 28), the training images.
            labels: int64 (n,). Where the recipe makes pictures that are no digit, 0-9 are
                the digits and the last class is for those pictures.
            classes: Width of the targets.
            recipe: Gives the distortions, the smoothing, how the teacher is heard and the
                number of epochs.
            teacher: Asked about every distorted image, before it is damaged; or None.
            seed: Of the run.
            first_epoch: Number of the first epoch to hand out, from 1.
        """
        self._images, self._labels = images, labels
        self._recipe, self._teacher, self._seed = recipe, teacher, seed
        smoothing = recipe.label_smoothing
        self._rows = (1 - smoothing) * np.eye(classes, dtype=np.float32) + smoothing / classes
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="augment")
        self._next_epoch = first_epoch
        self._next = self._submit(first_epoch)

    def next_epoch(self) -> EpochImages:
        """Return the next epoch's images and begin to make those of the one after."""
        ready = self._next.result()
        self._next_epoch += 1
        if self._next_epoch <= self._recipe.epochs:
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
        if self._recipe.augmentation is not None:
            images = augment_images(images, self._recipe.augmentation, rng)
        labels = self._labels[order]
        if self._recipe.drawn:
            self._redraw(images, labels, rng)
        targets = self._targets(images, labels)
        if self._recipe.damage or self._recipe.others:
            images, targets = self._as_on_pages(images, targets, labels, rng)
        return EpochImages(images, targets, time.thread_time() - started_s)

    def _targets(self, images: NDArray[np.uint8], labels: NDArray[np.int64]) -> NDArray[np.float32]:
        """Mix labels with what the teacher says, where it knows the class of the label."""
        targets: NDArray[np.float32] = self._rows[labels]
        if self._teacher is None:
            return targets
        known = labels != self._teacher.unknown
        if known.any():
            taught = self._teacher.probabilities(images[known], self._recipe.teacher_temperature)
            weight = self._recipe.teacher_weight
            targets[known] = (1 - weight) * targets[known] + weight * taught
        return targets

    def _redraw(
        self, images: NDArray[np.uint8], labels: NDArray[np.int64], rng: np.random.Generator
    ) -> None:
        """Draw some of the digits anew, in place."""
        drawn = (rng.random(len(labels)) < self._recipe.drawn) & (labels < len(DIGITS))
        images[drawn] = draw_digits(labels[drawn], rng)

    def _as_on_pages(
        self,
        images: NDArray[np.uint8],
        targets: NDArray[np.float32],
        labels: NDArray[np.int64],
        rng: np.random.Generator,
    ) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
        """Damage the digits and mix in what is no digit, all of it normalised."""
        damaged = degrade_digits(images, self._recipe.damage, rng)
        count = self._recipe.others_an_epoch(len(images))
        if count:
            other = self._rows.shape[1] - 1
            digits = labels != other
            others = make_negatives(images[digits], labels[digits], count, rng)
            told = self._targets(others, np.full(count, other))
            damaged, targets = np.concatenate((damaged, others)), np.concatenate((targets, told))
        order = rng.permutation(len(damaged))
        return augment_images(damaged[order], _UNSETTLED, rng), targets[order]
