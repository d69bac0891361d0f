"""Read picture files.

Every failure has a code, and no file can exhaust the memory: the size in the header is checked
before a pixel is decoded. Files are decoded from memory, because OpenCV's own reading does not
support names in every script on every system.
"""

from __future__ import annotations

import os
import stat
from io import FileIO
from pathlib import Path
from typing import Any, BinaryIO, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_infer.errors import ImageError
from edge_infer.io.image_header import ORIENTATION_TAG, image_format, read_header, read_tags

DEFAULT_MAX_PIXELS: Final = 50_000_000
MAX_FILE_BYTES: Final = 256 * 1024 * 1024
# Files whose size in pixels is unknown are decoded only up to this length.
MAX_UNKNOWN_BYTES: Final = 1024 * 1024
# fmt: off
IMAGE_SUFFIXES: Final = frozenset((
    ".avif", ".bmp", ".dib", ".gif", ".jp2", ".jpe", ".jpeg", ".jpg", ".pam", ".pbm", ".pgm",
    ".png", ".pnm", ".ppm", ".tif", ".tiff", ".webp",
))
# fmt: on

_READ_BYTES: Final = 64 * 1024
_ORIENTATION_ONLY: Final = frozenset({ORIENTATION_TAG})
# Marks at the end of a complete file, and before EXIF.
_END_MARKS: Final = {"PNG": b"IEND", "JPEG": b"\xff\xd9"}
_EXIF_MARKS: Final = {"PNG": b"eXIf", "WebP": b"EXIF"}
# OpenCV rotates JPEG by its EXIF when no alpha is requested; the fourth channel of BMP is
# usually padding and not transparency.
_WITHOUT_ALPHA: Final = frozenset({"JPEG", "BMP"})

ImageU8 = NDArray[np.uint8]


def read_image(path: str | Path, *, max_pixels: int = DEFAULT_MAX_PIXELS) -> ImageU8:
    """Read a picture file.

    Args:
        path: A file in any format that OpenCV reads.
        max_pixels: A picture with more pixels is refused before it is decoded.

    Returns:
        uint8 (h, w) grey, (h, w, 3) BGR or (h, w, 4) BGRA, rotated by its EXIF orientation. 16
        bits are reduced to the eight highest in use. An animation gives its first frame.

    Raises:
        ImageError: ``not_found``, ``is_directory``, ``unreadable``, or as
            :func:`decode_image`.
    """
    return decode_image(read_bytes(path), str(path), max_pixels=max_pixels)


def read_bytes(path: str | Path) -> bytes:
    """Read a complete file of at most :data:`MAX_FILE_BYTES`.

    Raises:
        ImageError: ``not_found``, ``is_directory``, ``unreadable`` or ``too_large``.
    """
    try:
        with open(path, "rb", buffering=0) as file:  # noqa: PTH123 - a Path costs 3 us here
            about = os.fstat(file.fileno())
            if not stat.S_ISREG(about.st_mode):
                return read_stream(file, str(path))
            if about.st_size > MAX_FILE_BYTES:
                raise _too_long(str(path))
            return file.read()
    except FileNotFoundError as error:
        raise ImageError(f"there is no file {path}", code="not_found") from error
    except (OSError, ValueError) as error:
        if os.path.isdir(path):  # noqa: PTH112 - a name with a NUL is no error to this one
            message = f"{path} is a folder, expected a picture file"
            raise ImageError(message, code="is_directory") from error
        reason = error.strerror if isinstance(error, OSError) else error
        raise ImageError(f"cannot read {path}: {reason}", code="unreadable") from error


def read_stream(file: BinaryIO | FileIO, name: str = "standard input") -> bytes:
    """Read a binary stream of at most :data:`MAX_FILE_BYTES` to its end.

    Raises:
        ImageError: ``too_large``.
        OSError: The stream cannot be read.
    """
    data = bytearray()
    while part := file.read(_READ_BYTES):
        data += part
        if len(data) > MAX_FILE_BYTES:
            raise _too_long(name)
    return bytes(data)


def _too_long(name: str) -> ImageError:
    return ImageError(f"{name} is larger than {MAX_FILE_BYTES // 1024**2} MiB", code="too_large")


