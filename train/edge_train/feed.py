"""The images and targets of each epoch, made in the background while the epoch before trains.

The order and the distortions of an epoch depend on the seed and the number of the epoch
alone. So a resumed run sees the same images, and no random state is saved.
"""

from __future__ import annotations

import time
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

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


@dataclass(frozen=True, eq=False)
class EpochMaker:
    """Makes the images and targets of any epoch.

    Attributes:
        images: uint8 (n, 28, 28), the training images.
        labels: int64 (n,). Where the recipe has negatives, 0-9 are the digits and the last
            class is for the negatives.
        classes: Number of columns of the targets.
        recipe: Distortions, label smoothing, temperature and number of epochs.
        teacher: Gives the targets of all distorted images before they are degraded, or None.
        seed: Seed of the run.
    """

    images: NDArray[np.uint8]
    labels: NDArray[np.int64]
    classes: int
    recipe: Recipe
    teacher: Teacher | None
    seed: int

    def feed(self, first_epoch: int) -> Generator[EpochImages]:
        """Yield the epochs from ``first_epoch`` (from 1) to the last.

        Each is made in a thread while the one before it is used. The thread ends when the
        generator is closed.
        """
        with ThreadPoolExecutor(max_workers=1, thread_name_prefix="augment") as pool:
            upcoming = pool.submit(self.make, first_epoch)
            for epoch in range(first_epoch + 1, self.recipe.epochs + 1):
                current, upcoming = upcoming.result(), pool.submit(self.make, epoch)
                yield current
            yield upcoming.result()

    def make(self, epoch: int) -> EpochImages:
        """Return the images of an epoch."""
        started_s = time.thread_time()
        rng = np.random.default_rng((self.seed, epoch))
        order = rng.permutation(len(self.images))
        images, labels = self.images[order], self.labels[order]
        if self.recipe.augmentation is not None:
            images = augment_images(images, self.recipe.augmentation, rng)
        if self.recipe.drawn:
            drawn = (rng.random(len(labels)) < self.recipe.drawn) & (labels < len(DIGITS))
            images[drawn] = draw_digits(labels[drawn], rng)
        targets = self._targets(images, labels)
        if self.recipe.degradations or self.recipe.negatives:
            images, targets = self._as_on_pages(images, targets, labels, rng)
        return EpochImages(images, targets, time.thread_time() - started_s)

    def _targets(self, images: NDArray[np.uint8], labels: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return the teacher's probabilities where it knows the class, else the labels."""
        smoothing = self.recipe.label_smoothing
        rows = (1 - smoothing) * np.eye(self.classes, dtype=np.float32) + smoothing / self.classes
        targets: NDArray[np.float32] = rows[labels]
        if self.teacher is None:
            return targets
        known = labels != self.teacher.unknown
        if known.any():
            temperature = self.recipe.teacher_temperature
            targets[known] = self.teacher.probabilities(images[known], temperature)
        return targets

    def _as_on_pages(
        self,
        images: NDArray[np.uint8],
        targets: NDArray[np.float32],
        labels: NDArray[np.int64],
        rng: np.random.Generator,
    ) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
        """Degrade the digits, add the negatives, normalize all and shuffle."""
        degraded = degrade_digits(images, self.recipe.degradations, rng)
        count = self.recipe.negatives_per_epoch(len(images))
        if count:
            negative = self.classes - 1
            digits = labels != negative
            negatives = make_negatives(images[digits], labels[digits], count, rng)
            degraded = np.concatenate((degraded, negatives))
            of_negatives = self._targets(negatives, np.full(count, negative))
            targets = np.concatenate((targets, of_negatives))
        order = rng.permutation(len(degraded))
        return augment_images(degraded[order], _AFTER_NORMALIZATION, rng), targets[order]
