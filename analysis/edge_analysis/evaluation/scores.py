"""Accuracy, loss, scores per class and confusions.

The fields of the records are keys of ``report.json``. Shares are in 0-1, losses in nats; names
ending in ``_95`` are the bounds of 95 % intervals: Wilson's (1927) for shares, the normal
approximation of a mean for losses.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm
from sklearn.metrics import confusion_matrix, precision_recall_fscore_support

from edge_analysis.evaluation.data import Answers
from edge_infer.model.metadata import Accuracy
from edge_infer.model.reliability import wilson_interval

TOP_CONFUSIONS: Final = 15

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


@dataclass(frozen=True, kw_only=True)
class ClassScore:
    """Scores of one class.

    Attributes:
        name: Name of the class.
        support: Number of images of the class.
        answered: Number of images for which the class is the answer.
        correct: Number of images of the class that are recognised.
        precision: ``correct / answered``; 0 for none answered.
        recall: ``correct / support``; 0 for a class without images.
        recall_95: Interval of the recall.
        f1: Harmonic mean of precision and recall.
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


@dataclass(frozen=True, kw_only=True)
class AverageScore:
    """Averages over the classes that have images, ``"macro"`` or ``"weighted"`` by support."""

    name: str
    precision: float
    recall: float
    f1: float


@dataclass(frozen=True, kw_only=True)
class Confusion:
    """A true class, the class answered instead, the count, and its share of the true class."""

    label: str
    answer: str
    count: int
    share: float


@dataclass(frozen=True, kw_only=True)
class ErrorRow:
    """A wrong answer: index of the image in its part, true class, answer, their probabilities."""

    index: int
    label: str
    answer: str
    confidence: float
    of_label: float


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
    matrix: Matrix = confusion_matrix(answers.labels, answers.predicted, labels=classes)
    return matrix


def score_classes(answers: Answers, names: Sequence[str]) -> tuple[ClassScore, ...]:
    """Score each class, in the order of its index."""
    matrix = count_confusions(answers)
    precision, recall, f1, support = precision_recall_fscore_support(
        answers.labels, answers.predicted, labels=range(len(names)), zero_division=0
    )
    scores: list[ClassScore] = []
    for at, name in enumerate(names):
        n, correct = int(support[at]), int(matrix[at, at])
        interval = wilson_interval(Accuracy(correct=correct, n=n)) if n else (0.0, 1.0)
        scores.append(
            ClassScore(
                name=name,
                support=n,
                answered=int(matrix[:, at].sum()),
                correct=correct,
                precision=float(precision[at]),
                recall=float(recall[at]),
                recall_95=interval,
                f1=float(f1[at]),
            )
        )
    return tuple(scores)


def average_scores(answers: Answers) -> tuple[AverageScore, ...]:
    """Average the scores of the classes that have images."""
    averages: list[AverageScore] = []
    for name in ("macro", "weighted"):
        means = precision_recall_fscore_support(
            answers.labels,
            answers.predicted,
            labels=np.unique(answers.labels),
            average=name,
            zero_division=0,
        )
        precision, recall, f1 = map(float, means[:3])
        averages.append(AverageScore(name=name, precision=precision, recall=recall, f1=f1))
    return tuple(averages)


def top_confusions(
    matrix: Matrix, names: Sequence[str], limit: int = TOP_CONFUSIONS
) -> tuple[Confusion, ...]:
    """Return the most frequent confusions, the most frequent first.

    Args:
        matrix: int64 (classes, classes), confusion matrix.
        names: Class names.
        limit: Largest number of confusions.
    """
    mistakes = matrix - np.diag(matrix.diagonal())
    order = np.argsort(-mistakes.ravel(), kind="stable")[:limit]
    places = [divmod(int(at), len(names)) for at in order]
    return tuple(
        Confusion(
            label=names[label],
            answer=names[answered],
            count=int(mistakes[label, answered]),
            share=float(mistakes[label, answered] / matrix[label].sum()),
        )
        for label, answered in places
        if mistakes[label, answered]
    )


def list_errors(answers: Answers, names: Sequence[str]) -> tuple[ErrorRow, ...]:
    """List the wrong answers, the most confident first."""
    return tuple(
        ErrorRow(
            index=at,
            label=names[int(answers.labels[at])],
            answer=names[int(answers.predicted[at])],
            confidence=float(answers.confidences[at]),
            of_label=float(answers.probabilities[at, answers.labels[at]]),
        )
        for at in answers.errors_by_confidence.tolist()
    )
