"""Read the IDX files that MNIST is published in (LeCun et al. 1998), plain or gzipped.

A header of big-endian 32-bit words: the magic number (data type and number of axes) and
the length of each axis; then the bytes. Nothing the header says is believed before it
is checked, and no more is read than it may claim.
"""

from __future__ import annotations

import gzip
import hashlib
import math
import struct
import zlib
from pathlib import Path
from typing import BinaryIO, Final

import numpy as np
from numpy.typing import NDArray

from edge_infer.errors import DataError
from edge_infer.glyph.preprocess import IMAGE_SIZE
from edge_train.data.dataset import LabelledImages

MAX_IMAGES: Final = 1_000_000
IMAGES_MAGIC: Final = 0x0803
LABELS_MAGIC: Final = 0x0801
GZIP_MAGIC: Final = b"\x1f\x8b"

_CONTENTS: Final = {IMAGES_MAGIC: "pictures", LABELS_MAGIC: "labels"}
_UINT8_TYPE: Final = 0x08
_OTHER_TYPES: Final = {0x09: "int8", 0x0B: "int16", 0x0C: "int32", 0x0D: "float32", 0x0E: "float64"}

TRAIN_STEMS: Final = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte")
TEST_STEMS: Final = ("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")


def is_idx_folder(folder: Path) -> bool:
    """Tell whether a folder holds at least one file with one of the four usual names."""
    return any(find_idx_file(folder, stem) for stem in TRAIN_STEMS + TEST_STEMS)


def find_idx_file(folder: Path, stem: str) -> Path | None:
    """Return the file with one of the usual names, or None.

    Args:
        folder: Where to look.
        stem: One of :data:`TRAIN_STEMS` and :data:`TEST_STEMS`; ``.`` may stand for its
            first ``-idx`` hyphen, and ``.gz`` may follow.
    """
    names = (stem, stem.replace("-idx", ".idx"))
    candidates = (folder / f"{name}{suffix}" for suffix in ("", ".gz") for name in names)
    return next((path for path in candidates if path.is_file()), None)


def read_idx_folder(folder: Path) -> tuple[LabelledImages, LabelledImages | None]:
    """Read the four usual files, with ``-`` or ``.`` before ``idx``, plain or ``.gz``.

    Args:
        folder: Where they stand.

    Returns:
        The training part, and the test part or None when neither of its files is there.

    Raises:
        DataError: A file is missing, damaged or not what its name says.
    """
    if not any(find_idx_file(folder, stem) for stem in TEST_STEMS):
        return _read_part(folder, TRAIN_STEMS), None
    return _read_part(folder, TRAIN_STEMS), _read_part(folder, TEST_STEMS)


def read_idx_images(path: Path) -> NDArray[np.uint8]:
    """Read a file of pictures.

    Args:
        path: Plain or gzipped, whatever its name.

    Returns:
        uint8 (n, 28, 28), read-only.

    Raises:
        DataError: Unreadable, truncated, too long, another type or another size.
    """
    return _read_file(path, IMAGES_MAGIC)


def read_idx_labels(path: Path) -> NDArray[np.int64]:
    """Read a file of labels.

    Args:
        path: Plain or gzipped, whatever its name.

    Returns:
        int64 (n,), 0-255.

    Raises:
        DataError: Unreadable, truncated, too long or another type.
    """
    return _read_file(path, LABELS_MAGIC).astype(np.int64)


def idx_sha256(array: NDArray[np.uint8]) -> str:
    """Give the SHA-256 that the uncompressed IDX file of an array has, hexadecimal.

    Args:
        array: uint8, of any shape.
    """
    header = struct.pack(f">{1 + array.ndim}I", (_UINT8_TYPE << 8) | array.ndim, *array.shape)
    digest = hashlib.sha256(header)
    digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()


def _read_part(folder: Path, stems: tuple[str, str]) -> LabelledImages:
    images_path, labels_path = (_require(folder, stem) for stem in stems)
    images, labels = read_idx_images(images_path), read_idx_labels(labels_path)
    if len(images) != len(labels):
        raise DataError(
            f"{folder}: {images_path.name} has {len(images):,} pictures but {labels_path.name} "
            f"has {len(labels):,} labels; they must be as many",
            code="count_mismatch",
        )
    return LabelledImages(images, labels)


