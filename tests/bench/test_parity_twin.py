"""The float twin: of a network that is quantized here, without training one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx

from edge_bench.cpus.twin import float_twin
from edge_infer.glyph.classifier import Classifier
from edge_infer.model.shipped import read_shipped_model


def test_twin_is_float_and_answers_nearly_the_same(tmp_path: Path) -> None:
    twin = tmp_path / "twin.onnx"
    twin.write_bytes(float_twin(read_shipped_model("nano")))
    operators = [node.op_type for node in onnx.load(twin).graph.node]
    assert "QuantizeLinear" not in operators
    # The pixels are still integers.
    assert operators.count("DequantizeLinear") == 1
    images = np.zeros((3, 28, 28), np.uint8)
    images[0, 4:24, 13:16] = 255
    images[1, 4:24, 6:9] = images[1, 4:24, 18:21] = 255
    images[1, 4:7, 6:21] = images[1, 21:24, 6:21] = 255
    images[2, 5:8, 7:20] = images[2, 8:24, 15:18] = 255
    of_int8 = Classifier.load("nano").probabilities(images)
    of_float = Classifier.load(twin).probabilities(images)
    assert (of_int8.argmax(axis=1) == of_float.argmax(axis=1)).all()
    delta = abs(of_int8 - of_float).max()
    assert 0 < delta < 0.1


def test_twin_keeps_metadata() -> None:
    model = onnx.load_from_string(float_twin(read_shipped_model("edge")))
    assert [each.key for each in model.metadata_props] == ["edge_mnist"]
