"""Test images of MNIST whose label is suspected to be wrong.

Reviewers who saw the images without their labels disagreed with these 15. Accuracy is therefore
reported with and without them.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Final

import numpy as np

from edge_analysis.evaluation.data import Answers, ImagesU8
from edge_analysis.evaluation.scores import PartScore, score_part

# Indices in the test part.
SUSPECTED: Final = (
    *(947, 1621, 1901, 2130, 2462, 2597, 2654, 3520),
    *(3558, 5937, 6651, 6783, 8527, 9679, 9729),
)
# Digest of the pixels of all 10,000 test images.
MNIST_TEST_SHA256: Final = "6d87418db22cc8025d05968bec9bd5c3932904b23485740db143a061a2c9d161"


@dataclass(frozen=True, kw_only=True)
class LabelErrorScore:
    """Indices of the suspected images, those answered unlike their label, score without them."""

    indices: tuple[int, ...]
    wrong: tuple[int, ...]
    without: PartScore


def suspected_label_errors(
    images: ImagesU8, *, test_sha256: str = MNIST_TEST_SHA256
) -> tuple[int, ...]:
    """Return the indices of the suspected label errors, or none for another data set.

    Args:
        images: uint8 (n, 28, 28), a test part.
        test_sha256: Digest of the pixels of the test part that the indices belong to.
    """
    same = hashlib.sha256(images.tobytes()).hexdigest() == test_sha256
    return SUSPECTED if same else ()


def score_without(answers: Answers, indices: tuple[int, ...]) -> LabelErrorScore | None:
    """Score a model without some images; None for no indices."""
    if not indices:
        return None
    kept = np.delete(np.arange(len(answers.labels)), indices)
    remaining = Answers(answers.labels[kept], answers.probabilities[kept])
    return LabelErrorScore(
        indices=indices,
        wrong=tuple(index for index in indices if not answers.right[index]),
        without=score_part("test without suspected label errors", remaining),
    )
