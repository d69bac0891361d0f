"""The scenarios of ``edge-mnist bench`` with Keras, float ONNX and int8 ONNX side by side.

Keras cannot read pages, so those are left to the ONNX files. `make bench` runs this suite and
names a run folder with its two exports in EDGE_MNIST_BENCH_RUN; ``--benchmark-histogram`` draws
each group.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from edge_bench.pictures import Pictures, draw_pictures
from edge_bench.scenarios import BATCHES, cases_of, make_call
from edge_bench.summary import Case
from edge_infer.glyph.preprocess import prepare_digit
from edge_infer.io.images import read_image
from latency_parity import FILES, KERAS_COMPILED, KERAS_PREDICT, contenders

NAMES = (KERAS_PREDICT, KERAS_COMPILED, *FILES)
CASES = [case for name in ("image", "folder", "page", "stream") for case in cases_of(name, 1, 1)]


@pytest.fixture(scope="module")
def run() -> Path:
    """The trained run with its two exports."""
    return Path(os.environ["EDGE_MNIST_BENCH_RUN"])


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Pictures:
    """The pictures of ``edge-mnist bench``."""
    return draw_pictures(tmp_path_factory.mktemp("pictures"))


@pytest.fixture(scope="module")
def recognise(run: Path, pictures: Pictures) -> Callable[[int], Any]:
    """Functions that recognise a number of prepared images, by name."""

    @cache
    def of_size(size: int) -> Any:
        return contenders(run, pictures.tensors(size))

    return of_size


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("size", BATCHES)
def test_batch(benchmark: Any, recognise: Callable[[int], Any], size: int, name: str) -> None:
    """Recognise prepared images."""
    benchmark.group = f"batch of {size}"
    assert benchmark(recognise(size)[name]) is not None


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_whole_path(benchmark: Any, run: Path, pictures: Pictures, case: Case, name: str) -> None:
    """Recognise a PNG file, a folder of files, a page, a camera's frame."""
    benchmark.group = str(case)
    assert benchmark(make_call(case, str(run / FILES[name]), pictures)) is not None


@pytest.mark.parametrize("name", [KERAS_PREDICT, KERAS_COMPILED])
def test_image_by_keras(
    benchmark: Any, pictures: Pictures, recognise: Callable[[int], Any], name: str
) -> None:
    """Recognise one PNG file, from disk to label."""

    def call() -> object:
        # The Keras function holds its own prepared image, of the same shape and cost.
        prepare_digit(read_image(pictures.file))
        return recognise(1)[name]()

    benchmark.group = str(Case("image", 1, 1))
    assert benchmark(call) is not None
