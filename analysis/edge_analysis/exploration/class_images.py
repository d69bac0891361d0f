"""The mean picture of each class, and where its pictures differ from it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False, kw_only=True)
class ClassImages:
    """Of each class; 0 all over for one without pictures.

    Attributes:
        mean: float64 (classes, h, w), grey levels 0-255.
        variance: float64 (classes, h, w), grey levels squared.
    """

    mean: NDArray[np.float64]
    variance: NDArray[np.float64]


def class_images(images: NDArray[np.uint8], labels: NDArray[np.int64], classes: int) -> ClassImages:
    """Find the mean and the variance of each pixel by class.

    Args:
        images: uint8 (n, h, w).
        labels: int64 (n,), 0 to ``classes`` less 1.
        classes: How many there are.
    """
    mean = np.zeros((classes, *images.shape[1:]))
    variance = np.zeros_like(mean)
    for label in np.unique(labels):
        of_class = images[labels == label].astype(np.float32)
        mean[label] = of_class.mean(axis=0, dtype=np.float64)
        variance[label] = of_class.var(axis=0, dtype=np.float64)
    return ClassImages(mean=mean, variance=variance)
