"""Single digits by other people: a test of model files on handwriting that is not MNIST's.

A folder holds ``singles.csv`` (columns ``file`` and ``label``) with the pictures in
``singles/``, or ``optdigits32.npz`` (``x`` uint8 (n, h, w), ``y`` (n,)), or both. No model is
trained or tuned on them.
"""

from __future__ import annotations

import csv
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from edge_infer.errors import DataError
from edge_infer.glyph.classifier import Classifier
from edge_infer.io.images import read_image
from edge_infer.model.cards import HandwritingScore

SINGLES: Final = "singles.csv"
OPTDIGITS: Final = "optdigits32.npz"

# Name of the set to pairs of a picture, uint8 of any size, and its label.
HandwritingSets = Mapping[str, Sequence[tuple[NDArray[np.uint8], str]]]


def load_handwriting(folder: Path) -> HandwritingSets:
    """Load the sets of a folder.

    Raises:
        DataError: There is none, or one is damaged.
        ImageError: A picture cannot be read.
    """
    sets: dict[str, Sequence[tuple[NDArray[np.uint8], str]]] = {}
    try:
        if (folder / SINGLES).is_file():
            with (folder / SINGLES).open(newline="", encoding="utf-8") as file:
                rows = [(row["file"], row["label"]) for row in csv.DictReader(file)]
            sets["singles"] = [
                (read_image(folder / "singles" / name), label) for name, label in rows
            ]
        if (folder / OPTDIGITS).is_file():
            with np.load(folder / OPTDIGITS, allow_pickle=False) as arrays:
                sets["optdigits"] = list(zip(arrays["x"], map(str, arrays["y"]), strict=True))
    except (OSError, ValueError, KeyError, csv.Error, zipfile.BadZipFile) as error:
        raise DataError(
            f"{folder}: {SINGLES} must have the columns file and label, {OPTDIGITS} the arrays x "
            f"and y: {error!r}"
        ) from error
    if not sets:
        raise DataError(f"{folder} has neither {SINGLES} nor {OPTDIGITS}", code="not_found")
    return sets


def score_handwriting(
    classifier: Classifier, sets: HandwritingSets
) -> tuple[HandwritingScore, ...]:
    """Count the pictures of each set to which ``Classifier.classify`` gives the right label."""
    return tuple(
        HandwritingScore(
            name=name,
            correct=sum(classifier.classify(picture).label == label for picture, label in pairs),
            n=len(pairs),
        )
        for name, pairs in sets.items()
    )
