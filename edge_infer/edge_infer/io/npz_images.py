"""Read the images of an ``.npz`` archive in blocks, and never unpickle.

``numpy.load`` allocates the whole array at once: 47 MB for MNIST, and any size that a damaged or
malicious file claims. So this module reads the ``.npy`` member as a stream.
"""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from edge_infer.errors import ImageError
from edge_infer.model.metadata import IMAGE_SIZE

# Names of the array that holds the images, in order of preference.
PREFERRED_NAMES: Final = ("x_test", "images", "test_images")
_BLOCK_ROWS: Final = 256
_ROW_BYTES: Final = IMAGE_SIZE * IMAGE_SIZE

ImageU8 = NDArray[np.uint8]


@dataclass(frozen=True)
class _Array:
    """The header of a ``.npy`` member."""

    name: str
    shape: tuple[int, ...]
    dtype: np.dtype[np.generic]
    fortran_order: bool

    @property
    def fits(self) -> bool:
        """Whether it is an array of images for the model."""
        return (
            self.dtype == np.uint8
            and len(self.shape) == 3
            and self.shape[1:] == (IMAGE_SIZE, IMAGE_SIZE)
            and not self.fortran_order
        )


def npz_rows(path: Path) -> Iterator[ImageU8]:
    """Yield the images of an archive.

    Args:
        path: An ``.npz`` with a uint8 (n, 28, 28) array under one of :data:`PREFERRED_NAMES`,
            or with only one such array.

    Yields:
        n images, uint8 (28, 28), bright ink on 0, unchanged.

    Raises:
        ImageError: ``not_found``, ``unreadable``, ``damaged``, ``wrong_shape`` (no such
            array, or several and none with a preferred name) or ``empty`` (n is 0).
    """
    try:
        with zipfile.ZipFile(path) as archive:
            name = _choose(list(_arrays(archive)), path)
            with archive.open(name + ".npy") as stream:
                yield from _rows(stream, path)
    except FileNotFoundError as error:
        raise ImageError(f"there is no file {path}", code="not_found") from error
    except (zipfile.BadZipFile, zlib.error, EOFError, ValueError, NotImplementedError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise ImageError(
            f"{path} is not a complete .npz archive: {reason}", code="damaged"
        ) from error
    except (OSError, RuntimeError) as error:
        # zipfile's RuntimeError: the member is encrypted.
        raise ImageError(f"cannot read {path}: {error}", code="unreadable") from error


def _arrays(archive: zipfile.ZipFile) -> Iterator[_Array]:
    """Read the headers of all arrays."""
    for member in archive.namelist():
        if member.endswith(".npy"):
            with archive.open(member) as stream:
                shape, fortran_order, dtype = _read_header(stream)
            yield _Array(member.removesuffix(".npy"), shape, dtype, fortran_order)


def _read_header(stream: IO[bytes]) -> tuple[tuple[int, ...], bool, np.dtype[np.generic]]:
    version = npy.read_magic(stream)
    if version == (1, 0):
        return npy.read_array_header_1_0(stream)
    return npy.read_array_header_2_0(stream)


def _choose(arrays: list[_Array], path: Path) -> str:
    fitting = [array.name for array in arrays if array.fits]
    for name in PREFERRED_NAMES:
        if name in fitting:
            return name
    if len(fitting) == 1:
        return fitting[0]
    found = ", ".join(f"{array.name}: {array.dtype} {array.shape}" for array in arrays)
    raise ImageError(
        f"{path}: expected one uint8 array of shape (n, 28, 28), or one named "
        f"{' or '.join(PREFERRED_NAMES)}; found {found or 'no array'}",
        code="wrong_shape",
    )


def _rows(stream: IO[bytes], path: Path) -> Iterator[ImageU8]:
    (count, *_), _, _ = _read_header(stream)
    if not count:
        raise ImageError(f"{path} holds no images: its array has the length 0", code="empty")
    for start in range(0, count, _BLOCK_ROWS):
        rows = min(_BLOCK_ROWS, count - start)
        data = stream.read(rows * _ROW_BYTES)
        if len(data) < rows * _ROW_BYTES:
            raise EOFError(f"it ends after {start + len(data) // _ROW_BYTES} of {count} images")
        yield from np.frombuffer(data, np.uint8).reshape(rows, IMAGE_SIZE, IMAGE_SIZE)
