"""Evaluation of Keras models, and the saved model of a run."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import pytest

from edge_infer.errors import RunError
from edge_train.evaluate import evaluate, load_predictor

BRIGHTER = 3


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


@pytest.fixture(scope="module")
def model_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A network of two classes: the more foreground, the more likely the second."""
    model = keras.Sequential(
        [
            keras.Input((28, 28)),
            keras.layers.Rescaling(1 / 255),
            keras.layers.Flatten(),
            keras.layers.Dense(2, activation="softmax", use_bias=False),
        ]
    )
    model.layers[-1].set_weights([np.tile(np.float32([0, BRIGHTER / 784]), (784, 1))])
    path = tmp_path_factory.mktemp("run") / "model.keras"
    model.save(path)
    return path


def test_predictor_gives_probabilities_of_any_number_of_images_and_prints_nothing(
    model_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    predict = load_predictor(model_path)
    for count in (1, 501):
        levels = np.arange(count) % 256
        found = predict(np.tile(levels.astype(np.uint8)[:, None, None], (1, 28, 28)))
        assert (found.dtype, found.shape) == (np.float32, (count, 2))
        odds = np.exp(BRIGHTER * levels / 255)
        np.testing.assert_allclose(found[:, 1], odds / (1 + odds), rtol=1e-5)
    assert capfd.readouterr().out == ""


@pytest.mark.parametrize("content", [None, b"", b"PK\x03\x04 and no more"])
def test_missing_and_damaged_models_are_run_errors(content: bytes | None, tmp_path: Path) -> None:
    path = tmp_path / "model.keras"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(RunError, match="Keras cannot read .*model.keras: "):
        load_predictor(path)