def _require(folder: Path, stem: str) -> Path:
    path = find_idx_file(folder, stem)
    if path is None:
        raise DataError(f"{folder}: {stem} is missing, plain or as .gz", code="not_found")
    return path


def _read_file(path: Path, magic: int) -> NDArray[np.uint8]:
    try:
        with path.open("rb") as file:
            return parse_idx(file, magic, str(path))
    except OSError as error:
        raise _unreadable(str(path), error) from error


def parse_idx(file: BinaryIO, magic: int, origin: str) -> NDArray[np.uint8]:
    """Read an array of bytes from an open IDX file.

    Args:
        file: At its beginning and seekable; gzipped or not, as its first bytes say.
        magic: :data:`IMAGES_MAGIC` or :data:`LABELS_MAGIC`.
        origin: The file's name, for messages.

    Returns:
        uint8 (n, 28, 28) or (n,), read-only.

    Raises:
        DataError: Unreadable, truncated, too long, another type or another size.
    """
    try:
        gzipped = file.read(2) == GZIP_MAGIC
        file.seek(0)
        if not gzipped:
            return _parse(file, magic, origin)
        with gzip.open(file) as stream:
            return _parse(stream, magic, origin)
    except EOFError as error:
        raise _truncated(origin, "its gzip stream breaks off") from error
    except (OSError, zlib.error) as error:
        raise _unreadable(origin, error) from error


def _parse(stream: BinaryIO | gzip.GzipFile, magic: int, origin: str) -> NDArray[np.uint8]:
    (found,) = struct.unpack(">I", _read(stream, 4, origin))
    if found != magic:
        raise _wrong_magic(origin, found, magic)
    axes = magic & 0xFF
    shape: tuple[int, ...] = struct.unpack(f">{axes}I", _read(stream, 4 * axes, origin))
    if shape[0] > MAX_IMAGES:
        raise DataError(
            f"{origin} claims {shape[0]:,} entries; at most {MAX_IMAGES:,} are taken",
            code="too_large",
        )
    if shape[1:] not in {(), (IMAGE_SIZE, IMAGE_SIZE)}:
        raise DataError(
            f"{origin} holds pictures of {shape[1]}x{shape[2]} pixels, expected {IMAGE_SIZE}x"
            f"{IMAGE_SIZE}; pictures of other sizes can be read from class folders",
            code="wrong_shape",
        )
    data = _read(stream, math.prod(shape), origin)
    if stream.read(1):
        raise DataError(
            f"{origin} goes on after the {shape[0]:,} entries that its header counts",
            code="trailing_bytes",
        )
    return np.frombuffer(data, np.uint8).reshape(shape)


def _read(stream: BinaryIO | gzip.GzipFile, count: int, origin: str) -> bytes:
    data = stream.read(count)
    if len(data) < count:
        raise _truncated(origin, f"expected {count:,} bytes more, found {len(data):,}")
    return data


def _truncated(origin: str, detail: str) -> DataError:
    return DataError(f"{origin} is truncated: {detail}; fetch it again", code="truncated")


def _unreadable(origin: str, error: OSError | zlib.error) -> DataError:
    reason = getattr(error, "strerror", None) or error
    return DataError(f"cannot read {origin}: {reason}", code="unreadable")


def _wrong_magic(origin: str, found: int, magic: int) -> DataError:
    wanted = f"expected an IDX file of uint8 {_CONTENTS[magic]} (magic number 0x{magic:08x})"
    if found in _CONTENTS:
        return DataError(f"{origin}: {wanted}, found {_CONTENTS[found]}", code="wrong_magic")
    data_type = _OTHER_TYPES.get(found >> 8)
    if data_type and found & 0xFF == magic & 0xFF:
        return DataError(f"{origin}: {wanted}, found {data_type}", code="wrong_dtype")
    return DataError(f"{origin}: {wanted}, found 0x{found:08x}", code="wrong_magic")
