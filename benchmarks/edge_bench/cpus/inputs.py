"""The pictures that every CPU answers: drawn here, once, and kept as files.

They are drawn on one machine because drawing is not the same everywhere, and kept as JPEG
so that decoding is compared too.
"""

from __future__ import annotations

import importlib
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_bench.cpus.twin import float_twin
from edge_infer.errors import DataError
from edge_infer.model.shipped import DEFAULT_MODEL, read_shipped_model
from edge_synth.pages import draw_sized_page

DIGITS: Final = 500
SEED: Final = 1
# Beside one page of each kind, one from a phone: the reader works on a smaller copy of it.
LARGE_PX: Final = 4000
LARGE_DIGITS: Final = 20
_QUALITY: Final = 92

ImageU8 = NDArray[np.uint8]


def make_inputs(folder: Path, mnist: ImageU8 | None = None, *, large: bool = True) -> None:
    """Write the folder that :mod:`edge_bench.cpus.answers` reads; what was there goes.

    Args:
        folder: Its ``digits``, ``pages``, ``float`` and ``mnist.npy`` are replaced.
        mnist: uint8 (n, 28, 28), or None.
        large: Whether one of the pages is as large as a phone's.

    Raises:
        DataError: The tests' generator of pages is not on the path.
    """
    for name in ("digits", "pages", "float"):
        shutil.rmtree(folder / name, ignore_errors=True)
        (folder / name).mkdir(parents=True)
    for index, image in enumerate(_draw_digits(DIGITS)):
        _write(folder / "digits" / f"{index:03}.jpg", image)
    for name, image in _draw_pages(large=large):
        _write(folder / "pages" / f"{name}.jpg", image)
    twin = float_twin(read_shipped_model(DEFAULT_MODEL))
    (folder / "float" / f"{DEFAULT_MODEL}.onnx").write_bytes(twin)
    (folder / "mnist.npy").unlink(missing_ok=True)
    if mnist is not None:
        np.save(folder / "mnist.npy", mnist)


def _draw_digits(count: int) -> Iterator[ImageU8]:
    """Draw pictures of one digit each, of all kinds in turn."""
    generator = _generator()
    kinds = list(generator.KINDS)
    for index in range(count):
        spec = generator.random_spec(kinds[index % len(kinds)], index)
        single = replace(spec, rows=(str(index % 10),), columns=1, margin=0.5)
        yield generator.draw_page(single, index).image


def _draw_pages(*, large: bool) -> Iterator[tuple[str, ImageU8]]:
    generator = _generator()
    for kind in generator.KINDS:
        yield kind, generator.draw_page(generator.random_spec(kind, SEED), SEED).image
    if large:
        yield "large", draw_sized_page(LARGE_PX, LARGE_DIGITS).image


def _generator() -> Any:
    try:
        return importlib.import_module("pages")
    except ImportError as error:
        raise DataError(
            "the pictures are drawn by tests/pages, which is not on the path: call "
            "benchmarks/parity_cpus.py in a checkout",
            code="not_found",
        ) from error


def _write(path: Path, image: ImageU8) -> None:
    _, jpeg = cv2.imencode(".jpg", image, (cv2.IMWRITE_JPEG_QUALITY, _QUALITY))
    path.write_bytes(jpeg.tobytes())
