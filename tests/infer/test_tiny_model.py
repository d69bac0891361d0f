"""The model that the other tests stand on."""

from pathlib import Path
from types import ModuleType

import pytest

from edge_infer import Classifier


def test_tiny_model_is_what_its_script_makes(
    tiny_model_path: Path, tiny_model_script: ModuleType
) -> None:
    pytest.importorskip("onnx", reason="making a model needs the onnx package")
    assert tiny_model_script.build() == tiny_model_path.read_bytes()


def test_tiny_model_is_tiny(tiny_model_path: Path) -> None:
    assert tiny_model_path.stat().st_size < 5000


@pytest.mark.parametrize("height", [28, 64, 200])
def test_tiny_model_tells_drawn_digits_apart(tiny_model_path: Path, draw_digit, height) -> None:
    classifier = Classifier.load(tiny_model_path)
    predictions = [classifier.classify(draw_digit(label, height)) for label in range(10)]
    assert [prediction.label for prediction in predictions] == list("0123456789")
    assert min(prediction.confidence for prediction in predictions) > 0.9
