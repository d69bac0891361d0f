"""Detect the orientation of a page in quarter turns."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from edge_infer.page.binarize import ImageU8

QUARTERS: Final = 4
# A rotation must be likelier than none by this many nats for each component. Most pages are
# upright, and 0, 1, 8 and some 6 and 9 look the same upside down.
MIN_GAIN: Final = 0.4
# Its mean log probability must be at least this: an unreadable page is not rotated.
MIN_MEAN: Final = -1.2
# Components that are needed; a single digit may be anything.
MIN_COMPONENTS: Final = 2
# Log probabilities are clipped here, so that a component that is no digit has little influence.
MIN_LOG: Final = -5.0


def rotated_tensors(tensors: ImageU8) -> ImageU8:
    """Rotate tensors by 1, 2 and 3 quarters clockwise.

    Args:
        tensors: uint8 (n, 28, 28).

    Returns:
        uint8 (3 n, 28, 28), all tensors of one rotation together.
    """
    rotated = [np.rot90(tensors, -quarters, axes=(1, 2)) for quarters in range(1, QUARTERS)]
    return np.concatenate(rotated)


def likeliest_rotation(log_probabilities: NDArray[np.float64]) -> int:
    """Return by how many quarters the page must be rotated clockwise to be upright, 0-3.

    Args:
        log_probabilities: float64 (4, n), the log probability that each component is some digit,
            for each rotation.
    """
    count = log_probabilities.shape[1]
    if count < MIN_COMPONENTS:
        return 0
    means = np.maximum(log_probabilities, MIN_LOG).mean(axis=1)
    best = int(means.argmax())
    return best if means[best] >= max(means[0] + MIN_GAIN, MIN_MEAN) else 0
