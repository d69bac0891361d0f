"""Read data sets in Keras' ``.npz`` layout: x_train, y_train, x_test, y_test.

A ``.npz`` file is a zip archive of ``.npy`` files and may come from anywhere. The header of
each array is read and checked before its data: pickles are never opened, and no array is made
whose size or type would be refused afterwards.
"""

from __future__ import annotations

import zipfile
import zlib
from pathlib import Path
from typing import IO, Final

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from edge_infer.errors import DataError
from edge_infer.model.metadata import IMAGE_SIZE
from edge_train.data.dataset import LabelledImages, check_image_count, pair

TRAIN_NAMES: Final = ("x_train", "y_train")
TEST_NAMES: Final = ("x_test", "y_test")
_HEADER_READERS: Final = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}


def read_npz(path: Path) -> tuple[LabelledImages, LabelledImages | None]:
    """Read a file in Keras' layout.

    Args:
        path: Path of the file. Images are uint8 (n, 28, 28) or (n, 28, 28, 1), labels whole
            numbers (n,).

    Returns:
        The training part, and the test part or None when it has neither x_test nor y_test.

    Raises:
        DataError: The file is of another kind or damaged, or an array has another shape or
            type.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            names = {name.removesuffix(".npy") for name in archive.namelist()}
            train = _read_part(archive, TRAIN_NAMES, path)
            if not names.intersection(TEST_NAMES):
                return train, None
            return train, _read_part(archive, TEST_NAMES, path)
    except zipfile.BadZipFile as error:
        raise DataError(f"{path} is no .npz file or damaged: {error}", code="damaged") from error
    except (EOFError, zlib.error, NotImplementedError, RuntimeError) as error:
        raise DataError(f"{path} is damaged: {error}", code="damaged") from error
    except OSError as error:
        reason = error.strerror or error
        raise DataError(f"cannot read {path}: {reason}", code="unreadable") from error


def _read_part(archive: zipfile.ZipFile, names: tuple[str, str], path: Path) -> LabelledImages:
    images = _read_array(archive, names[0], path).reshape(-1, IMAGE_SIZE, IMAGE_SIZE)
    labels = _read_array(archive, names[1], path).astype(np.int64)
    return pair(images, labels, str(path), names)


def _read_array(archive: zipfile.ZipFile, name: str, path: Path) -> NDArray[np.uint8]:
    origin = f"{path}: {name}"
    try:
        member = archive.open(f"{name}.npy")
    except KeyError as error:
        expected = ", ".join(TRAIN_NAMES + TEST_NAMES)
        raise DataError(f"{origin} is missing; expected {expected}", code="not_found") from error
    with member as stream:
        shape, dtype = _read_header(stream, origin)
        check = _check_images if name.startswith("x") else _check_labels
        check(shape, dtype, origin)
        check_image_count(shape[0], origin)
    with archive.open(f"{name}.npy") as stream:
        try:
            array: NDArray[np.uint8] = npy.read_array(stream, allow_pickle=False)
        except ValueError as error:
            raise DataError(f"{origin} is truncated: {error}", code="truncated") from error
        return array


def _read_header(stream: IO[bytes], origin: str) -> tuple[tuple[int, ...], np.dtype[np.generic]]:
    try:
        shape, _, dtype = _HEADER_READERS[npy.read_magic(stream)](stream)
    except (ValueError, KeyError) as error:
        raise DataError(f"{origin} is no .npy array: {error}", code="damaged") from error
    if dtype.hasobject:
        raise DataError(
            f"{origin} holds Python objects, and unpickling them can run code; save it as an "
            "array of numbers",
            code="pickle",
        )
    return shape, dtype


def _check_images(shape: tuple[int, ...], dtype: np.dtype[np.generic], origin: str) -> None:
    if dtype != np.uint8:
        raise DataError(
            f"{origin}: expected uint8 pixels from 0 to 255, found {dtype}; scale and convert "
            "them with .astype('uint8')",
            code="wrong_dtype",
        )
    size = (IMAGE_SIZE, IMAGE_SIZE)
    if shape[1:] not in {size, (*size, 1)}:
        raise DataError(
            f"{origin}: expected pictures of {IMAGE_SIZE}x{IMAGE_SIZE}, found an array of shape "
            f"{shape}; pictures of other sizes can be read from class folders",
            code="wrong_shape",
        )


def _check_labels(shape: tuple[int, ...], dtype: np.dtype[np.generic], origin: str) -> None:
    if dtype.kind not in "iu":
        raise DataError(
            f"{origin}: expected whole numbers as labels, found {dtype}", code="wrong_dtype"
        )
    if len(shape) != 1:
        raise DataError(
            f"{origin}: expected one label per picture, found an array of shape {shape}",
            code="wrong_shape",
        )
