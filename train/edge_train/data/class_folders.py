"""Read one's own glyphs: a folder with one sub-folder of pictures a class.

Every picture goes through the preprocessing that the model's pictures will go through
later, so that training sees what recognition will see.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from edge_infer.errors import DataError, ImageError
from edge_infer.glyph.preprocess import IMAGE_SIZE, prepare_digit
from edge_infer.io.images import IMAGE_SUFFIXES, read_image
from edge_train.data.dataset import (
    Dataset,
    DownloadProgress,
    LabelledImages,
    Notify,
    assemble,
    check_class_count,
)

TRAIN_FOLDER: Final = "train"
TEST_FOLDER: Final = "test"
# What archivers and file managers leave behind; names with a dot in front are passed over too.
_NO_CLASSES: Final = frozenset({"__MACOSX"})
# Pictures handed to the threads at a time, so that Ctrl-C need not wait for all of them.
_BATCH: Final = 256


@dataclass(frozen=True)
class _Picture:
    path: Path
    label: int


def is_class_folder(folder: Path) -> bool:
    """Tell whether a folder has sub-folders that could be classes."""
    return bool(_class_folders(folder))


def load_class_folders(
    folder: Path, *, notify: Notify, progress: DownloadProgress | None = None
) -> Dataset:
    """Read a folder of class folders, or one of ``train`` and ``test`` with such in each.

    Args:
        folder: Its sub-folders' names become the class names, in the order of numbers when
            all are numbers, else of the alphabet.
        notify: Told of each picture that is left out, with the reason.
        progress: Told how many pictures have been read.

    Raises:
        DataError: Fewer than 2 or more than 100 classes, or one without usable pictures.
    """
    train_root, test_root = _roots(folder)
    class_names = [path.name for path in _class_folders(train_root)]
    # Before any picture is read: some folder with thousands of sub-folders is no data set.
    check_class_count(class_names, str(folder))
    train = _list_pictures(train_root, class_names)
    empty = set(range(len(class_names))) - {picture.label for picture in train}
    if empty:
        raise _no_pictures(train_root, class_names[min(empty)], "no picture files")
    test = _list_pictures(test_root, class_names) if test_root else []
    images = _read(train + test, notify, progress)
    train_part = _label(train, images[: len(train)])
    missing = np.setdiff1d(np.arange(len(class_names)), train_part.labels)
    if missing.size:
        raise _no_pictures(train_root, class_names[missing[0]], "no usable pictures")
    return assemble(
        folder.resolve().name,
        class_names,
        train_part,
        _label(test, images[len(train) :]) if test_root else None,
        origin=str(folder),
        notify=notify,
    )


def _roots(folder: Path) -> tuple[Path, Path | None]:
    train, test = folder / TRAIN_FOLDER, folder / TEST_FOLDER
    if not (train.is_dir() and _class_folders(train)):
        return folder, None
    return train, test if test.is_dir() else None


def _class_folders(root: Path) -> list[Path]:
    folders = [
        path
        for path in root.iterdir()
        if path.is_dir() and not path.name.startswith(".") and path.name not in _NO_CLASSES
    ]
    if all(path.name.isascii() and path.name.isdecimal() for path in folders):
        return sorted(folders, key=lambda path: (int(path.name), path.name))
    return sorted(folders, key=lambda path: path.name)


def _list_pictures(root: Path, class_names: Sequence[str]) -> list[_Picture]:
    pictures: list[_Picture] = []
    for folder in _class_folders(root):
        if folder.name not in class_names:
            raise DataError(
                f"{folder}: {folder.name!r} is a class of the test part only; training has "
                f"{', '.join(class_names)}",
                code="class_count",
            )
        label = class_names.index(folder.name)
        paths = sorted(
            path
            for path in folder.iterdir()
            if path.suffix.lower() in IMAGE_SUFFIXES and not path.name.startswith(".")
        )
        pictures += [_Picture(path, label) for path in paths]
    return pictures


def _read(
    pictures: Sequence[_Picture], notify: Notify, progress: DownloadProgress | None
) -> list[NDArray[np.uint8] | None]:
    """Prepare all pictures in order; None for those that are left out."""
    images: list[NDArray[np.uint8] | None] = []
    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        for start in range(0, len(pictures), _BATCH):
            paths = [picture.path for picture in pictures[start : start + _BATCH]]
            for result in pool.map(_prepare, paths):
                if isinstance(result, str):
                    notify(f"left out: {result}")
                images.append(None if isinstance(result, str) else result)
                if progress:
                    progress("reading pictures", len(images), len(pictures))
    return images


def _prepare(path: Path) -> NDArray[np.uint8] | str:
    """Return the model's tensor, or why there is none."""
    try:
        image = prepare_digit(read_image(path))
    except ImageError as error:
        return error.message
    return f"{path} holds no ink" if image is None else image


def _label(
    pictures: Sequence[_Picture], images: Sequence[NDArray[np.uint8] | None]
) -> LabelledImages:
    kept = [
        (p.label, image) for p, image in zip(pictures, images, strict=True) if image is not None
    ]
    stack = np.empty((len(kept), IMAGE_SIZE, IMAGE_SIZE), np.uint8)
    for row, (_, image) in enumerate(kept):
        stack[row] = image
    return LabelledImages(stack, np.array([label for label, _ in kept], np.int64))


def _no_pictures(root: Path, class_name: str, found: str) -> DataError:
    return DataError(
        f"{root / class_name}: class {class_name!r} has {found} "
        f"({', '.join(sorted(IMAGE_SUFFIXES))}); put some in or take the folder away",
        code="empty_class",
    )
