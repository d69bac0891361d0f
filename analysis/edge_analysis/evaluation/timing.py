"""How long a model takes for an answer, measured in passing.

A figure for orientation, taken while the machine does what it does; ``edge-mnist bench``
measures with care.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from statistics import median
from typing import Final

from edge_analysis.evaluation.answers import ImagesU8, Predictor

_BATCH: Final = 64
_MAX_CALLS: Final = 200
_MAX_TIME_S: Final = 1.0


@dataclass(frozen=True, kw_only=True)
class InferenceTime:
    """Median wall times.

    Attributes:
        single_ms: Of one image alone.
        batched_ms: Of an image in a batch.
        batch: Images in such a batch.
    """

    single_ms: float
    batched_ms: float
    batch: int


def time_inference(predictor: Predictor, images: ImagesU8) -> InferenceTime:
    """Time a model on some images, for at most some seconds.

    Args:
        predictor: The model.
        images: uint8 (n, 28, 28), n at least 1.
    """
    batch = images[:_BATCH]
    return InferenceTime(
        single_ms=_median_ms(predictor, images[:1]),
        batched_ms=_median_ms(predictor, batch) / len(batch),
        batch=len(batch),
    )


def _median_ms(predictor: Predictor, images: ImagesU8) -> float:
    # Keras traces its graph in the first call.
    predictor(images)
    times_ms: list[float] = []
    begun_s = time.perf_counter()
    while len(times_ms) < _MAX_CALLS and time.perf_counter() - begun_s < _MAX_TIME_S:
        started_s = time.perf_counter()
        predictor(images)
        times_ms.append(1000 * (time.perf_counter() - started_s))
    return median(times_ms)
