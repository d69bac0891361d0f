"""What a model looks at: where covering the image costs its answer (Zeiler & Fergus 2014).

Needs nothing but answers, so it works on an ONNX file as on a Keras network.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from edge_analysis.evaluation.answers import ImagesU8, Predictor
from edge_infer.model.metadata import IMAGE_SIZE

PATCH: Final = 6
_GROUND: Final = 0
# Patches stand half over the border too, so that each pixel is covered equally often.
_STARTS: Final = range(1 - PATCH, IMAGE_SIZE)


@dataclass(frozen=True, eq=False)
class OcclusionMap:
    """Where a model's answer to one image comes from.

    Attributes:
        class_id: The answer.
        confidence: Its probability on the whole image, 0-1.
        lost: float32 (28, 28), by how much that probability falls, on average over the
            patches of ground that cover the pixel; below 0 where it rises.
        least: The lowest probability of the answer under any patch.
        least_class_id: What is answered there.
    """

    class_id: int
    confidence: float
    lost: NDArray[np.float32]
    least: float
    least_class_id: int


def map_occlusion(predictor: Predictor, image: ImagesU8) -> OcclusionMap:
    """Cover an image with a patch of ground, everywhere in turn, and ask a model each time.

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
        covered[number][window] = _GROUND
    probabilities = predictor(covered)
    class_id = int(probabilities[-1].argmax())
    of_answer = probabilities[:-1, class_id]
    lost = np.zeros(image.shape, np.float32)
    for window, fall in zip(windows, probabilities[-1, class_id] - of_answer, strict=True):
        lost[window] += fall / PATCH**2
    weakest = int(of_answer.argmin())
    return OcclusionMap(
        class_id=class_id,
        confidence=float(probabilities[-1, class_id]),
        lost=lost,
        least=float(of_answer[weakest]),
        least_class_id=int(probabilities[weakest].argmax()),
    )
