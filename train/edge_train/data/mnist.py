"""Find MNIST on this machine and check that it is MNIST.

The places are, in this order: ``$EDGE_MNIST_DATA``, the cache of Keras, and the cache of
edge-mnist. The contents are compared with the known checksums each time, so a set that only
looks like MNIST is never measured as MNIST.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Final

import numpy as np

from edge_infer import environment
from edge_infer.errors import DataError
from edge_train.data.array_files import idx_sha256, is_idx_folder, read_idx_folder, read_npz
from edge_train.data.dataset import Dataset, LabelledImages, Notify, assemble, check_label_range

NPZ_NAME: Final = "mnist.npz"
CLASS_NAMES: Final = tuple(str(digit) for digit in range(10))

# SHA-256 of the uncompressed IDX files: of the header and the array together.
SHA256: Final = {
    "train-images-idx3-ubyte": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    "train-labels-idx1-ubyte": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    "t10k-images-idx3-ubyte": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    "t10k-labels-idx1-ubyte": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
}


def find_mnist(*, notify: Notify) -> Dataset | None:
    """Look for MNIST on this machine; return None when there is none.

    Args:
        notify: Receives the place where it was found, and damaged copies in caches.

    Raises:
        DataError: ``$EDGE_MNIST_DATA`` is set but does not lead to MNIST.
    """
    configured = environment.data_folder()
    if configured is not None:
        try:
            return read_mnist(configured, notify=notify)
        except DataError as error:
            raise DataError(
                f"{environment.DATA} does not lead to MNIST: {error.message}; set it to a folder "
                f"with the four IDX files or with {NPZ_NAME}, or unset it",
                code=error.code,
            ) from error
    keras_home = Path(os.environ.get("KERAS_HOME") or Path.home() / ".keras")
    for path in (keras_home / "datasets" / NPZ_NAME, mnist_cache()):
        if path.is_file() or (path.is_dir() and is_idx_folder(path)):
            try:
                return read_mnist(path, notify=notify)
            except DataError as error:
                notify(f"ignoring a cached copy: {error.message}")
    return None


def read_mnist(path: Path, *, notify: Notify) -> Dataset:
    """Read MNIST and check its contents.

    Args:
        path: A ``.npz`` file in Keras' layout, or a folder with such a file or the IDX files.
        notify: Receives the place of the data.

    Raises:
        DataError: The files are missing, damaged or not MNIST.
    """
    if path.is_dir() and (path / NPZ_NAME).is_file():
        path /= NPZ_NAME
    if not path.exists():
        raise DataError(f"{path} does not exist", code="not_found")
    train, test = read_idx_folder(path) if path.is_dir() else read_npz(path)
    if test is None:
        raise DataError(f"{path}: the test files of MNIST are missing", code="not_found")
    _check_contents(path, train, test)
    notify(f"MNIST from {path}")
    return assemble("mnist", train, test, class_names=CLASS_NAMES, origin=str(path), notify=notify)


def mnist_cache() -> Path:
    """Return the folder of downloads; ``$EDGE_MNIST_CACHE`` changes it."""
    own = environment.cache_folder()
    if own is not None:
        return own / "mnist"
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Caches"
    else:
        base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return base / "edge-mnist" / "mnist"


def _check_contents(path: Path, train: LabelledImages, test: LabelledImages) -> None:
    arrays = []
    for part in (train, test):
        # Larger labels would wrap around in uint8.
        check_label_range(part.labels, str(path))
        arrays += [part.images, part.labels.astype(np.uint8)]
    for (name, expected), array in zip(SHA256.items(), arrays, strict=True):
        if idx_sha256(array) != expected:
            raise DataError(
                f"{path}: the contents of {name} are not those of MNIST (their SHA-256 differs)",
                code="wrong_contents",
            )
