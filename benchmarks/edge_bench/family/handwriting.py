"""Other people's handwriting, as pictures: how a file reads what MNIST's writers never wrote.

The folder holds any of ``singles.csv`` with ``singles/`` (columns ``file`` and ``label``)
and ``optdigits32.npz`` (``x`` uint8 (n, h, w), ``y`` (n,)). The pictures are read as they
are, by ``Classifier.classify``; nothing is trained or tuned on them.
"""

from __future__ import annotations

import csv
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from edge_infer.errors import DataError
from edge_infer.glyph.classifier import Classifier
from edge_infer.io.images import read_image
from edge_infer.model.cards import HandwritingScore

SINGLES: Final = "singles"
OPTDIGITS: Final = "optdigits"


@dataclass(frozen=True)
class HandwritingSet:
    """Pictures of one digit each, uint8 of any size, and the class name on each."""

    name: str
    pictures: tuple[NDArray[np.uint8], ...]
    labels: tuple[str, ...]


def load_handwriting(folder: Path) -> tuple[HandwritingSet, ...]:
    """Load the sets that a folder holds.

    Raises:
        DataError: It holds none, or one that is damaged.
        ImageError: A picture cannot be read.
    """
    loaded: list[HandwritingSet] = []
    table, arrays = folder / f"{SINGLES}.csv", folder / f"{OPTDIGITS}32.npz"
    if table.is_file():
        loaded.append(_load_singles(table))
    if arrays.is_file():
        loaded.append(_load_optdigits(arrays))
    if not loaded:
        raise DataError(f"{folder} holds neither {table.name} nor {arrays.name}", code="not_found")
    return tuple(loaded)


def score_handwriting(
    classifier: Classifier, sets: Sequence[HandwritingSet]
) -> tuple[HandwritingScore, ...]:
    """Count the right answers to each set; a picture without ink to the model is wrong."""
    return tuple(
        HandwritingScore(
            name=handwriting.name,
            correct=sum(
                classifier.classify(picture).label == label
                for picture, label in zip(handwriting.pictures, handwriting.labels, strict=True)
            ),
            n=len(handwriting.labels),
        )
        for handwriting in sets
    )


def _load_singles(table: Path) -> HandwritingSet:
    try:
        with table.open(newline="", encoding="utf-8") as file:
            rows: list[Mapping[str, str]] = list(csv.DictReader(file))
        files = [table.with_suffix("") / row["file"] for row in rows]
        labels = tuple(row["label"] for row in rows)
    except (OSError, ValueError, KeyError, csv.Error) as error:
        raise DataError(f"{table} must have columns file and label: {error!r}") from error
    return _checked(SINGLES, tuple(read_image(path) for path in files), labels, table)


def _load_optdigits(path: Path) -> HandwritingSet:
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            x: NDArray[Any] = arrays["x"]
            y: NDArray[Any] = arrays["y"]
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise DataError(f"{path} must hold arrays x and y: {error!r}") from error
    if x.dtype != np.uint8 or x.ndim != 3 or y.shape != x.shape[:1]:
        raise DataError(
            f"{path}: expected x uint8 (n, h, w) and y (n,), found {x.dtype} {x.shape} and "
            f"{y.shape}"
        )
    return _checked(OPTDIGITS, tuple(x), tuple(str(label) for label in y.tolist()), path)


def _checked(
    name: str, pictures: tuple[NDArray[np.uint8], ...], labels: tuple[str, ...], path: Path
) -> HandwritingSet:
    if not pictures:
        raise DataError(f"{path} holds no pictures", code="empty")
    return HandwritingSet(name, pictures, labels)
