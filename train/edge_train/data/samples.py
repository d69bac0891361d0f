"""Write test images of a data set as PNG files."""

from __future__ import annotations

import os
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_infer.errors import OutputError, UsageError
from edge_infer.io.atomic import make_folder
from edge_train.data.dataset import Dataset

# Characters that are not allowed in file names on every system.
_UNSAFE: Final = re.compile(r'[\x00-\x1f<>:"/\\|?*]')
# Files per task of the thread pool: Ctrl-C waits for no more than these.
_BATCH: Final = 256


def write_samples(
    dataset: Dataset, folder: Path, *, count: int | None, seed: int, overwrite: bool = False
) -> list[Path]:
    """Write test images, spread evenly over the classes.

    Args:
        dataset: The data set; images come from its test part.
        folder: Made if necessary; it must be empty unless ``overwrite``.
        count: Number of images; all when None or larger than the test part.
        seed: 0 or more; the same seed gives the same images.
        overwrite: Whether to write into a folder that is not empty, and replace files.

    Returns:
        The paths in ascending order, such as ``0007_label-3.png``: the index in the test part
        and the class name. The files are 28x28 grey images, bright foreground on black.

    Raises:
        OutputError: The folder is not empty or cannot be written.
        UsageError: ``count`` is less than 1.
    """
    if count is not None and count < 1:
        raise UsageError(f"expected a count of 1 or more, found {count}")
    indices = spread_over_classes(dataset.test_labels, count, seed=seed)
    width = max(4, len(str(len(dataset.test_labels) - 1)))
    names = [_UNSAFE.sub("_", name) for name in dataset.class_names]
    paths = [
        folder / f"{index:0{width}d}_label-{names[dataset.test_labels[index]]}.png"
        for index in indices
    ]
    make_folder(folder, overwrite=overwrite)
    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        for start in range(0, len(paths), _BATCH):
            batch = slice(start, start + _BATCH)
            list(pool.map(_write_png, paths[batch], dataset.test_images[indices[batch]]))
    return paths


def spread_over_classes(
    labels: NDArray[np.int64], count: int | None, *, seed: int
) -> NDArray[np.int64]:
    """Choose images so that all classes have equal numbers, or numbers that differ by one.

    The other classes fill in for a class that has too few. Arguments as for ``write_samples``;
    returns ascending indices, int64 (count,).
    """
    random = np.random.RandomState(np.random.MT19937(np.random.SeedSequence(seed)))
    shuffled = random.permutation(len(labels))
    # The rank of each image in its class: the first of all classes are chosen first.
    rank = np.empty(len(labels), np.int64)
    for value in np.unique(labels):
        of_class = labels[shuffled] == value
        rank[of_class] = np.arange(np.count_nonzero(of_class))
    return np.sort(shuffled[np.argsort(rank, kind="stable")][:count])


def _write_png(path: Path, image: NDArray[np.uint8]) -> None:
    encoded = cv2.imencode(".png", image)[1].tobytes()
    try:
        path.write_bytes(encoded)
    except OSError as error:
        path.unlink(missing_ok=True)
        raise OutputError(
            f"cannot write {path}: {error.strerror or error}", code="unwritable"
        ) from error
