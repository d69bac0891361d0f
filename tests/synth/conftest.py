"""Drawn digits, normalised as the runtime does it."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from edge_infer.glyph.preprocess import fit_to_box
from edge_synth import draw_digits


@pytest.fixture(scope="session")
def labels() -> NDArray[np.int64]:
    """Each digit 40 times, in random order."""
    return np.random.default_rng(0).permutation(np.repeat(np.arange(10), 40))


@pytest.fixture(scope="session")
def digits(labels: NDArray[np.int64]) -> NDArray[np.uint8]:
    """A drawn digit for each label, uint8 (400, 28, 28), bright ink on 0."""
    images = np.zeros((len(labels), 28, 28), np.uint8)
    for index, picture in draw_digits(labels, np.random.default_rng(1)):
        images[index] = fit_to_box(picture)
    return images
