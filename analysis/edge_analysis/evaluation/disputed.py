"""MNIST's test images whose label people dispute.

Reviewers who saw the images without their labels disagreed with these 15. A model that is
right on them has learnt them or was lucky; so accuracy is given with and without.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Final

import numpy as np

from edge_analysis.evaluation.answers import Answers, ImagesU8
from edge_analysis.evaluation.scores import PartScore, score_part

# By index in the test part.
DISPUTED: Final = (
    *(947, 1621, 1901, 2130, 2462, 2597, 2654, 3520),
    *(3558, 5937, 6651, 6783, 8527, 9679, 9729),
)
# Of the pixels of all 10,000.
_MNIST_TEST_SHA256: Final = "6d87418db22cc8025d05968bec9bd5c3932904b23485740db143a061a2c9d161"


@dataclass(frozen=True, kw_only=True)
class DisputedScore:
    """What the disputed images make of a model's accuracy.

    Attributes:
        indices: Of the disputed images.
        wrong: Those of them that the model answered otherwise than their label says.
        without: The score on all others.
    """

    indices: tuple[int, ...]
    wrong: tuple[int, ...]
    without: PartScore


def disputed_among(images: ImagesU8) -> tuple[int, ...]:
    """Give the indices of disputed images; none but in MNIST's test part, whole and in order.

    Args:
        images: uint8 (n, 28, 28).
    """
    same = hashlib.sha256(images.tobytes()).hexdigest() == _MNIST_TEST_SHA256
    return DISPUTED if same else ()


def score_disputed(answers: Answers, indices: tuple[int, ...]) -> DisputedScore | None:
    """Measure a model without the disputed images; None where there are none."""
    if not indices:
        return None
    kept = np.ones(len(answers.labels), np.bool_)
    kept[list(indices)] = False
    others = Answers(answers.labels[kept], answers.probabilities[kept])
    wrong = tuple(index for index in indices if not answers.right[index])
    return DisputedScore(
        indices=indices, wrong=wrong, without=score_part("test without disputed", others)
    )
