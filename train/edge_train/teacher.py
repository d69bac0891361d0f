"""Targets from networks that are trained already (Hinton, Vinyals & Dean 2015).

The teachers are exported model files, run by the light runtime on the very images that the
student sees, distorted as they are (Beyer et al. 2022, "A good teacher is patient and
consistent"): a pair of a 4 and a 9 that no one could tell apart is taught as such.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from edge_infer.errors import UsageError
from edge_infer.glyph.classifier import Classifier
from edge_infer.model.metadata import OTHER_CLASS
from edge_infer.model.shipped import read_model, shipped_models

_BATCH: Final = 500


class Teacher:
    """Mean probabilities of one model file or several.

    A model that lacks only the class ``other`` may teach the rest of the classes: its
    probability of ``other`` is 0, which tells nothing about pictures of that class.
    """

    def __init__(self, classifiers: Sequence[Classifier], *, unknown: int | None = None) -> None:
        """Wrap loaded classifiers, one at least; most callers want :meth:`load`.

        Args:
            classifiers: Of all the student's classes, or of all but one.
            unknown: Column of the class that some of them lack; None when all know all.
        """
        self._classifiers = tuple(classifiers)
        self._unknown = unknown

    @property
    def unknown(self) -> int | None:
        """The class id that not all the teachers know, or None."""
        return self._unknown

    @classmethod
    def load(cls, models: Sequence[str], class_names: tuple[str, ...]) -> Self:
        """Load shipped models by name, or model files.

        Args:
            models: Names or paths, one at least.
            class_names: Of the student, in order.

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
                    f"the teacher {model} knows the classes {', '.join(found)}, the data have "
                    f"{', '.join(class_names)}: choose a model trained on such data"
                )
        return cls(classifiers, unknown=unknown)

    def probabilities(
        self, images: NDArray[np.uint8], temperature: float = 1.0
    ) -> NDArray[np.float32]:
        """Return the mean over the teachers.

        Args:
            images: uint8 (n, 28, 28), n at least 1.
            temperature: What each teacher's logits are divided by, above 0.

        Returns:
            float32 (n, classes), rows sum to 1.
        """
        # In pieces: the activations of an epoch at once would be gigabytes.
        pieces = [images[at : at + _BATCH] for at in range(0, len(images), _BATCH)]
        return np.concatenate([self._mean(piece, temperature) for piece in pieces])

    def _mean(self, images: NDArray[np.uint8], temperature: float) -> NDArray[np.float32]:
        answers = [
            self._widen(_at_temperature(classifier.probabilities(images), temperature), classifier)
            for classifier in self._classifiers
        ]
        mean: NDArray[np.float32] = np.stack(answers).mean(axis=0, dtype=np.float32)
        return mean

    def _widen(
        self, probabilities: NDArray[np.float32], classifier: Classifier
    ) -> NDArray[np.float32]:
        """Give a model that does not know the class ``other`` a column of zeros for it."""
        if self._unknown is None or OTHER_CLASS in classifier.metadata.class_names:
            return probabilities
        return np.insert(probabilities, self._unknown, np.float32(0), axis=1)


def _at_temperature(probabilities: NDArray[np.float32], temperature: float) -> NDArray[np.float32]:
    """Give softmax(logits / temperature): the powers of the probabilities, made to sum to 1."""
    powers: NDArray[np.float32] = probabilities ** np.float32(1 / temperature)
    probabilities_at: NDArray[np.float32] = powers / powers.sum(axis=1, keepdims=True)
    return probabilities_at


def settle_teacher(model: str) -> str:
    """Return the path of a file made whole; a name, and what is neither, as it is."""
    path = Path(model).expanduser()
    return str(path.resolve()) if model not in shipped_models() and path.exists() else model


def teacher_sha256(model: str) -> str:
    """Return the SHA-256 of a shipped model or a model file; errors as :meth:`Teacher.load`."""
    return hashlib.sha256(read_model(model)).hexdigest()
