"""What a model answers to labelled images: all that numbers and pictures are made from.

A model is a function here, so that a Keras network and an ONNX file are measured by the same
lines and neither is imported.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

ImagesU8 = NDArray[np.uint8]
Labels = NDArray[np.int64]
Probabilities = NDArray[np.float32]

Predictor = Callable[[ImagesU8], Probabilities]
"""Takes uint8 (n, 28, 28), n at least 1; gives float32 (n, classes), rows sum to 1."""

Progress = Callable[[str, int, int], None]
"""Takes what is being done, how much of it is, and the total."""

_BATCH: Final = 500
# As the trainer has it: a probability that rounds to 0 costs much, not infinitely much.
_SMALLEST_PROBABILITY: Final = 1e-12


@dataclass(frozen=True, eq=False)
class Part:
    """Labelled images.

    Attributes:
        name: Such as ``"test"``.
        images: uint8 (n, 28, 28), bright ink on 0; n at least 1.
        labels: int64 (n,), class ids.
    """

    name: str
    images: ImagesU8
    labels: Labels


@dataclass(frozen=True, eq=False)
class Answers:
    """A model's answers to the images of a part.

    Attributes:
        labels: int64 (n,), the true class ids.
        probabilities: float32 (n, classes).
    """

    labels: Labels
    probabilities: Probabilities

    @cached_property
    def predicted(self) -> Labels:
        """The most probable class, int64 (n,)."""
        predicted: Labels = self.probabilities.argmax(axis=1)
        return predicted

    @cached_property
    def confidences(self) -> Probabilities:
        """Its probability in 0-1, float32 (n,)."""
        highest: Probabilities = self.probabilities.max(axis=1)
        return highest

    @cached_property
    def right(self) -> NDArray[np.bool_]:
        """Whether it is the true one, bool (n,)."""
        right: NDArray[np.bool_] = self.predicted == self.labels
        return right

    @cached_property
    def losses(self) -> NDArray[np.float64]:
        """Cross-entropy in nats, float64 (n,)."""
        of_truth = self.probabilities[np.arange(len(self.labels)), self.labels]
        return -np.log(np.maximum(of_truth.astype(np.float64), _SMALLEST_PROBABILITY))

    @cached_property
    def errors_by_confidence(self) -> Labels:
        """Indices of the wrong answers, the surest first, int64 (errors,)."""
        wrong = np.flatnonzero(~self.right)
        return wrong[np.argsort(-self.confidences[wrong], kind="stable")]


def answer(predictor: Predictor, part: Part, progress: Progress, what: str = "") -> Answers:
    """Ask a model for all images of a part, some hundred at a time to spare memory."""
    n = len(part.images)
    batches: list[Probabilities] = []
    for start in range(0, n, _BATCH):
        progress(what or f"answering the {part.name} images", start, n)
        batches.append(predictor(part.images[start : start + _BATCH]))
    return Answers(part.labels, np.concatenate(batches))


def in_classes(predictor: Predictor, own: Sequence[str], names: Sequence[str]) -> Predictor:
    """Make a model answer in the order of other class names.

    Args:
        predictor: Of classes ``own``.
        own: Its class names, in the order of its columns.
        names: All of ``own`` and maybe more, which get probability 0.
    """
    if tuple(own) == tuple(names):
        return predictor
    columns = [names.index(name) for name in own]

    def predict(images: ImagesU8) -> Probabilities:
        placed = np.zeros((len(images), len(names)), np.float32)
        placed[:, columns] = predictor(images)
        return placed

    return predict
