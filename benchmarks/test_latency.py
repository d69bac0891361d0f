"""The scenarios of ``edge-mnist bench`` with Keras, float ONNX and int8 ONNX side by side.

Keras cannot read pages, so those are left to the ONNX files. `make bench` runs this suite and
names a run folder with its two exports in EDGE_MNIST_BENCH_RUN; ``--benchmark-histogram`` draws
each group.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from edge_bench.latency_parity import (
    KERAS_COMPILED,
    KERAS_PREDICT,
    ONNX_FLOAT,
    ONNX_INT8,
    contenders,
)
from edge_bench.pictures import Pictures, draw_pictures
from edge_bench.scenarios import BATCHES, cases_of, make_call
from edge_bench.summary import Case
from edge_infer.glyph.preprocess import prepare_digit
from edge_infer.io.images import read_image

Call = Callable[[], object]
FILES = {ONNX_FLOAT: "float.onnx", ONNX_INT8: "int8.onnx"}
NAMES = (KERAS_PREDICT, KERAS_COMPILED, *FILES)
WHOLE_PATHS = [case for name in ("folder", "page", "stream") for case in cases_of(name, 1, 1)]


@pytest.fixture(scope="module")
def run() -> Path:
    """The trained run with its two exports."""
    return Path(os.environ["EDGE_MNIST_BENCH_RUN"])


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Pictures:
    """The pictures of ``edge-mnist bench``."""
    return draw_pictures(tmp_path_factory.mktemp("pictures"))


@pytest.fixture(scope="module")
def batches(run: Path, pictures: Pictures) -> Mapping[int, Mapping[str, Call]]:
    """Functions that recognise prepared images, by number of images and by name."""
    float_file, int8_file = (run / file for file in FILES.values())
    return {
        size: contenders(run, float_file, int8_file, pictures.tensors(size)) for size in BATCHES
    }


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("size", BATCHES)
def test_batch(
    benchmark: Any, batches: Mapping[int, Mapping[str, Call]], size: int, name: str
) -> None:
    """Recognise prepared images."""
    benchmark.group = f"batch of {size}"
    assert benchmark(batches[size][name]) is not None


@pytest.mark.parametrize("name", NAMES)
def test_image(
    benchmark: Any, run: Path, pictures: Pictures, batches: Mapping[int, Any], name: str
) -> None:
    """Recognise one PNG file, from disk to label."""
    benchmark.group = "image"
    if name in FILES:
        call = make_call(Case("image", 1, 1), str(run / FILES[name]), pictures)
    else:
        recognise = batches[1][name]

        def call() -> object:
            # The Keras function holds its own prepared image, of the same shape and cost.
            prepare_digit(read_image(pictures.file))
            return recognise()

    assert benchmark(call) is not None


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("case", WHOLE_PATHS, ids=str)
def test_whole_path(benchmark: Any, run: Path, pictures: Pictures, case: Case, name: str) -> None:
    """Recognise a folder of files, a page, a camera's frame."""
    benchmark.group = str(case)
    call = make_call(case, str(run / FILES[name]), pictures)
    assert benchmark(call) is not None
