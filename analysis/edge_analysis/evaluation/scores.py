"""Accuracy, loss, scores per class and confusions.

The fields of the records are keys of ``report.json``. Shares are in 0-1, losses in nats; names
ending in ``_95`` are the bounds of 95 % intervals: Wilson's (1927) for shares, the normal
approximation of a mean for losses.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm
from sklearn.metrics import confusion_matrix, precision_recall_fscore_support

from edge_analysis.data_set import ImagesU8
from edge_analysis.evaluation.answers import Answers
from edge_infer.model.metadata import Accuracy
from edge_infer.model.reliability import wilson_interval

TOP_CONFUSIONS: Final = 15
# Test images of MNIST whose label is suspected to be wrong: reviewers who saw the images without
# their labels disagreed with these. Accuracy is therefore reported with and without them.
SUSPECTED_LABEL_ERRORS: Final = (
    *(947, 1621, 1901, 2130, 2462, 2597, 2654, 3520),
    *(3558, 5937, 6651, 6783, 8527, 9679, 9729),
)
# Digest of the pixels of all 10,000 test images.
MNIST_TEST_SHA256: Final = "6d87418db22cc8025d05968bec9bd5c3932904b23485740db143a061a2c9d161"

Interval = tuple[float, float]
Matrix = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class PartScore:
    """Scores on one part of the data."""

    name: str
    n: int
    correct: int
    accuracy: float
    accuracy_95: Interval
    loss: float
    loss_95: Interval


@dataclass(frozen=True)
class ClassScore:
    """Scores of one class.

    ``support`` is the number of its images and ``answered`` the number of images that it is the
    answer to. Precision, recall and F1 are 0 where they are undefined.
    """

    name: str
    support: int
    answered: int
    correct: int
    precision: float
    recall: float
    recall_95: Interval
    f1: float

    @property
    def missed(self) -> int:
        """Number of images of the class that are not recognised."""
        return self.support - self.correct

    @property
    def false_answers(self) -> int:
        """Number of images of other classes for which the class is the answer."""
        return self.answered - self.correct


@dataclass(frozen=True)
class AverageScore:
    """Averages over the classes that have images, ``"macro"`` or ``"weighted"`` by support."""

    name: str
    precision: float
    recall: float
    f1: float


@dataclass(frozen=True)
class Confusion:
    """A true class, the class answered instead, the count, and its share of the true class."""

    label: str
    answer: str
    count: int
    share: float


@dataclass(frozen=True)
class ErrorRow:
    """A wrong answer: index of the image in its part, true class, answer, their probabilities."""

    index: int
    label: str
    answer: str
    confidence: float
    of_label: float


@dataclass(frozen=True)
class LabelErrorScore:
    """Indices of the suspected images, those answered unlike their label, score without them."""

    indices: tuple[int, ...]
    wrong: tuple[int, ...]
    without: PartScore


def score_part(name: str, answers: Answers) -> PartScore:
    """Compute accuracy and loss on a part."""
    accuracy = Accuracy(correct=int(answers.right.sum()), n=len(answers.labels))
    loss = float(answers.losses.mean())
    half_width = float(norm.ppf(0.975) * answers.losses.std() / math.sqrt(accuracy.n))
    return PartScore(
        name=name,
        n=accuracy.n,
        correct=accuracy.correct,
        accuracy=accuracy.fraction,
        accuracy_95=wilson_interval(accuracy),
        loss=loss,
        loss_95=(max(0.0, loss - half_width), loss + half_width),
    )


def count_confusions(answers: Answers) -> Matrix:
    """Return the confusion matrix, int64 (classes, classes): rows true, columns answered."""
    classes = range(answers.probabilities.shape[1])
    return np.asarray(confusion_matrix(answers.labels, answers.predicted, labels=classes))


def score_classes(answers: Answers, names: Sequence[str]) -> tuple[ClassScore, ...]:
    """Score each class, in the order of its index."""
    matrix = count_confusions(answers)
    precision, recall, f1, support = _score(answers, labels=range(len(names)))
    intervals = [
        wilson_interval(Accuracy(correct=correct, n=n)) if n else (0.0, 1.0)
        for correct, n in zip(matrix.diagonal().tolist(), support.tolist(), strict=True)
    ]
    counts = (column.tolist() for column in (support, matrix.sum(axis=0), matrix.diagonal()))
    columns = (*counts, precision.tolist(), recall.tolist(), intervals, f1.tolist())
    return tuple(ClassScore(*row) for row in zip(names, *columns, strict=True))


def average_scores(answers: Answers) -> tuple[AverageScore, ...]:
    """Average the scores of the classes that have images."""
    classes = np.unique(answers.labels)
    return tuple(
        AverageScore(name, *map(float, _score(answers, labels=classes, average=name)[:3]))
        for name in ("macro", "weighted")
    )


def top_confusions(
    matrix: Matrix, names: Sequence[str], limit: int = TOP_CONFUSIONS
) -> tuple[Confusion, ...]:
    """Return the most frequent confusions of a confusion matrix, the most frequent first."""
    mistakes = matrix - np.diag(matrix.diagonal())
    order = np.argsort(-mistakes.ravel(), kind="stable")[:limit]
    found: list[Confusion] = []
    for label, answered in (divmod(int(at), len(names)) for at in order):
        count = int(mistakes[label, answered])
        if count:
            share = float(count / matrix[label].sum())
            found.append(Confusion(names[label], names[answered], count, share))
    return tuple(found)


def list_errors(answers: Answers, names: Sequence[str]) -> tuple[ErrorRow, ...]:
    """List the wrong answers, the most confident first."""
    return tuple(
        ErrorRow(
            at,
            names[int(answers.labels[at])],
            names[int(answers.predicted[at])],
            float(answers.confidences[at]),
            float(answers.probabilities[at, answers.labels[at]]),
        )
        for at in answers.errors_by_confidence.tolist()
    )


def suspected_label_errors(
    images: ImagesU8, *, test_sha256: str = MNIST_TEST_SHA256
) -> tuple[int, ...]:
    """Return the indices of the suspected label errors, or none for other test images.

    ``images`` are uint8 (n, 28, 28); ``test_sha256`` is the digest of those that have errors.
    """
    same = hashlib.sha256(images.tobytes()).hexdigest() == test_sha256
    return SUSPECTED_LABEL_ERRORS if same else ()


def score_without(answers: Answers, indices: tuple[int, ...]) -> LabelErrorScore | None:
    """Score a model without some images; None for no indices."""
    if not indices:
        return None
    kept = np.delete(np.arange(len(answers.labels)), indices)
    remaining = Answers(answers.labels[kept], answers.probabilities[kept])
    wrong = tuple(index for index in indices if not answers.right[index])
    score = score_part("test without suspected label errors", remaining)
    return LabelErrorScore(indices=indices, wrong=wrong, without=score)


def _score(answers: Answers, **options: Any) -> Any:
    """Return precision, recall, F1 and support; undefined scores are 0."""
    options["zero_division"] = 0
    return precision_recall_fscore_support(answers.labels, answers.predicted, **options)
