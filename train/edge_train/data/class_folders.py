"""Read the user's own glyphs: a folder with one sub-folder of pictures per class.

Every picture goes through the preprocessing of the runtime, so training sees the same images
as recognition.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from edge_infer.errors import DataError, ImageError
from edge_infer.glyph.preprocess import prepare_digit
from edge_infer.io.images import IMAGE_SUFFIXES, read_image
from edge_infer.model.metadata import IMAGE_SIZE
from edge_train.data.dataset import (
    Dataset,
    LabelledImages,
    Notify,
    Progress,
    assemble,
    check_class_count,
)

# A folder that archivers leave behind. Names that begin with a dot are ignored too.
_IGNORED: Final = "__MACOSX"
# Pictures per task of the thread pool: Ctrl-C waits for no more than these.
_BATCH: Final = 256


def load_class_folders(
    folder: Path, *, notify: Notify, progress: Progress | None = None
) -> Dataset:
    """Read a folder of class folders, or of ``train`` and ``test`` with class folders in each.

    Args:
        folder: The names of its sub-folders become the class names, in numerical order when
            all are numbers, else in alphabetical order.
        notify: Receives a line for each picture that is left out, with the reason.
        progress: Receives the number of pictures read.

    Raises:
        DataError: There are fewer than 2 or more than 100 classes, or a class has no usable
            pictures.
    """
    train_root, test_root = folder, None
    if (folder / "train").is_dir() and list_class_folders(folder / "train"):
        train_root = folder / "train"
        test_root = folder / "test" if (folder / "test").is_dir() else None
    class_names = [path.name for path in list_class_folders(train_root)]
    # Before any picture is read: a folder with thousands of sub-folders is no data set.
    check_class_count(class_names, str(folder))
    train = _list_pictures(train_root, class_names)
    _check_classes(train_root, class_names, {label for _, label in train}, "no picture files")
    test = _list_pictures(test_root, class_names) if test_root else []
    train_part = _read(train, "training", notify, progress)
    _check_classes(train_root, class_names, set(train_part.labels.tolist()), "no usable pictures")
    return assemble(
        folder.resolve().name,
        train_part,
        _read(test, "test", notify, progress) if test_root else None,
        class_names=class_names,
        origin=str(folder),
        notify=notify,
    )


def list_class_folders(root: Path) -> list[Path]:
    """List the sub-folders that can be classes, in the order of the class ids."""
    folders = [
        path
        for path in root.iterdir()
        if path.is_dir() and not path.name.startswith(".") and path.name != _IGNORED
    ]
    if all(path.name.isascii() and path.name.isdecimal() for path in folders):
        return sorted(folders, key=lambda path: (int(path.name), path.name))
    return sorted(folders, key=lambda path: path.name)


def _list_pictures(root: Path, class_names: Sequence[str]) -> list[tuple[Path, int]]:
    """List the picture files of all classes with their labels."""
    pictures: list[tuple[Path, int]] = []
    for folder in list_class_folders(root):
        if folder.name not in class_names:
            raise DataError(
                f"{folder}: {folder.name!r} is a class of the test part only; training has "
                f"{', '.join(class_names)}",
                code="class_count",
            )
        paths = sorted(
            path
            for path in folder.iterdir()
            if path.suffix.lower() in IMAGE_SUFFIXES and not path.name.startswith(".")
        )
        pictures += [(path, class_names.index(folder.name)) for path in paths]
    return pictures


def _check_classes(root: Path, class_names: Sequence[str], labels: set[int], found: str) -> None:
    for label, name in enumerate(class_names):
        if label not in labels:
            raise DataError(
                f"{root / name}: class {name!r} has {found} ({', '.join(sorted(IMAGE_SUFFIXES))})"
                "; add some or remove the folder",
                code="empty_class",
            )


def _read(
    pictures: Sequence[tuple[Path, int]], part: str, notify: Notify, progress: Progress | None
) -> LabelledImages:
    """Read and preprocess pictures in order, without those that cannot be used."""
    images: list[NDArray[np.uint8]] = []
    labels: list[int] = []
    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        for start in range(0, len(pictures), _BATCH):
            batch = pictures[start : start + _BATCH]
            prepared = pool.map(_prepare, [path for path, _ in batch])
            for done, ((_, label), result) in enumerate(
                zip(batch, prepared, strict=True), start + 1
            ):
                if isinstance(result, str):
                    notify(f"left out: {result}")
                else:
                    images.append(result)
                    labels.append(label)
                if progress:
                    progress(f"reading {part} pictures", done, len(pictures))
    stack = np.array(images, np.uint8).reshape(-1, IMAGE_SIZE, IMAGE_SIZE)
    return LabelledImages(stack, np.array(labels, np.int64))


def _prepare(path: Path) -> NDArray[np.uint8] | str:
    """Return the image of the model, uint8 (28, 28), or the reason why there is none."""
    try:
        image = prepare_digit(read_image(path))
    except ImageError as error:
        return error.message
    return f"{path} holds no ink" if image is None else image
