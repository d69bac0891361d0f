"""Read arrays from IDX files (MNIST's format, LeCun et al. 1998) and Keras' ``.npz`` layout.

These files may come from anywhere. The header of each array is checked before its data are
read: no array is made whose type or size would be refused, and pickles are never opened.
"""

from __future__ import annotations

import gzip
import hashlib
import math
import struct
import zipfile
import zlib
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, BinaryIO, Final

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from edge_infer.errors import DataError
from edge_infer.model.metadata import IMAGE_SIZE
from edge_train.data.dataset import LabelledImages

# Headers may claim any number of entries.
MAX_IMAGES: Final = 1_000_000
# Data type (0x08: uint8) and number of axes. The header of an IDX file has this word and the
# length of each axis, as big-endian 32-bit words.
IMAGES_MAGIC: Final = 0x0803
LABELS_MAGIC: Final = 0x0801
TRAIN_STEMS: Final = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte")
TEST_STEMS: Final = ("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")
TRAIN_NAMES: Final = ("x_train", "y_train")
TEST_NAMES: Final = ("x_test", "y_test")

_GZIP_MAGIC: Final = b"\x1f\x8b"
_CONTENTS: Final = {IMAGES_MAGIC: "uint8 pictures", LABELS_MAGIC: "uint8 labels"}
_HEADER_READERS: Final = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}
_SIZE: Final = (IMAGE_SIZE, IMAGE_SIZE)

Parts = tuple[LabelledImages, LabelledImages | None]


def is_idx_folder(folder: Path) -> bool:
    """Return whether a folder holds at least one of the four files of MNIST."""
    return any(_find_idx_file(folder, stem) for stem in TRAIN_STEMS + TEST_STEMS)


def read_idx_folder(folder: Path) -> Parts:
    """Read the files of MNIST's names; these may have ``.idx`` for ``-idx`` and end in ``.gz``.

    Returns:
        The training part, and the test part or None when neither of its files exists.

    Raises:
        DataError: A file is missing, damaged or of another kind than its name says.
    """
    has_test = any(_find_idx_file(folder, stem) for stem in TEST_STEMS)
    train = _read_idx_part(folder, TRAIN_STEMS)
    return train, _read_idx_part(folder, TEST_STEMS) if has_test else None


def read_idx(path: Path, magic: int) -> NDArray[np.uint8]:
    """Read an IDX file.

    Args:
        path: Path of the file, gzipped or not, with any name.
        magic: :data:`IMAGES_MAGIC` or :data:`LABELS_MAGIC`.

    Returns:
        uint8 (n, 28, 28) or (n,), read-only.

    Raises:
        DataError: The file is unreadable, truncated, too long, or of another type or size.
    """
    with _data_errors(path), path.open("rb") as file:
        gzipped = file.read(2) == _GZIP_MAGIC
        file.seek(0)
        if not gzipped:
            return _parse_idx(file, magic, str(path))
        with gzip.open(file) as stream:
            return _parse_idx(stream, magic, str(path))


def idx_sha256(array: NDArray[np.uint8]) -> str:
    """Return the SHA-256 of the uncompressed IDX file of a uint8 array, hexadecimal."""
    magic = LABELS_MAGIC - 1 + array.ndim
    digest = hashlib.sha256(struct.pack(f">{1 + array.ndim}I", magic, *array.shape))
    digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()


def read_npz(path: Path) -> Parts:
    """Read a file in Keras' layout: images uint8 (n, 28, 28) or (n, 28, 28, 1), labels (n,).

    Returns:
        The training part, and the test part or None when it has neither x_test nor y_test.

    Raises:
        DataError: The file is damaged, or an array is missing or has another shape or type.
    """
    with _data_errors(path), zipfile.ZipFile(path) as archive:
        names = {name.removesuffix(".npy") for name in archive.namelist()}
        train = _read_npz_part(archive, TRAIN_NAMES, path)
        has_test = names.intersection(TEST_NAMES)
        return train, _read_npz_part(archive, TEST_NAMES, path) if has_test else None


@contextmanager
def _data_errors(path: Path) -> Generator[None]:
    try:
        yield
    except EOFError as error:
        raise _truncated(str(path), "its compressed stream ends early") from error
    except zipfile.BadZipFile as error:
        raise DataError(f"{path} is no .npz file or damaged: {error}", code="damaged") from error
    except (zlib.error, NotImplementedError, RuntimeError) as error:
        raise DataError(f"{path} is damaged: {error}", code="damaged") from error
    except OSError as error:
        reason = error.strerror or error
        raise DataError(f"cannot read {path}: {reason}", code="unreadable") from error


def _truncated(origin: str, detail: object) -> DataError:
    return DataError(f"{origin} is truncated: {detail}; download it again", code="truncated")


