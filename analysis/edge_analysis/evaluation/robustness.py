"""Accuracy on perturbed images."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from edge_analysis.evaluation.data import Part, Predictor, answer
from edge_analysis.evaluation.perturbations import Perturbation, perturb
from edge_analysis.report_folder import Progress
from edge_infer.model.metadata import Accuracy
from edge_infer.model.reliability import wilson_interval

# Gives an interval of about one percentage point in a fifth of the time of all MNIST images.
MAX_IMAGES: Final = 2000
# A strength is tolerated if it costs at most this much accuracy.
TOLERATED_LOSS: Final = 0.05


@dataclass(frozen=True, kw_only=True)
class RobustnessPoint:
    """Accuracy at one strength, in 0-1, with its 95 % interval (Wilson 1927)."""

    strength: float
    correct: int
    n: int
    accuracy: float
    accuracy_95: tuple[float, float]


@dataclass(frozen=True, kw_only=True)
class RobustnessCurve:
    """Accuracy of one model under one perturbation. The fields are keys of ``report.json``.

    Attributes:
        model: Name of the model.
        disturbance: Name of the perturbation.
        axis: Meaning and unit of the strength.
        unit: Unit of the strength in a sentence; "" for a share.
        none: The strength that changes nothing.
        points: Accuracies at ascending strengths.
    """

    model: str
    disturbance: str
    axis: str
    unit: str
    none: float
    points: tuple[RobustnessPoint, ...]

    @property
    def tolerated(self) -> tuple[float, float]:
        """Lowest and highest strength of the range around ``none`` that costs up to 5 points."""
        strengths = [point.strength for point in self.points]
        middle = strengths.index(self.none)
        required = self.points[middle].accuracy - TOLERATED_LOSS
        first = last = middle
        while first > 0 and self.points[first - 1].accuracy >= required:
            first -= 1
        while last < len(strengths) - 1 and self.points[last + 1].accuracy >= required:
            last += 1
        return strengths[first], strengths[last]

    @property
    def worst(self) -> RobustnessPoint:
        """The point with the lowest accuracy."""
        return min(self.points, key=lambda point: point.accuracy)


def choose_images(part: Part, count: int = MAX_IMAGES) -> Part:
    """Choose ``count`` images at even distances from a part, or all of a smaller part."""
    if len(part.labels) <= count:
        return part
    chosen = np.linspace(0, len(part.labels) - 1, count).astype(np.int64)
    return Part(part.name, part.images[chosen], part.labels[chosen])


def measure_robustness(
    models: Sequence[tuple[str, Predictor]],
    part: Part,
    progress: Progress,
    kinds: Sequence[Perturbation],
) -> tuple[RobustnessCurve, ...]:
    """Measure the accuracy of models on perturbed images.

    Args:
        models: Name and predictor of each model.
        part: The original images.
        progress: Called before each strength.
        kinds: The perturbations.

    Returns:
        A curve per perturbation and model.
    """
    points: dict[tuple[str, str], list[RobustnessPoint]] = {}
    steps = [(kind, strength) for kind in kinds for strength in kind.strengths]
    for done, (kind, strength) in enumerate(steps):
        progress("perturbing images", done, len(steps))
        perturbed = Part(part.name, perturb(kind, part.images, strength), part.labels)
        for name, predictor in models:
            point = _measure(predictor, perturbed, strength)
            points.setdefault((kind.name, name), []).append(point)
    return tuple(
        RobustnessCurve(
            model=name,
            disturbance=kind.name,
            axis=kind.axis,
            unit=kind.unit,
            none=kind.none,
            points=tuple(points[kind.name, name]),
        )
        for kind in kinds
        for name, _ in models
    )


def _measure(predictor: Predictor, part: Part, strength: float) -> RobustnessPoint:
    accuracy = Accuracy(correct=int(answer(predictor, part).right.sum()), n=len(part.labels))
    return RobustnessPoint(
        strength=strength,
        correct=accuracy.correct,
        n=accuracy.n,
        accuracy=accuracy.fraction,
        accuracy_95=wilson_interval(accuracy),
    )
