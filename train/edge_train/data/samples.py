"""Write test pictures of a data set as PNG files, to try the other verbs on."""

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
from edge_train.data.dataset import Dataset

# Class names are folder names of some system; these characters are not free on all.
_UNSAFE: Final = re.compile(r'[\x00-\x1f<>:"/\\|?*]')
# Files handed to the threads at a time, so that Ctrl-C need not wait for all of them.
_BATCH: Final = 256


def write_samples(
    dataset: Dataset, folder: Path, *, count: int | None, seed: int, overwrite: bool = False
) -> list[Path]:
    """Write test pictures, spread evenly over the classes.

    Args:
        dataset: Its test part is drawn from.
        folder: Made when missing; must be empty unless ``overwrite``.
        count: How many; all when None or more than there are.
        seed: 0 or more; the same gives the same pictures.
        overwrite: Whether to write among other files, replacing those of the same names.

    Returns:
        The paths in ascending order, such as ``0007_label-3.png``: the index in the test
        part and the class name. 28x28 grey, bright ink on black.

    Raises:
        OutputError: The folder is not empty or cannot be written.
        UsageError: ``count`` is under 1.
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
    """Choose pictures so that each class has as many as every other, give or take one.

    Args:
        labels: int64 (n,), 0 or more.
        count: How many; all when None or more than n. Classes that run out leave their
            share to the others.
        seed: 0 or more; the same gives the same choice.

    Returns:
        Indices, ascending.
    """
    random = np.random.RandomState(np.random.MT19937(np.random.SeedSequence(seed)))
    shuffled = random.permutation(len(labels))
    # How many of its class stand before each: the first of all classes come first.
    turns = np.empty(len(labels), np.int64)
    for value in np.unique(labels):
        of_class = labels[shuffled] == value
        turns[of_class] = np.arange(np.count_nonzero(of_class))
    order = np.argsort(turns, kind="stable")
    return np.sort(shuffled[order][:count])


def make_folder(folder: Path, *, overwrite: bool) -> None:
    """Make the folder for samples where there is none.

    Raises:
        OutputError: It is not empty and ``overwrite`` is false, or cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        occupied = any(folder.iterdir())
    except OSError as error:
        raise _unwritable(folder, error) from error
    if occupied and not overwrite:
        raise OutputError(
            f"{folder} is not empty; name another folder, or give --force to write into it",
            code="exists",
        )


def _write_png(path: Path, image: NDArray[np.uint8]) -> None:
    encoded = cv2.imencode(".png", image)[1].tobytes()
    try:
        path.write_bytes(encoded)
    except OSError as error:
        path.unlink(missing_ok=True)
        raise _unwritable(path, error) from error


def _unwritable(path: Path, error: OSError) -> OutputError:
    return OutputError(f"cannot write {path}: {error.strerror or error}", code="unwritable")