def _pair(
    images: NDArray[np.uint8], labels: NDArray[np.uint8], origin: Path, names: tuple[str, str]
) -> LabelledImages:
    if len(images) != len(labels):
        raise DataError(
            f"{origin}: {names[0]} has {len(images):,} pictures but {names[1]} has "
            f"{len(labels):,} labels, expected equal numbers",
            code="count_mismatch",
        )
    return LabelledImages(images.reshape(-1, *_SIZE), labels.astype(np.int64))


def _check_shape(shape: tuple[int, ...], origin: str, *, images: bool) -> None:
    """Check the shape of images, with or without a channel axis, or of labels."""
    if images and shape[1:] not in {_SIZE, (*_SIZE, 1)}:
        raise DataError(
            f"{origin}: expected pictures of {IMAGE_SIZE}x{IMAGE_SIZE}, found an array of shape "
            f"{shape}; pictures of other sizes can be read from class folders",
            code="wrong_shape",
        )
    if not images and len(shape) != 1:
        raise DataError(
            f"{origin}: expected one label per picture, found an array of shape {shape}",
            code="wrong_shape",
        )
    if shape[0] > MAX_IMAGES:
        raise DataError(
            f"{origin} claims {shape[0]:,} entries, at most {MAX_IMAGES:,} are accepted",
            code="too_large",
        )


def _find_idx_file(folder: Path, stem: str) -> Path | None:
    names = (stem, stem.replace("-idx", ".idx"))
    candidates = (folder / f"{name}{suffix}" for suffix in ("", ".gz") for name in names)
    return next((path for path in candidates if path.is_file()), None)


def _read_idx_part(folder: Path, stems: tuple[str, str]) -> LabelledImages:
    paths: list[Path] = []
    for stem in stems:
        path = _find_idx_file(folder, stem)
        if path is None:
            raise DataError(f"{folder}: {stem} is missing, plain or as .gz", code="not_found")
        paths.append(path)
    images, labels = read_idx(paths[0], IMAGES_MAGIC), read_idx(paths[1], LABELS_MAGIC)
    return _pair(images, labels, folder, (paths[0].name, paths[1].name))


def _parse_idx(stream: BinaryIO | gzip.GzipFile, magic: int, origin: str) -> NDArray[np.uint8]:
    (found,) = struct.unpack(">I", _read_bytes(stream, 4, origin))
    if found != magic:
        raise DataError(
            f"{origin}: expected an IDX file of {_CONTENTS[magic]} (magic number 0x{magic:08x}), "
            f"found {_CONTENTS.get(found, 'another kind of file')} (0x{found:08x})",
            code="wrong_magic",
        )
    axes = magic & 0xFF
    shape: tuple[int, ...] = struct.unpack(f">{axes}I", _read_bytes(stream, 4 * axes, origin))
    _check_shape(shape, origin, images=magic == IMAGES_MAGIC)
    data = _read_bytes(stream, math.prod(shape), origin)
    if stream.read(1):
        raise DataError(
            f"{origin} has bytes after the {shape[0]:,} entries of its header",
            code="trailing_bytes",
        )
    return np.frombuffer(data, np.uint8).reshape(shape)


def _read_bytes(stream: BinaryIO | gzip.GzipFile, count: int, origin: str) -> bytes:
    data = stream.read(count)
    if len(data) < count:
        raise _truncated(origin, f"expected {count:,} bytes more, found {len(data):,}")
    return data


def _read_npz_part(archive: zipfile.ZipFile, names: tuple[str, str], path: Path) -> LabelledImages:
    images, labels = (_read_array(archive, name, f"{path}: {name}") for name in names)
    return _pair(images, labels, path, names)


def _read_array(archive: zipfile.ZipFile, name: str, origin: str) -> NDArray[np.uint8]:
    try:
        member = archive.open(f"{name}.npy")
    except KeyError as error:
        expected = ", ".join(TRAIN_NAMES + TEST_NAMES)
        raise DataError(f"{origin} is missing; expected {expected}", code="not_found") from error
    with member as stream:
        _check_npy_header(stream, origin, images=name.startswith("x"))
    with archive.open(f"{name}.npy") as stream:
        try:
            array: NDArray[np.uint8] = npy.read_array(stream, allow_pickle=False)
        except ValueError as error:
            raise _truncated(origin, error) from error
        return array


def _check_npy_header(stream: IO[bytes], origin: str, *, images: bool) -> None:
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
    if dtype != np.uint8 if images else dtype.kind not in "iu":
        expected = "uint8 pixels from 0 to 255" if images else "whole numbers as labels"
        raise DataError(f"{origin}: expected {expected}, found {dtype}", code="wrong_dtype")
    _check_shape(shape, origin, images=images)
