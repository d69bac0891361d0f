"""How often a model is right: on each part, for each class, and what it mistakes for what."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from edge_analysis.evaluation.answers import Answers
from edge_infer.model.metadata import Accuracy
from edge_infer.model.reliability import wilson_interval

TOP_CONFUSIONS: Final = 15
# 97.5 % quantile of the normal distribution: two-sided 95 % intervals.
_Z_95: Final = 1.959963984540054

Interval = tuple[float, float]
Matrix = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class PartScore:
    """How a model does on one part of the data.

    Attributes:
        name: Of the part.
        n: Number of images.
        correct: Number of right answers.
        accuracy: In 0-1.
        accuracy_95: Bounds of its 95 % interval (Wilson 1927).
        loss: Mean cross-entropy in nats.
        loss_95: Bounds of its 95 % interval, by the normal approximation of a mean.
    """

    name: str
    n: int
    correct: int
    accuracy: float
    accuracy_95: Interval
    loss: float
    loss_95: Interval


@dataclass(frozen=True, kw_only=True)
class ClassScore:
    """How a model does on one class.

    Attributes:
        name: Of the class.
        support: Number of images of it.
        answered: Number of images that it was the answer to.
        correct: Number of images of it that were recognised.
        precision: Share of ``answered`` that are of the class, in 0-1; 0 for none answered.
        recall: Share of ``support`` that were recognised, the success rate, in 0-1; 0 where
            there are none.
        recall_95: Bounds of its 95 % interval (Wilson 1927).
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


@dataclass(frozen=True, kw_only=True)
class AverageScore:
    """Means over the classes that have images.

    Attributes:
        name: ``"macro"``: each class counts alike; ``"weighted"``: by its support.
        precision: In 0-1.
        recall: In 0-1.
        f1: In 0-1.
    """

    name: str
    precision: float
    recall: float
    f1: float


@dataclass(frozen=True, kw_only=True)
class Confusion:
    """One class taken for another.

    Attributes:
        label: The true class.
        answer: What it was taken for.
        count: How often.
        share: Of the images of the true class, in 0-1.
    """

    label: str
    answer: str
    count: int
    share: float


@dataclass(frozen=True, kw_only=True)
class ErrorRow:
    """One wrong answer.

    Attributes:
        index: Of the image in its part.
        label: The true class.
        answer: The class that was answered.
        confidence: Probability of the answer, 0-1.
        of_label: Probability of the true class, 0-1.
    """

    index: int
    label: str
    answer: str
    confidence: float
    of_label: float


def score_part(name: str, answers: Answers) -> PartScore:
    """Measure accuracy and loss on a part."""
    n, correct = len(answers.labels), int(answers.right.sum())
    loss = float(answers.losses.mean())
    spread = _Z_95 * float(answers.losses.std()) / math.sqrt(n)
    return PartScore(
        name=name,
        n=n,
        correct=correct,
        accuracy=correct / n,
        accuracy_95=wilson_interval(Accuracy(correct=correct, n=n)),
        loss=loss,
        loss_95=(max(0.0, loss - spread), loss + spread),
    )


def confusion_matrix(answers: Answers) -> Matrix:
    """Count answers: int64 (classes, classes), true classes down and answers across."""
    classes = answers.probabilities.shape[1]
    pairs = np.bincount(answers.labels * classes + answers.predicted, minlength=classes**2)
    return pairs.reshape(classes, classes)


def score_classes(matrix: Matrix, names: Sequence[str]) -> tuple[ClassScore, ...]:
    """Measure each class by a confusion matrix, in its order."""
    return tuple(
        _score_class(name, int(matrix[at, at]), int(matrix[at].sum()), int(matrix[:, at].sum()))
        for at, name in enumerate(names)
    )


def average_scores(classes: Sequence[ClassScore]) -> tuple[AverageScore, ...]:
    """Average over the classes that have images: each alike, and by support."""
    met = [one for one in classes if one.support]
    values = np.array([(one.precision, one.recall, one.f1) for one in met])
    supports = np.array([one.support for one in met])
    means = {"macro": values.mean(axis=0), "weighted": supports @ values / supports.sum()}
    return tuple(
        AverageScore(name=name, precision=float(row[0]), recall=float(row[1]), f1=float(row[2]))
        for name, row in means.items()
    )


def top_confusions(
    matrix: Matrix, names: Sequence[str], limit: int = TOP_CONFUSIONS
) -> tuple[Confusion, ...]:
    """Give the most frequent mistakes, the most frequent first."""
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
    """List the wrong answers, the surest first."""
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


def _score_class(name: str, correct: int, support: int, answered: int) -> ClassScore:
    precision, recall = correct / max(answered, 1), correct / max(support, 1)
    return ClassScore(
        name=name,
        support=support,
        answered=answered,
        correct=correct,
        precision=precision,
        recall=recall,
        recall_95=wilson_interval(Accuracy(correct=correct, n=support)) if support else (0.0, 1.0),
        f1=2 * correct / max(answered + support, 1),
    )
