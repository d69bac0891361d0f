"""Read IDX files, the format of MNIST (LeCun et al. 1998), plain or gzipped.

The header has big-endian 32-bit words: the magic number (data type and number of axes) and
the length of each axis. The header is checked before any data are read, and no more bytes are
read than it may claim.
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
from edge_infer.model.metadata import IMAGE_SIZE
from edge_train.data.dataset import LabelledImages, check_image_count, pair

IMAGES_MAGIC: Final = 0x0803
LABELS_MAGIC: Final = 0x0801

_GZIP_MAGIC: Final = b"\x1f\x8b"
_CONTENTS: Final = {IMAGES_MAGIC: "uint8 pictures", LABELS_MAGIC: "uint8 labels"}
_UINT8_TYPE: Final = 0x08

TRAIN_STEMS: Final = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte")
TEST_STEMS: Final = ("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")


def is_idx_folder(folder: Path) -> bool:
    """Return whether a folder holds at least one of the four files of MNIST."""
    return any(find_idx_file(folder, stem) for stem in TRAIN_STEMS + TEST_STEMS)


def find_idx_file(folder: Path, stem: str) -> Path | None:
    """Return the file of a folder that has one of the usual names, or None.

    Args:
        folder: The folder.
        stem: One of :data:`TRAIN_STEMS` and :data:`TEST_STEMS`. The file's name may have
            ``.idx`` for ``-idx`` and may end in ``.gz``.
    """
    names = (stem, stem.replace("-idx", ".idx"))
    candidates = (folder / f"{name}{suffix}" for suffix in ("", ".gz") for name in names)
    return next((path for path in candidates if path.is_file()), None)


def read_idx_folder(folder: Path) -> tuple[LabelledImages, LabelledImages | None]:
    """Read the files of MNIST's names.

    Args:
        folder: The folder.

    Returns:
        The training part, and the test part or None when neither of its files exists.

    Raises:
        DataError: A file is missing, damaged or of another kind than its name says.
    """
    if not any(find_idx_file(folder, stem) for stem in TEST_STEMS):
        return _read_part(folder, TRAIN_STEMS), None
    return _read_part(folder, TRAIN_STEMS), _read_part(folder, TEST_STEMS)


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
    origin = str(path)
    try:
        with path.open("rb") as file:
            gzipped = file.read(2) == _GZIP_MAGIC
            file.seek(0)
            if not gzipped:
                return _parse(file, magic, origin)
            with gzip.open(file) as stream:
                return _parse(stream, magic, origin)
    except EOFError as error:
        raise _truncated(origin, "its gzip stream ends early") from error
    except (OSError, zlib.error) as error:
        reason = getattr(error, "strerror", None) or error
        raise DataError(f"cannot read {origin}: {reason}", code="unreadable") from error


def idx_sha256(array: NDArray[np.uint8]) -> str:
    """Return the SHA-256 of the uncompressed IDX file of a uint8 array, hexadecimal."""
    header = struct.pack(f">{1 + array.ndim}I", (_UINT8_TYPE << 8) | array.ndim, *array.shape)
    digest = hashlib.sha256(header)
    digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()


def _read_part(folder: Path, stems: tuple[str, str]) -> LabelledImages:
    paths: list[Path] = []
    for stem in stems:
        path = find_idx_file(folder, stem)
        if path is None:
            raise DataError(f"{folder}: {stem} is missing, plain or as .gz", code="not_found")
        paths.append(path)
    images = read_idx(paths[0], IMAGES_MAGIC)
    labels = read_idx(paths[1], LABELS_MAGIC).astype(np.int64)
    return pair(images, labels, str(folder), (paths[0].name, paths[1].name))


def _parse(stream: BinaryIO | gzip.GzipFile, magic: int, origin: str) -> NDArray[np.uint8]:
    (found,) = struct.unpack(">I", _read(stream, 4, origin))
    if found != magic:
        raise DataError(
            f"{origin}: expected an IDX file of {_CONTENTS[magic]} (magic number 0x{magic:08x}), "
            f"found {_CONTENTS.get(found, 'another kind of file')} (0x{found:08x})",
            code="wrong_magic",
        )
    axes = magic & 0xFF
    shape: tuple[int, ...] = struct.unpack(f">{axes}I", _read(stream, 4 * axes, origin))
    check_image_count(shape[0], origin)
    if shape[1:] not in {(), (IMAGE_SIZE, IMAGE_SIZE)}:
        raise DataError(
            f"{origin} holds pictures of {shape[1]}x{shape[2]} pixels, expected {IMAGE_SIZE}x"
            f"{IMAGE_SIZE}; pictures of other sizes can be read from class folders",
            code="wrong_shape",
        )
    data = _read(stream, math.prod(shape), origin)
    if stream.read(1):
        raise DataError(
            f"{origin} has bytes after the {shape[0]:,} entries of its header",
            code="trailing_bytes",
        )
    return np.frombuffer(data, np.uint8).reshape(shape)


def _read(stream: BinaryIO | gzip.GzipFile, count: int, origin: str) -> bytes:
    data = stream.read(count)
    if len(data) < count:
        raise _truncated(origin, f"expected {count:,} bytes more, found {len(data):,}")
    return data


def _truncated(origin: str, detail: str) -> DataError:
    return DataError(f"{origin} is truncated: {detail}; download it again", code="truncated")
