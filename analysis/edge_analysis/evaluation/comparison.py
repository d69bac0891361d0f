"""Comparison of two models on the same images."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import binomtest

from edge_analysis.evaluation.data import Answers


@dataclass(frozen=True, kw_only=True)
class Disagreement:
    """An image that two models answer differently: index, true class, answers, confidences."""

    index: int
    label: str
    answers: tuple[str, str]
    confidences: tuple[float, float]


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """Two models on the same images: how many images both, one or none classifies correctly.

    ``p_value`` is the two-sided p-value of McNemar's exact test (McNemar 1947) of equal accuracy.
    Of the ``disagreements`` those that one model classifies correctly come first.
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
        """Share of images with the same answer in 0-1."""
        return 1 - len(self.disagreements) / self.n


def compare_answers(
    models: tuple[str, str], first: Answers, second: Answers, names: Sequence[str]
) -> Comparison:
    """Compare the answers of two models, given by name, to the same images."""
    only_first = int((first.right & ~second.right).sum())
    only_second = int((~first.right & second.right).sum())
    different = np.flatnonzero(first.predicted != second.predicted)
    one_right = first.right[different] != second.right[different]
    return Comparison(
        models=models,
        both_right=int((first.right & second.right).sum()),
        only_first=only_first,
        only_second=only_second,
        both_wrong=int((~first.right & ~second.right).sum()),
        p_value=mcnemar_p_value(only_first, only_second),
        disagreements=tuple(
            Disagreement(
                index=at,
                label=names[int(first.labels[at])],
                answers=(names[int(first.predicted[at])], names[int(second.predicted[at])]),
                confidences=(float(first.confidences[at]), float(second.confidences[at])),
            )
            for at in different[np.argsort(~one_right, kind="stable")].tolist()
        ),
    )


def mcnemar_p_value(only_first: int, only_second: int) -> float:
    """Return the two-sided p-value of McNemar's exact test.

    Args:
        only_first: Images that only the first model classifies correctly.
        only_second: Images that only the second model classifies correctly.
    """
    n = only_first + only_second
    return float(binomtest(only_first, n).pvalue) if n else 1.0