def decode_image(
    data: bytes, name: str = "the picture", *, max_pixels: int = DEFAULT_MAX_PIXELS
) -> ImageU8:
    """Decode a picture from the bytes of its file.

    Args:
        data: The complete file.
        name: Name of the picture in errors.
        max_pixels: A picture with more pixels is refused before it is decoded.

    Returns:
        As :func:`read_image`.

    Raises:
        ImageError: ``empty_file``, ``not_an_image``, ``damaged``, ``too_large`` or
            ``wrong_dtype`` (floating-point pixels).
    """
    if not data:
        raise ImageError(f"{name} is empty", code="empty_file")
    kind = _check_header(data, name, max_pixels)
    flag = cv2.IMREAD_ANYCOLOR if kind in _WITHOUT_ALPHA else cv2.IMREAD_UNCHANGED
    try:
        image = cv2.imdecode(np.frombuffer(data, np.uint8), flag)
    except cv2.error:
        image = None
    if image is None:
        raise _undecodable(kind, name)
    # Bound to the same name, so that the 16-bit picture is freed before rotation.
    image = _to_u8(image, name)
    return _rotated_by_exif(image, data, kind)


def _check_header(data: bytes, name: str, max_pixels: int) -> str | None:
    """Refuse a picture that is too large or incomplete; return the name of its format."""
    header = read_header(data)
    if header is None:
        kind = image_format(data)
        if len(data) > MAX_UNKNOWN_BYTES:
            raise _undecodable(kind, name)
        return kind
    if header.width * header.height > max_pixels:
        raise ImageError(
            f"{name} claims {header.width} x {header.height} pixels, over the limit of "
            f"{max_pixels:,}: reduce the picture, or raise the limit (--max-pixels)",
            code="too_large",
        )
    # OpenCV before 5 returns the top of such files, with grey below, without an error.
    end = _END_MARKS.get(header.format)
    if end is not None and data.rfind(end) < header.frame_offset:
        raise ImageError(f"{name} is cut short: the end of the file is missing", code="damaged")
    return header.format


def _undecodable(kind: str | None, name: str) -> ImageError:
    if kind is None:
        return ImageError(f"{name} is not a picture in a known format", code="not_an_image")
    return ImageError(
        f"{name} is a {kind} file that cannot be decoded: it is damaged, or a variant that "
        f"OpenCV {cv2.__version__} does not read",
        code="damaged",
    )


def _to_u8(image: NDArray[Any], name: str) -> ImageU8:
    if image.dtype == np.uint16:
        has_alpha = image.ndim == 3 and image.shape[2] == 4
        for part in (image[..., :3], image[..., 3]) if has_alpha else (image,):
            _drop_low_bits(part)
    elif image.dtype != np.uint8:
        raise ImageError(
            f"{name} has {image.dtype} pixels, expected 8 or 16 bits", code="wrong_dtype"
        )
    return image.astype(np.uint8, copy=False)


def _drop_low_bits(image: NDArray[np.uint16]) -> None:
    """Keep, in place, the eight highest bits in use.

    Cameras of 10 or 12 bits often leave the upper bits of 16 empty; the upper eight alone would
    be black. Whole bits are dropped and levels are not stretched, so that an empty page keeps
    its faint noise.
    """
    unneeded = max(0, int(image.max()).bit_length() - 8)
    np.right_shift(image, unneeded, out=image)


def _rotated_by_exif(image: ImageU8, data: bytes, kind: str | None) -> ImageU8:
    """Apply the EXIF orientation of formats that OpenCV decodes with alpha and as stored."""
    mark = _EXIF_MARKS.get(kind) if kind else None
    found = data.find(mark) if mark else -1
    if found < 0:
        return image
    # WebP has a length, and sometimes "Exif\0\0", between the mark and the TIFF structure.
    for start in (found + 4, found + 8, found + 14):
        tags = read_tags(data, _ORIENTATION_ONLY, start)
        if tags:
            return np.ascontiguousarray(_rotated(image, tags[ORIENTATION_TAG]))
    return image


def _rotated(image: ImageU8, orientation: int) -> ImageU8:
    """Undo an EXIF orientation, 1-8: the side of the first row and column (CIPA DC-008)."""
    if orientation in {5, 6, 7, 8}:
        image = image.swapaxes(0, 1)
    if orientation in {2, 3, 6, 7}:
        image = image[:, ::-1]
    if orientation in {3, 4, 7, 8}:
        image = image[::-1]
    return image
