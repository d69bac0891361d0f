"""Occlusion sensitivity: where covering an image lowers the probability of the answer.

Zeiler and Fergus 2014. The method needs answers only, so it works for ONNX files and for Keras
networks.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from edge_analysis.evaluation.data import ImagesU8, Predictor
from edge_infer.model.metadata import IMAGE_SIZE

PATCH: Final = 6
_BACKGROUND: Final = 0
# Patches reach over the border, so that each pixel is covered equally often.
_STARTS: Final = range(1 - PATCH, IMAGE_SIZE)


@dataclass(frozen=True, eq=False)
class OcclusionMap:
    """Occlusion sensitivity of one image.

    Attributes:
        class_id: Answer to the whole image.
        confidence: Its probability in 0-1.
        lost: float32 (28, 28), mean decrease of that probability over the patches that cover a
            pixel; negative where it increases.
        least: Lowest probability of the answer under any patch.
        least_class_id: Answer under that patch.
    """

    class_id: int
    confidence: float
    lost: NDArray[np.float32]
    least: float
    least_class_id: int


def map_occlusion(predictor: Predictor, image: ImagesU8) -> OcclusionMap:
    """Cover an image with a background patch at every position and run the model on each.

    Args:
        predictor: The model.
        image: uint8 (28, 28).
    """
    windows = [
        (slice(max(top, 0), top + PATCH), slice(max(left, 0), left + PATCH))
        for top in _STARTS
        for left in _STARTS
    ]
    covered = np.repeat(image[np.newaxis], len(windows) + 1, axis=0)
    for number, window in enumerate(windows):
        covered[number][window] = _BACKGROUND
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
