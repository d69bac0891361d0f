from __future__ import annotations

import pytest

from edge_bench.interleaved import Timing
from edge_bench.latency_parity import (
    KERAS_COMPILED,
    KERAS_PREDICT,
    ONNX_FLOAT,
    ONNX_INT8,
    shortfalls,
)


def timings(**medians_ms: float) -> dict[str, Timing]:
    names = {
        "predict": KERAS_PREDICT,
        "compiled": KERAS_COMPILED,
        "float_": ONNX_FLOAT,
        "int8": ONNX_INT8,
    }
    return {names[key]: Timing(names[key], 10, ms, ms, ms) for key, ms in medians_ms.items()}


def test_ratios_at_the_promise_are_enough() -> None:
    assert shortfalls(timings(predict=2.5, compiled=0.375, float_=0.25, int8=0.125)) == []


@pytest.mark.parametrize(
    ("predict", "compiled", "words"),
    [
        (2.375, 0.375, ["Keras predict is only 19.0 times"]),
        (2.5, 0.25, ["Keras compiled call is only 2.0 times"]),
        (0.125, 0.125, ["Keras predict is only 1.0", "Keras compiled call is only 1.0"]),
    ],
)
def test_ratios_below_the_promise_are_named(
    predict: float, compiled: float, words: list[str]
) -> None:
    found = shortfalls(timings(predict=predict, compiled=compiled, float_=0.25, int8=0.125))
    assert len(found) == len(words)
    for line, start in zip(found, words, strict=True):
        assert line.startswith(start)
