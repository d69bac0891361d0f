"""Keras, float ONNX and int8 ONNX on the same ready images: one, and a batch of 64.

Run by `make bench`, which names a run folder with its two exports in EDGE_MNIST_BENCH_RUN.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from edge_bench.latency_parity import (
    BATCHES,
    KERAS_COMPILED,
    KERAS_PREDICT,
    ONNX_FLOAT,
    ONNX_INT8,
    contenders,
)
from edge_infer.run_folder import RunFolder

Contenders = dict[int, dict[str, Callable[[], object]]]


@pytest.fixture(scope="module")
def timed() -> Contenders:
    """The functions to time, by batch size and name."""
    run = Path(os.environ["EDGE_MNIST_BENCH_RUN"])
    images = RunFolder(run).read_calibration().test_images
    return {
        batch: contenders(run, run / "float.onnx", run / "int8.onnx", images[:batch])
        for batch in BATCHES
    }


@pytest.mark.parametrize("name", [KERAS_PREDICT, KERAS_COMPILED, ONNX_FLOAT, ONNX_INT8])
@pytest.mark.parametrize("batch", BATCHES)
def test_latency(benchmark: Any, timed: Contenders, batch: int, name: str) -> None:
    """Time one contender; pytest-benchmark prints the groups side by side."""
    benchmark.group = f"batch of {batch}"
    assert benchmark(timed[batch][name]) is not None
