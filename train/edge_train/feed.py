"""The images and targets of each epoch, made in the background while the epoch before trains.

The order and the distortions of an epoch depend on the seed and the number of the epoch
alone. So a resumed run sees the same images, and no random state is saved.
"""

from __future__ import annotations

import hashlib
import math
import time
from collections.abc import Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from edge_infer.errors import UsageError
from edge_infer.glyph.classifier import Classifier
from edge_infer.model.metadata import OTHER_CLASS
from edge_infer.model.shipped import read_model
from edge_train.augment import (
    DIGITS,
    Augmentation,
    augment_images,
    degrade_digits,
    draw_digits,
    make_negatives,
)
from edge_train.config import Recipe

# Small distortions after digits and negatives were normalized as the page reader does it. Both
# get the same ones: otherwise a network separates them by differences of a single pixel.
_AFTER_NORMALIZATION: Final = Augmentation(
    rotation_deg=0, scale=0.05, shear=0, shift_px=1.0, clean_share=0.5
)


@dataclass(frozen=True)
class Teacher:
    """Mean probabilities of one or more model files (Hinton, Vinyals & Dean 2015, distillation).

    The teachers see the same distorted images as the student (Beyer et al. 2022, "A good teacher
    is patient and consistent"), so an image that could be a 4 or a 9 is taught as such.

    A model that lacks only the class ``other`` can teach the remaining classes: its
    probability of ``other`` is 0, and it gives no targets for images of that class.

    Attributes:
        classifiers: At least one, with all classes of the student or all but ``unknown``.
        unknown: Id of the class that some of the teachers lack, or None.
    """

    classifiers: Sequence[Classifier]
    unknown: int | None = None

    @classmethod
    def load(cls, models: Sequence[str], class_names: tuple[str, ...]) -> Self:
        """Load shipped models by name, or model files.

        Args:
            models: Names or paths, at least one.
            class_names: Classes of the student, in order.

        Raises:
            ModelError: A file is missing, foreign or damaged.
            UsageError: A model has other classes than the student.
        """
        known = tuple(name for name in class_names if name != OTHER_CLASS)
        unknown = None
        classifiers = [Classifier.load(model) for model in models]
        for model, classifier in zip(models, classifiers, strict=True):
            found = classifier.metadata.class_names
            if found == known != class_names:
                unknown = class_names.index(OTHER_CLASS)
            elif found != class_names:
                raise UsageError(
                    f"the teacher {model} has the classes {', '.join(found)}, the data have "
                    f"{', '.join(class_names)}: choose a model trained on such data"
                )
        return cls(classifiers, unknown=unknown)

    def probabilities(
        self, images: NDArray[np.uint8], temperature: float = 1.0
    ) -> NDArray[np.float32]:
        """Return the mean probabilities of the teachers, float32 (n, classes), rows sum to 1.

        Args:
            images: uint8 (n, 28, 28).
            temperature: Divisor of each teacher's logits, above 0.
        """
        answers: list[NDArray[np.float32]] = []
        for classifier in self.classifiers:
            # softmax(logits / temperature) = p ** (1 / temperature), normalized.
            powers = classifier.probabilities(images) ** np.float32(1 / temperature)
            answer = powers / powers.sum(axis=1, keepdims=True)
            if self.unknown is not None and OTHER_CLASS not in classifier.metadata.class_names:
                answer = np.insert(answer, self.unknown, np.float32(0), axis=1)
            answers.append(answer)
        return np.asarray(np.mean(answers, axis=0, dtype=np.float32))


def teacher_sha256(model: str) -> str:
    """Return the SHA-256 of a shipped model or a model file; errors as :meth:`Teacher.load`."""
    return hashlib.sha256(read_model(model)).hexdigest()


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
        labels: int64 (n,). Where the recipe has negatives, the last class is for them.
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

    @property
    def negatives(self) -> int:
        """Number of generated negatives in each epoch."""
        return round(self.recipe.negatives * len(self.images))

    @property
    def steps_per_epoch(self) -> int:
        """Number of batches of each epoch."""
        return math.ceil((len(self.images) + self.negatives) / self.recipe.batch_size)

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
        if self.negatives:
            negative = self.classes - 1
            digits = labels != negative
            negatives = make_negatives(images[digits], labels[digits], self.negatives, rng)
            degraded = np.concatenate((degraded, negatives))
            of_negatives = self._targets(negatives, np.full(self.negatives, negative))
            targets = np.concatenate((targets, of_negatives))
        order = rng.permutation(len(degraded))
        return augment_images(degraded[order], _AFTER_NORMALIZATION, rng), targets[order]
