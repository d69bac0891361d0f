"""Labelled images, models and the answers of a model.

A model is a function, so that a Keras network and an ONNX file are measured by the same code and
neither library is imported here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from edge_analysis.text import listed
from edge_infer.errors import ModelError

ImagesU8 = NDArray[np.uint8]
Labels = NDArray[np.int64]
Probabilities = NDArray[np.float32]

Predictor = Callable[[ImagesU8], Probabilities]
"""Takes uint8 (n, 28, 28), n at least 1; returns float32 (n, classes), rows sum to 1."""

# Same as in training: a probability of 0 has a large, but finite loss.
_MIN_PROBABILITY: Final = 1e-12


@dataclass(frozen=True, eq=False)
class Part:
    """Labelled images.

    Attributes:
        name: Name such as ``"test"``.
        images: uint8 (n, 28, 28), bright foreground on 0; n at least 1.
        labels: int64 (n,), class indices.
    """

    name: str
    images: ImagesU8
    labels: Labels


@dataclass(frozen=True, eq=False, kw_only=True)
class EvaluationData:
    """A data set in three parts; ``sha256`` is the digest of the whole set."""

    name: str
    sha256: str
    class_names: tuple[str, ...]
    training: Part
    validation: Part
    test: Part

    @property
    def parts(self) -> tuple[Part, Part, Part]:
        """Training, validation and test part."""
        return self.training, self.validation, self.test


@dataclass(frozen=True, kw_only=True)
class ModelFacts:
    """Description of a model, from its own metadata.

    ``kind`` is ``"Keras run"`` or such as ``"ONNX file, int8"``, ``preset`` the name of the
    network, ``data`` the training data set. Answers with a confidence below ``reject_threshold``
    in 0-1 are rejected; None for no threshold.
    """

    name: str
    kind: str
    preset: str
    parameters: int
    size_bytes: int
    data: str
    data_sha256: str
    seed: int
    epochs: int
    reject_threshold: float | None


@dataclass(frozen=True, kw_only=True)
class Epoch:
    """One row of the training history.

    Losses are in nats, accuracies in 0-1. Training loss and accuracy are those of the augmented
    images; the learning rate is that after the last step; the time includes validation.
    """

    epoch: int
    loss: float
    accuracy: float
    validation_loss: float
    validation_accuracy: float
    learning_rate: float
    time_s: float


@dataclass(frozen=True, kw_only=True)
class Training:
    """Training history of a model; ``best_epoch``, from 1, is the one whose weights were kept."""

    epochs: tuple[Epoch, ...]
    best_epoch: int
    time_s: float
    machine: str

    @property
    def best(self) -> Epoch:
        """The epoch whose weights were kept."""
        return next(epoch for epoch in self.epochs if epoch.epoch == self.best_epoch)


@dataclass(frozen=True, eq=False, kw_only=True)
class EvaluatedModel:
    """A model to evaluate; ``class_names`` are those of the columns of its probabilities."""

    facts: ModelFacts
    class_names: tuple[str, ...]
    predict: Predictor
    training: Training | None = None

    def predictor_for(self, names: Sequence[str]) -> Predictor:
        """Return the model with its columns in the order of ``names``.

        Args:
            names: All class names of the model, and maybe more, which get probability 0.
        """
        if self.class_names == tuple(names):
            return self.predict
        columns = [names.index(name) for name in self.class_names]

        def predict(images: ImagesU8) -> Probabilities:
            placed = np.zeros((len(images), len(names)), np.float32)
            placed[:, columns] = self.predict(images)
            return placed

        return predict


@dataclass(frozen=True, eq=False)
class Answers:
    """Answers of a model: labels, int64 (n,), and probabilities, float32 (n, classes)."""

    labels: Labels
    probabilities: Probabilities

    @cached_property
    def predicted(self) -> Labels:
        """Most probable class, int64 (n,)."""
        predicted: Labels = self.probabilities.argmax(axis=1)
        return predicted

    @cached_property
    def confidences(self) -> Probabilities:
        """Probability of the most probable class in 0-1, float32 (n,)."""
        highest: Probabilities = self.probabilities.max(axis=1)
        return highest

    @cached_property
    def right(self) -> NDArray[np.bool_]:
        """Whether the answer is correct, bool (n,)."""
        right: NDArray[np.bool_] = self.predicted == self.labels
        return right

    @cached_property
    def losses(self) -> NDArray[np.float64]:
        """Cross-entropy in nats, float64 (n,)."""
        of_label = self.probabilities[np.arange(len(self.labels)), self.labels]
        return -np.log(np.maximum(of_label.astype(np.float64), _MIN_PROBABILITY))

    @cached_property
    def errors_by_confidence(self) -> Labels:
        """Indices of the wrong answers, the most confident first, int64 (errors,)."""
        wrong = np.flatnonzero(~self.right)
        return wrong[np.argsort(-self.confidences[wrong], kind="stable")]


def answer(predictor: Predictor, part: Part) -> Answers:
    """Run a model on all images of a part."""
    return Answers(part.labels, predictor(part.images))


def common_classes(data: EvaluationData, models: Sequence[EvaluatedModel]) -> tuple[str, ...]:
    """Return the classes of the data, followed by further classes of the models.

    Raises:
        ModelError: A model lacks a class of the data.
    """
    names = list(data.class_names)
    for model in models:
        missing = [name for name in data.class_names if name not in model.class_names]
        if missing:
            raise ModelError(
                f"{model.facts.name} has {len(model.class_names)} classes "
                f"({listed(model.class_names)}) and lacks {listed(missing)} of {data.name}: use "
                "data of its classes, or a model that was trained on this data",
                code="other_classes",
            )
        names += [name for name in model.class_names if name not in names]
    return tuple(names)
