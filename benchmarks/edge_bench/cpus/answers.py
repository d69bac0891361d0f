"""What one CPU makes of the pictures: tensors, probabilities and pages, as one ``.npz``.

It runs under emulation, beside numpy, OpenCV and onnxruntime alone::

    python -m edge_bench.cpus.answers FOLDER OUT.npz     answer what lies in FOLDER
    python -m edge_bench.cpus.answers --count            mark inferences for a counter

FOLDER holds ``digits/`` and ``pages/`` with pictures, ``float/`` with models, and
``mnist.npy`` where there is MNIST; :mod:`edge_bench.cpus.inputs` makes it.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from dataclasses import astuple
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from edge_infer.glyph.classifier import Classifier
from edge_infer.glyph.preprocess import prepare_digit, prepare_digits
from edge_infer.io.images import read_image
from edge_infer.model.metadata import IMAGE_SIZE
from edge_infer.model.session import OpenModel, open_model
from edge_infer.model.shipped import read_model, shipped_models
from edge_infer.page import Page, PageReader
from edge_infer.page.reader import DEFAULT_PAGE_MODEL

# What stands before the model's name in the names of arrays.
INT8: Final = "int8 "
FLOAT: Final = "float "
MNIST: Final = ", MNIST"
TENSORS: Final = "tensors"
STACKED_TENSORS: Final = "stacked tensors"
PAGES: Final = "pages"
PAGE_TENSORS: Final = "page tensors"
PAGE_PROBABILITIES: Final = "int8 pages"
# A file descriptor that nobody has: asking about it tells the counter, and nobody else.
MARK: Final = 0x5EED5EED
INFERENCES: Final = 11
_WARM_UP: Final = 3

Answers = dict[str, NDArray[Any]]


class _Recorder(Classifier):
    """Keeps all that goes through it."""

    def __init__(self, model: OpenModel) -> None:
        super().__init__(model)
        self.tensors: list[NDArray[np.uint8]] = []
        self.answers: list[NDArray[np.float32]] = []

    def probabilities(self, images_u8: NDArray[np.uint8]) -> NDArray[np.float32]:
        probabilities = super().probabilities(images_u8)
        self.tensors.append(images_u8)
        self.answers.append(probabilities)
        return probabilities


def answer(folder: Path) -> Answers:
    """Answer everything.

    Args:
        folder: As of the module.

    Returns:
        ``tensors`` uint8 (n, 28, 28) of ``digits/``, 0 where there is no ink; ``stacked
        tensors`` of those once more, as dark on light pictures of one size; ``int8 NAME``
        and ``float NAME`` float32 (n, classes), of one inference each, with ``, MNIST`` of
        one batch; ``pages`` JSON (p,); ``page tensors`` and ``int8 pages`` of all batches
        that the pages came to.
    """
    tensors = _stack([prepare_digit(read_image(path)) for path in _pictures(folder / "digits")])
    mnist = folder / "mnist.npy"
    answers: Answers = {
        TENSORS: tensors,
        STACKED_TENSORS: _stack(prepare_digits(list(255 - tensors))),
    }
    for key, model in _models(folder).items():
        classifier = Classifier.load(model)
        answers[key] = np.concatenate([classifier.probabilities(one[None]) for one in tensors])
        if mnist.is_file():
            answers[key + MNIST] = classifier.probabilities(np.load(mnist))
    recorder = _Recorder(open_model(read_model(DEFAULT_PAGE_MODEL), DEFAULT_PAGE_MODEL))
    reader = PageReader(recorder)
    pages = [_describe(reader.read(read_image(path))) for path in _pictures(folder / "pages")]
    return answers | {
        PAGES: np.array(pages),
        PAGE_TENSORS: np.concatenate(recorder.tensors),
        PAGE_PROBABILITIES: np.concatenate(recorder.answers),
    }


def _stack(tensors: Sequence[NDArray[np.uint8] | None]) -> NDArray[np.uint8]:
    blank = np.zeros((IMAGE_SIZE, IMAGE_SIZE), np.uint8)
    return np.stack([blank if tensor is None else tensor for tensor in tensors])


def mark_inferences() -> None:
    """Mark an empty stretch, then single inferences of every shipped model, one after the other.

    Each stretch lies between two marks; so the counter gets ``2 * (1 + models * 11)`` marks.
    """
    _mark()
    _mark()
    tensor = np.arange(IMAGE_SIZE * IMAGE_SIZE).astype(np.uint8).reshape(1, IMAGE_SIZE, -1)
    for model in shipped_models():
        classifier = Classifier.load(model)
        for _ in range(_WARM_UP):
            classifier.probabilities(tensor)
        for _ in range(INFERENCES):
            _mark()
            classifier.probabilities(tensor)
            _mark()


def main(words: Sequence[str]) -> int:
    """Do what the module says."""
    if words == ["--count"]:
        mark_inferences()
        return 0
    folder, out = map(Path, words)
    np.savez(out, allow_pickle=False, **answer(folder))
    return 0


def _mark() -> None:
    os.isatty(MARK)


def _pictures(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.jpg"))


def _models(folder: Path) -> dict[str, str | Path]:
    int8: dict[str, str | Path] = {INT8 + name: name for name in shipped_models()}
    return int8 | {FLOAT + path.stem: path for path in sorted((folder / "float").glob("*.onnx"))}


def _describe(page: Page) -> str:
    """Say what was read and where; how surely is in the probabilities."""
    boxes = [[astuple(digit.box) for digit in line.digits] for line in page.lines]
    return json.dumps({"text": page.text, "rotation_deg": page.rotation_deg, "boxes": boxes})


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
