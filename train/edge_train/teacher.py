"""Training targets from trained networks: distillation (Hinton, Vinyals & Dean 2015).

The teachers are exported model files. They see the same distorted images as the student
(Beyer et al. 2022, "A good teacher is patient and consistent"), so an image that could be a 4
or a 9 is taught as such.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Self

import numpy as np
from numpy.typing import NDArray

from edge_infer.errors import UsageError
from edge_infer.glyph.classifier import Classifier
from edge_infer.model.metadata import OTHER_CLASS
from edge_infer.model.shipped import read_model


class Teacher:
    """Mean probabilities of one or more model files.

    A model that lacks only the class ``other`` can teach the remaining classes: its
    probability of ``other`` is 0, and it gives no targets for images of that class.

    Attributes:
        unknown: Id of the class that some of the teachers lack, or None.
    """

    def __init__(self, classifiers: Sequence[Classifier], *, unknown: int | None = None) -> None:
        """Use loaded classifiers; most callers want :meth:`load`.

        Args:
            classifiers: At least one, with all classes of the student or all but one.
            unknown: Id of the class that some of them lack, or None.
        """
        self.unknown = unknown
        self._classifiers = tuple(classifiers)

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
        """Return the mean probabilities of the teachers.

        Args:
            images: uint8 (n, 28, 28).
            temperature: Divisor of each teacher's logits, above 0.

        Returns:
            float32 (n, classes), rows sum to 1.
        """
        answers: list[NDArray[np.float32]] = []
        for classifier in self._classifiers:
            answer = _apply_temperature(classifier.probabilities(images), temperature)
            if self.unknown is not None and OTHER_CLASS not in classifier.metadata.class_names:
                answer = np.insert(answer, self.unknown, np.float32(0), axis=1)
            answers.append(answer)
        mean: NDArray[np.float32] = np.stack(answers).mean(axis=0, dtype=np.float32)
        return mean


def teacher_sha256(model: str) -> str:
    """Return the SHA-256 of a shipped model or a model file; errors as :meth:`Teacher.load`."""
    return hashlib.sha256(read_model(model)).hexdigest()


def _apply_temperature(
    probabilities: NDArray[np.float32], temperature: float
) -> NDArray[np.float32]:
    """Return softmax(logits / temperature) = p ** (1 / temperature), normalized."""
    powers: NDArray[np.float32] = probabilities ** np.float32(1 / temperature)
    normalized: NDArray[np.float32] = powers / powers.sum(axis=1, keepdims=True)
    return normalized
