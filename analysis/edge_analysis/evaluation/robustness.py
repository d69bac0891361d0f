"""How accuracy falls as images get worse."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from edge_analysis.evaluation.answers import Part, Predictor, Progress, answer
from edge_analysis.evaluation.disturbances import Disturbance, disturb
from edge_infer.model.metadata import Accuracy
from edge_infer.model.reliability import wilson_interval

# Enough for an interval of a percentage point; all 10,000 of MNIST would take five times longer.
MAX_IMAGES: Final = 2000
# An answer is still about as good as on the images as they are.
TOLERATED_LOSS: Final = 0.05


@dataclass(frozen=True, kw_only=True)
class RobustnessPoint:
    """Accuracy at one strength.

    Attributes:
        strength: In the unit of the disturbance.
        correct: Right answers.
        n: Images.
        accuracy: In 0-1.
        accuracy_95: Bounds of its 95 % interval (Wilson 1927).
    """

    strength: float
    correct: int
    n: int
    accuracy: float
    accuracy_95: tuple[float, float]


@dataclass(frozen=True, kw_only=True)
class RobustnessCurve:
    """Accuracy of one model under one disturbance.

    Attributes:
        model: Its name.
        disturbance: Its name.
        axis: What its strength measures, with the unit.
        unit: Of its strength, as in a sentence; "" for a share.
        none: The strength that changes nothing.
        points: At ascending strengths.
    """

    model: str
    disturbance: str
    axis: str
    unit: str
    none: float
    points: tuple[RobustnessPoint, ...]

    @property
    def tolerated(self) -> tuple[float, float]:
        """Weakest and strongest of the strengths, around none, that cost up to 5 points."""
        strengths = [point.strength for point in self.points]
        middle = strengths.index(self.none)
        least = self.points[middle].accuracy - TOLERATED_LOSS
        first = last = middle
        while first > 0 and self.points[first - 1].accuracy >= least:
            first -= 1
        while last < len(strengths) - 1 and self.points[last + 1].accuracy >= least:
            last += 1
        return strengths[first], strengths[last]

    @property
    def worst(self) -> RobustnessPoint:
        """The point of the lowest accuracy."""
        return min(self.points, key=lambda point: point.accuracy)


def choose_images(part: Part, count: int = MAX_IMAGES) -> Part:
    """Choose images evenly from a part: the same ones each time, all where there are fewer."""
    if len(part.labels) <= count:
        return part
    chosen = np.linspace(0, len(part.labels) - 1, count).astype(np.int64)
    return Part(part.name, part.images[chosen], part.labels[chosen])


def measure_robustness(
    models: Sequence[tuple[str, Predictor]],
    part: Part,
    progress: Progress,
    kinds: Sequence[Disturbance],
) -> tuple[RobustnessCurve, ...]:
    """Measure models on images that get worse.

    Args:
        models: Name and function of each.
        part: The images as they are.
        progress: Told how far it is.
        kinds: What happens to them.

    Returns:
        A curve for each kind and each model of it.
    """
    points: dict[tuple[str, str], list[RobustnessPoint]] = {}
    steps = [(kind, strength) for kind in kinds for strength in kind.strengths]
    for done, (kind, strength) in enumerate(steps):
        progress("disturbing images", done, len(steps))
        worse = Part(part.name, disturb(kind, part.images, strength), part.labels)
        for name, predictor in models:
            point = _measure(predictor, worse, strength)
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
    answers = answer(predictor, part, _unheard)
    correct, n = int(answers.right.sum()), len(part.labels)
    return RobustnessPoint(
        strength=strength,
        correct=correct,
        n=n,
        accuracy=correct / n,
        accuracy_95=wilson_interval(Accuracy(correct=correct, n=n)),
    )


def _unheard(what: str, done: int, total: int) -> None:
    """Take the progress of a single strength, which is told of as one step."""
