"""Accuracy on perturbed images, and occlusion sensitivity.

A perturbation changes the 28x28 tensor itself. Its random numbers have a fixed seed: all models
get the same images, and a stronger shift has the direction of a weaker one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_analysis.data_set import ImagesU8, Split
from edge_analysis.evaluation.answers import answer
from edge_analysis.evaluation.models import Predictor
from edge_analysis.report_folder import Progress
from edge_infer.model.metadata import IMAGE_SIZE, Accuracy
from edge_infer.model.reliability import wilson_interval

# Gives an interval of about one percentage point in a fifth of the time of all MNIST images.
MAX_IMAGES: Final = 2000
# A strength is tolerated if it costs at most this much accuracy.
TOLERATED_LOSS: Final = 0.05
_SEED: Final = 0
_SIZE: Final = (IMAGE_SIZE, IMAGE_SIZE)
_CENTRE: Final = ((IMAGE_SIZE - 1) / 2, (IMAGE_SIZE - 1) / 2)
# Side of the patches of an occlusion map, in pixels. Patches reach over the border, so that each
# pixel is covered equally often.
PATCH: Final = 6
_STARTS: Final = range(1 - PATCH, IMAGE_SIZE)
# Strokes are widened in an enlarged image, because a step of half a pixel needs more pixels.
_ENLARGEMENT: Final = 4

Rng = np.random.Generator


@dataclass(frozen=True)
class Perturbation:
    """One kind of perturbation, with strengths in ascending order.

    ``axis`` is the meaning and unit of the strength, to be read after the name; ``unit`` is the
    unit in a sentence, "" for a share. ``apply`` takes images, uint8 (n, 28, 28), a strength and a
    random generator, and returns new images. The strength ``none`` changes nothing.
    """

    name: str
    axis: str
    unit: str
    strengths: tuple[float, ...]
    apply: Callable[[ImagesU8, float, Rng], ImagesU8]
    none: float = 0


@dataclass(frozen=True)
class RobustnessPoint:
    """Accuracy at one strength, in 0-1, with its 95 % interval (Wilson 1927)."""

    strength: float
    correct: int
    n: int
    accuracy: float
    accuracy_95: tuple[float, float]


@dataclass(frozen=True)
class RobustnessCurve:
    """Accuracy of one model under one perturbation. The fields are keys of ``report.json``."""

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
        first = last = strengths.index(self.none)
        required = self.points[first].accuracy - TOLERATED_LOSS
        while first > 0 and self.points[first - 1].accuracy >= required:
            first -= 1
        while last < len(strengths) - 1 and self.points[last + 1].accuracy >= required:
            last += 1
        return strengths[first], strengths[last]

    @property
    def worst(self) -> RobustnessPoint:
        """The point with the lowest accuracy."""
        return min(self.points, key=lambda point: point.accuracy)


def perturb(kind: Perturbation, images: ImagesU8, strength: float) -> ImagesU8:
    """Perturb images, uint8 (n, 28, 28); the result depends on the arguments alone."""
    return kind.apply(images, strength, np.random.default_rng(_SEED))


def choose_images(split: Split, count: int = MAX_IMAGES) -> Split:
    """Choose ``count`` images at even distances from a split, or all of a smaller one."""
    if len(split.labels) <= count:
        return split
    return split.take(np.linspace(0, len(split.labels) - 1, count).astype(np.int64))


def measure_robustness(
    models: Sequence[tuple[str, Predictor]],
    split: Split,
    progress: Progress,
    kinds: Sequence[Perturbation],
) -> tuple[RobustnessCurve, ...]:
    """Measure models, given by name and predictor: a curve per perturbation and model."""
    points: dict[tuple[str, str], list[RobustnessPoint]] = {}
    steps = [(kind, strength) for kind in kinds for strength in kind.strengths]
    for done, (kind, strength) in enumerate(steps):
        progress("perturbing images", done, len(steps))
        perturbed = replace(split, images=perturb(kind, split.images, strength))
        for name, predictor in models:
            point = _measure(predictor, perturbed, strength)
            points.setdefault((kind.name, name), []).append(point)
    return tuple(
        RobustnessCurve(
            name, kind.name, kind.axis, kind.unit, kind.none, tuple(points[kind.name, name])
        )
        for kind in kinds
        for name, _ in models
    )


@dataclass(frozen=True, eq=False)
class OcclusionMap:
    """Occlusion sensitivity of one image: answer to the whole image and its probability in 0-1.

    ``lost``, float32 (28, 28), is the mean decrease of that probability over the patches that
    cover a pixel; ``least`` its lowest value under any patch, ``least_class_id`` the answer there.
    """

    class_id: int
    confidence: float
    lost: NDArray[np.float32]
    least: float
    least_class_id: int


def map_occlusion(predictor: Predictor, image: ImagesU8) -> OcclusionMap:
    """Cover an image, uint8 (28, 28), with a background patch at each position.

    This is occlusion sensitivity (Zeiler and Fergus 2014).
    """
    windows = [
        (slice(max(top, 0), top + PATCH), slice(max(left, 0), left + PATCH))
        for top in _STARTS
        for left in _STARTS
    ]
    covered = np.repeat(image[np.newaxis], len(windows) + 1, axis=0)
    for number, window in enumerate(windows):
        covered[number][window] = 0
    probabilities = predictor(covered)
    class_id = int(probabilities[-1].argmax())
    of_answer = probabilities[:-1, class_id]
    lost = np.zeros(image.shape, np.float32)
    for window, decrease in zip(windows, probabilities[-1, class_id] - of_answer, strict=True):
        lost[window] += decrease / PATCH**2
    lowest = int(of_answer.argmin())
    return OcclusionMap(
        class_id=class_id,
        confidence=float(probabilities[-1, class_id]),
        lost=lost,
        least=float(of_answer[lowest]),
        least_class_id=int(probabilities[lowest].argmax()),
    )


def _measure(predictor: Predictor, split: Split, strength: float) -> RobustnessPoint:
    accuracy = Accuracy(correct=int(answer(predictor, split).right.sum()), n=len(split.labels))
    interval = wilson_interval(accuracy)
    return RobustnessPoint(strength, accuracy.correct, accuracy.n, accuracy.fraction, interval)


def _shift(images: ImagesU8, pixels: float, rng: Rng) -> ImagesU8:
    angles = rng.uniform(0, 2 * np.pi, len(images))
    steps = pixels * np.stack((np.cos(angles), np.sin(angles)), axis=1)
    return _warp(images, ([[1, 0, x], [0, 1, y]] for x, y in steps))


def _rotate(images: ImagesU8, degrees: float, _: Rng) -> ImagesU8:
    return _warp(images, [cv2.getRotationMatrix2D(_CENTRE, degrees, 1)] * len(images))


def _scale(images: ImagesU8, factor: float, _: Rng) -> ImagesU8:
    return _warp(images, [cv2.getRotationMatrix2D(_CENTRE, 0, factor)] * len(images))


def _warp(images: ImagesU8, matrices: Iterable[Any]) -> ImagesU8:
    pairs = zip(images, matrices, strict=True)
    warped = [cv2.warpAffine(image, np.asarray(matrix, float), _SIZE) for image, matrix in pairs]
    return np.asarray(warped, np.uint8)


def _add_noise(images: ImagesU8, levels: float, rng: Rng) -> ImagesU8:
    noise = rng.standard_normal(images.shape, np.float32)
    return np.asarray(np.clip(np.rint(images + levels * noise), 0, 255), np.uint8)


def _blur(images: ImagesU8, pixels: float, _: Rng) -> ImagesU8:
    if not pixels:
        return images.copy()
    return np.asarray([cv2.GaussianBlur(image, (0, 0), pixels) for image in images], np.uint8)


def _change_stroke_width(images: ImagesU8, pixels: float, _: Rng) -> ImagesU8:
    if not pixels:
        return images.copy()
    side = round(_ENLARGEMENT * abs(pixels)) + 1
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    change = cv2.dilate if pixels > 0 else cv2.erode
    enlarged = (_ENLARGEMENT * IMAGE_SIZE, _ENLARGEMENT * IMAGE_SIZE)
    changed = (
        change(cv2.resize(image, enlarged, interpolation=cv2.INTER_LINEAR), disc)
        for image in images
    )
    reduced = [cv2.resize(image, _SIZE, interpolation=cv2.INTER_AREA) for image in changed]
    return np.asarray(reduced, np.uint8)


def _reduce_contrast(images: ImagesU8, share: float, _: Rng) -> ImagesU8:
    return np.asarray(np.rint(images * (1 - share)), np.uint8)


def _invert(images: ImagesU8, share: float, _: Rng) -> ImagesU8:
    return np.asarray(np.rint(images + share * (255.0 - 2.0 * images)), np.uint8)


_SHIFTS = (0, 1, 2, 3, 4, 5, 6, 8)
_ANGLES = (-60, -45, -30, -15, 0, 15, 30, 45, 60)
_FACTORS = (0.4, 0.5, 0.6, 0.8, 1, 1.2, 1.4, 1.6)
_LEVELS = (0, 20, 40, 60, 80, 100, 130)
_SIGMAS = (0, 0.5, 1, 1.5, 2, 2.5, 3)
_WIDTHS = (-2, -1.5, -1, -0.5, 0, 1, 2, 3, 4)
_LOSSES = (0, 0.2, 0.4, 0.6, 0.8, 0.9, 0.95)
_SHARES = (0, 0.1, 0.2, 0.3, 0.4, 0.6, 0.8, 1)
PERTURBATIONS: Final = (
    Perturbation("shift", "in a random direction (pixels)", "pixels", _SHIFTS, _shift),
    Perturbation("rotation", "counter-clockwise (degrees)", "degrees", _ANGLES, _rotate),
    Perturbation("scale", "factor (times the size)", "times the size", _FACTORS, _scale, none=1),
    Perturbation("noise", "standard deviation (grey levels)", "grey levels", _LEVELS, _add_noise),
    Perturbation("blur", "standard deviation (pixels)", "pixels", _SIGMAS, _blur),
    Perturbation("stroke", "change of the width (pixels)", "pixels", _WIDTHS, _change_stroke_width),
    Perturbation("contrast", "loss (share)", "", _LOSSES, _reduce_contrast),
    Perturbation("inversion", "to dark strokes (share)", "", _SHARES, _invert),
)
