"""From what follows ``--data``, a word or a path, to a data set."""

from __future__ import annotations

from difflib import get_close_matches
from pathlib import Path
from typing import Final

from edge_infer.errors import DataError, MissingExtraError, OutputError
from edge_train.data.class_folders import is_class_folder, load_class_folders
from edge_train.data.dataset import Dataset, DownloadProgress, Notify, assemble_numbered
from edge_train.data.idx import is_idx_folder, read_idx_folder
from edge_train.data.mnist import NPZ_NAME, find_mnist, mnist_cache, read_mnist
from edge_train.data.npz import read_npz
from edge_train.data.uci_digits import load_uci_digits

WORDS: Final = ("mnist", "digits", "auto")


def load_dataset(
    source: str, *, notify: Notify, progress: DownloadProgress | None = None
) -> Dataset:
    """Load a data set by word or path.

    Args:
        source: ``"mnist"``, ``"digits"`` (UCI, inside scikit-learn), ``"auto"`` (MNIST when
            it is configured, cached or can be downloaded, else the digits), or a path: a
            ``.npz`` file in Keras' layout, a folder of IDX files, or a folder with one
            sub-folder of pictures a class.
        notify: Takes one line for people: where the data come from, what was left out.
        progress: Told how far a download or the reading of pictures is.

    Returns:
        The set, checked. Without a test part of its own, a fixed fifth is held out.

    Raises:
        DataError: The data are missing, damaged or unfit; the message says how to mend it.
        MissingExtraError: scikit-learn or pooch is needed and not installed.
        OutputError: A download cannot be written to the cache.
    """
    if source == "mnist":
        return find_mnist(notify=notify) or _download(notify, progress)
    if source == "digits":
        return load_uci_digits(notify=notify)
    if source == "auto":
        return _load_auto(notify, progress)
    path = Path(source).expanduser()
    try:
        if not source or not path.exists():
            raise _unknown(source)
        return _load_path(path, notify, progress)
    except OSError as error:
        raise DataError(
            f"cannot read {path}: {error.strerror or error}", code="unreadable"
        ) from error


def _download(notify: Notify, progress: DownloadProgress | None) -> Dataset:
    # Imported here: pooch and requests are optional and only a download needs them.
    from edge_train.data.mnist_download import download_mnist

    download_mnist(mnist_cache(), notify=notify, progress=progress)
    return read_mnist(mnist_cache(), notify=notify)


def _load_auto(notify: Notify, progress: DownloadProgress | None) -> Dataset:
    found = find_mnist(notify=notify)
    if found is not None:
        return found
    try:
        return _download(notify, progress)
    except (DataError, MissingExtraError, OutputError) as error:
        notify(error.message)
        notify("going on with the UCI digits instead of MNIST: results are not comparable")
        return load_uci_digits(notify=notify)


def _load_path(path: Path, notify: Notify, progress: DownloadProgress | None) -> Dataset:
    name, origin = path.resolve().name, str(path)
    if path.is_dir() and (path / NPZ_NAME).is_file() and not is_idx_folder(path):
        path /= NPZ_NAME
    if path.is_file():
        train, test = read_npz(path)
    elif is_idx_folder(path):
        train, test = read_idx_folder(path)
    elif is_class_folder(path):
        return load_class_folders(path, notify=notify, progress=progress)
    else:
        raise DataError(
            f"{path} holds no data set; expected IDX files (train-images-idx3-ubyte and so on), "
            f"{NPZ_NAME}, or one sub-folder of pictures a class",
            code="not_found",
        )
    return assemble_numbered(name, train, test, origin=origin, notify=notify)


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
