"""Load a data set by the word or path of ``--data``."""

from __future__ import annotations

from difflib import get_close_matches
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_infer.errors import DataError, MissingExtraError, OutputError
from edge_infer.glyph.preprocess import prepare_digit
from edge_train.data.array_files import is_idx_folder, read_idx_folder, read_npz
from edge_train.data.class_folders import list_class_folders, load_class_folders
from edge_train.data.dataset import Dataset, LabelledImages, Notify, Progress, assemble
from edge_train.data.mnist import CLASS_NAMES, NPZ_NAME, find_mnist, mnist_cache, read_mnist

WORDS: Final = ("mnist", "digits", "auto")

# The UCI digits have 8x8 pixels with levels 0-16. They are enlarged smoothly, so that strokes
# stay round when the preprocessing scales them, and padded, so that strokes at the border are
# not taken for background.
_UCI_SIDE: Final = 8
_UCI_MAX_LEVEL: Final = 16
_UCI_MARGIN: Final = 3
_UCI_ENLARGEMENT: Final = 4


def load_dataset(source: str, *, notify: Notify, progress: Progress | None = None) -> Dataset:
    """Load a data set by word or path.

    Args:
        source: ``"mnist"``, ``"digits"`` (the UCI digits of scikit-learn), ``"auto"`` (MNIST
            if it is configured, cached or can be downloaded, else the digits), or a path: a
            ``.npz`` file in Keras' layout, a folder of IDX files, or a folder with one
            sub-folder of pictures per class.
        notify: Receives lines for the user: the place of the data, what was left out.
        progress: Receives the progress of a download or of reading pictures.

    Returns:
        The checked data set. Without a test part of its own, a fixed fifth is held out.

    Raises:
        DataError: The data are missing, damaged or unfit.
        MissingExtraError: scikit-learn or pooch is needed and not installed.
        OutputError: A download cannot be written to the cache.
    """
    if source == "digits":
        return _load_uci_digits(notify)
    if source in {"mnist", "auto"}:
        return _load_mnist(notify, progress, or_digits=source == "auto")
    path = Path(source).expanduser()
    try:
        if not source or not path.exists():
            raise _unknown(source)
        return _load_path(path, notify, progress)
    except OSError as error:
        reason = error.strerror or error
        raise DataError(f"cannot read {path}: {reason}", code="unreadable") from error


def _load_mnist(notify: Notify, progress: Progress | None, *, or_digits: bool) -> Dataset:
    found = find_mnist(notify=notify)
    if found is not None:
        return found
    try:
        # pooch and requests are optional and only needed for a download.
        from edge_train.data.mnist_download import download_mnist

        download_mnist(mnist_cache(), notify=notify, progress=progress)
        return read_mnist(mnist_cache(), notify=notify)
    except (DataError, MissingExtraError, OutputError) as error:
        if not or_digits:
            raise
        notify(error.message)
        notify("using the UCI digits instead of MNIST: results are not comparable")
        return _load_uci_digits(notify)


def _load_uci_digits(notify: Notify) -> Dataset:
    """Load the digits of scikit-learn: 1,797 pictures by 13 writers (Alpaydin & Kaynak 1998)."""
    try:
        from sklearn.datasets import load_digits
    except ImportError as error:
        raise MissingExtraError(
            "the UCI digits come with scikit-learn: pip install 'edge-mnist[train]'"
        ) from error
    rows, targets = load_digits(return_X_y=True)
    levels = np.asarray(rows).astype(np.int64).reshape(-1, _UCI_SIDE, _UCI_SIDE)
    levels = np.pad(levels, ((0, 0), (_UCI_MARGIN, _UCI_MARGIN), (_UCI_MARGIN, _UCI_MARGIN)))
    pixels = ((levels * 255 + _UCI_MAX_LEVEL // 2) // _UCI_MAX_LEVEL).astype(np.uint8)
    images = np.stack([_enlarge(picture) for picture in pixels])
    labels = np.asarray(targets).astype(np.int64)
    notify(f"UCI digits from scikit-learn: {len(labels):,} pictures, scaled from 8x8 to 28x28")
    part = LabelledImages(images, labels)
    return assemble("digits", part, None, class_names=CLASS_NAMES, origin="digits", notify=notify)


def _enlarge(pixels_hw: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """uint8 (14, 14) -> uint8 (28, 28)."""
    scale, exact = _UCI_ENLARGEMENT, cv2.INTER_LINEAR_EXACT
    enlarged = cv2.resize(pixels_hw, None, fx=scale, fy=scale, interpolation=exact)
    prepared = prepare_digit(np.asarray(enlarged, np.uint8))
    assert prepared is not None, "every picture of the UCI digits has a foreground"
    return prepared


def _load_path(path: Path, notify: Notify, progress: Progress | None) -> Dataset:
    name, origin = path.resolve().name, str(path)
    if path.is_dir() and (path / NPZ_NAME).is_file() and not is_idx_folder(path):
        path /= NPZ_NAME
    if path.is_file():
        train, test = read_npz(path)
    elif is_idx_folder(path):
        train, test = read_idx_folder(path)
    elif list_class_folders(path):
        return load_class_folders(path, notify=notify, progress=progress)
    else:
        raise DataError(
            f"{path} holds no data set; expected IDX files (train-images-idx3-ubyte and so on), "
            f"{NPZ_NAME}, or one sub-folder of pictures per class",
            code="not_found",
        )
    return assemble(name, train, test, origin=origin, notify=notify)


def _unknown(source: str) -> DataError:
    expected = (
        f"expected {', '.join(WORDS)}, or the path of a .npz file, a folder of IDX files or a "
        "folder of class folders"
    )
    if Path(source).name != source:
        return DataError(f"{source} does not exist; {expected}", code="not_found")
    close = get_close_matches(source.lower(), WORDS, n=1)
    hint = f" (did you mean {close[0]}?)" if close else ""
    return DataError(f"no data set {source!r}{hint}; {expected}", code="not_found")
