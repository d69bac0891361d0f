"""The UCI digits that ship inside scikit-learn: a data set that needs no network.

1,797 pictures of 8x8 pixels by 13 writers (Alpaydin and Kaynak 1998), brought to the
form that the models take by the same preprocessing as any other picture.
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_infer.errors import MissingExtraError
from edge_infer.glyph.preprocess import prepare_digit
from edge_train.data.dataset import Dataset, LabelledImages, Notify, assemble

SIDE: Final = 8
MAX_LEVEL: Final = 16
# The smooth enlargement keeps the strokes round when they are then fitted to the box.
ENLARGEMENT: Final = 4
# Pixels of ground around each, so that strokes at the edge are not taken for ground.
MARGIN: Final = 3


def load_uci_digits(*, notify: Notify) -> Dataset:
    """Load the set from scikit-learn; the test part is held out of it.

    Args:
        notify: Told what the set is.

    Raises:
        MissingExtraError: scikit-learn is not installed.
    """
    try:
        from sklearn.datasets import load_digits
    except ImportError as error:
        raise MissingExtraError(
            "the UCI digits come with scikit-learn: pip install 'edge-mnist[train]'"
        ) from error
    rows, targets = load_digits(return_X_y=True)
    levels = np.asarray(rows).astype(np.int64).reshape(-1, SIDE, SIDE)
    labels = np.asarray(targets).astype(np.int64)
    margined = np.pad(levels, ((0, 0), (MARGIN, MARGIN), (MARGIN, MARGIN)))
    images = np.stack([_prepare(picture) for picture in margined])
    names = [str(digit) for digit in range(10)]
    notify(f"UCI digits from scikit-learn: {len(labels):,} pictures, 8x8 brought to 28x28")
    return assemble(
        "digits", names, LabelledImages(images, labels), None, origin="digits", notify=notify
    )


def _prepare(levels_hw: NDArray[np.int64]) -> NDArray[np.uint8]:
    scaled = ((levels_hw * 255 + MAX_LEVEL // 2) // MAX_LEVEL).astype(np.uint8)
    height, width = scaled.shape
    enlarged = cv2.resize(
        scaled,
        (width * ENLARGEMENT, height * ENLARGEMENT),
        interpolation=cv2.INTER_LINEAR_EXACT,
    )
    prepared = prepare_digit(np.asarray(enlarged, np.uint8))
    assert prepared is not None, "every picture of the shipped set holds ink"
    return prepared
