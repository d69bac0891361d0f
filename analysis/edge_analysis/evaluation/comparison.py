"""Two models on the same images: who is right where the other is not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from edge_analysis.evaluation.answers import Answers


@dataclass(frozen=True, kw_only=True)
class Disagreement:
    """An image that two models answer differently.

    Attributes:
        index: Of the image in its part.
        label: The true class.
        answers: Of both models.
        confidences: Of both, 0-1.
    """

    index: int
    label: str
    answers: tuple[str, str]
    confidences: tuple[float, float]


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """Two models side by side.

    Attributes:
        models: Their names.
        both_right: Images that both get right.
        only_first: Images that only the first gets right.
        only_second: Images that only the second gets right.
        both_wrong: Images that neither gets right.
        p_value: Of McNemar's exact test (McNemar 1947; two-sided binomial): the chance of
            so lopsided a split or worse were both equally good.
        disagreements: Images with different answers, those that one gets right first.
    """

    models: tuple[str, str]
    both_right: int
    only_first: int
    only_second: int
    both_wrong: int
    p_value: float
    disagreements: tuple[Disagreement, ...]

    @property
    def n(self) -> int:
        """Number of images."""
        return self.both_right + self.only_first + self.only_second + self.both_wrong

    @property
    def agreement(self) -> float:
        """Share of images with the same answer, in 0-1."""
        return 1 - len(self.disagreements) / self.n


def compare_answers(
    models: tuple[str, str], first: Answers, second: Answers, names: Sequence[str]
) -> Comparison:
    """Compare the answers of two models to the same images.

    Args:
        models: Their names.
        first: Answers of one.
        second: Answers of the other.
        names: Of the classes.
    """
    only_first = int((first.right & ~second.right).sum())
    only_second = int((~first.right & second.right).sum())
    return Comparison(
        models=models,
        both_right=int((first.right & second.right).sum()),
        only_first=only_first,
        only_second=only_second,
        both_wrong=int((~first.right & ~second.right).sum()),
        p_value=mcnemar_p_value(only_first, only_second),
        disagreements=_disagreements(first, second, names),
    )


def mcnemar_p_value(only_first: int, only_second: int) -> float:
    """Test whether two models are equally often right, by the images that only one gets right.

    Returns:
        The exact two-sided p-value: that of a fair coin falling so unevenly, in 0-1.
    """
    n, fewer = only_first + only_second, min(only_first, only_second)
    ways = tail = 1
    for count in range(fewer):
        ways = ways * (n - count) // (count + 1)
        tail += ways
    # Of whole numbers: 2**n is beyond any float for some thousand disagreements.
    return min(1.0, float(2 * tail / 2**n))


def _disagreements(
    first: Answers, second: Answers, names: Sequence[str]
) -> tuple[Disagreement, ...]:
    different = np.flatnonzero(first.predicted != second.predicted)
    telling = first.right[different] != second.right[different]
    order = different[np.argsort(~telling, kind="stable")]
    return tuple(
        Disagreement(
            index=at,
            label=names[int(first.labels[at])],
            answers=(names[int(first.predicted[at])], names[int(second.predicted[at])]),
            confidences=(float(first.confidences[at]), float(second.confidences[at])),
        )
        for at in order.tolist()
    )
