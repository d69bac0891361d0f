from __future__ import annotations

import numpy as np
import pytest

from edge_train.evaluate import evaluate


class Oracle:
    """Answers 0.9 for the class written in the first pixel of each image."""

    def predict(self, images: np.ndarray, batch_size: int, verbose: int) -> np.ndarray:
        assert verbose == 0
        probabilities = np.full((len(images), 3), 0.05, np.float32)
        probabilities[np.arange(len(images)), images[:, 0, 0]] = 0.9
        return probabilities


def test_evaluation_counts_right_answers_and_their_loss() -> None:
    images = np.zeros((4, 28, 28), np.uint8)
    images[:, 0, 0] = [0, 1, 2, 2]
    result = evaluate(Oracle(), images, np.array([0, 1, 2, 0]))
    assert (result.correct, result.n, result.accuracy) == (3, 4, 0.75)
    assert result.loss == pytest.approx(-(3 * np.log(0.9) + np.log(0.05)) / 4, rel=1e-5)
    assert result.time_ms > 0
