"""Picture files of every unfortunate kind, made from bytes."""

from __future__ import annotations

import io
import struct
import zlib

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

# What a reader does to the stored pixels, by EXIF orientation.
TURNS = {
    1: lambda a: a,
    2: np.fliplr,
    3: lambda a: np.rot90(a, 2),
    4: np.flipud,
    5: lambda a: a.swapaxes(0, 1),
    6: lambda a: np.rot90(a, -1),
    7: lambda a: np.rot90(a, 2).swapaxes(0, 1),
    8: np.rot90,
}


def encoded(suffix: str, image: NDArray[np.generic]) -> bytes:
    """Encode a picture with OpenCV."""
    done, data = cv2.imencode(suffix, image)
    assert done
    return data.tobytes()


def png_chunk(kind: bytes, data: bytes) -> bytes:
    """Frame one PNG chunk."""
    checksum = zlib.crc32(kind + data)
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", checksum)


def png_claiming(width: int, height: int, pixels: bytes = b"") -> bytes:
    """Return a small grey PNG whose header claims any size."""
    return (
        b"\x89PNG\r\n\x1a\n"
        + png_chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
        + png_chunk(b"IDAT", zlib.compress(pixels))
        + png_chunk(b"IEND", b"")
    )


def exif(orientation: int, order: str = ">") -> bytes:
    """Return a TIFF structure that holds nothing but an orientation."""
    mark = b"MM" if order == ">" else b"II"
    entry = struct.pack(order + "HHIHH", 274, 3, 1, orientation, 0)
    return mark + struct.pack(order + "HIH", 42, 8, 1) + entry + struct.pack(order + "I", 0)


def jpeg_with_exif(image: NDArray[np.uint8], orientation: int) -> bytes:
    """Return a JPEG with an EXIF orientation."""
    data = encoded(".jpg", image)
    segment = b"Exif\0\0" + exif(orientation)
    return data[:2] + b"\xff\xe1" + struct.pack(">H", len(segment) + 2) + segment + data[2:]


def png_with_exif(image: NDArray[np.uint8], orientation: int) -> bytes:
    """Return a PNG with an EXIF orientation."""
    data = encoded(".png", image)
    return data[:33] + png_chunk(b"eXIf", exif(orientation)) + data[33:]


def bmp_with_unused_alpha(grey: NDArray[np.uint8]) -> bytes:
    """Return a 32-bit BMP whose fourth channel is all 0, as most programs write it."""
    height, width = grey.shape
    pixels = np.zeros((height, width, 4), np.uint8)
    pixels[:, :, :3] = grey[::-1, :, None]
    header = struct.pack("<IiiHHIIiiII", 40, width, height, 1, 32, 0, pixels.size, 0, 0, 0, 0)
    return struct.pack("<2sIHHI", b"BM", 54 + pixels.size, 0, 0, 54) + header + pixels.tobytes()


def by_pillow(mode: str, grey: NDArray[np.uint8], **options: object) -> bytes:
    """Encode a picture in a variant that OpenCV cannot write; skip the test without Pillow.

    Args:
        mode: Pillow's name of the pixels' form.
        grey: uint8 (h, w).
        **options: For Pillow's ``save``; with ``save_all`` its negative is a second frame.
    """
    image = pytest.importorskip("PIL.Image", reason="needs Pillow to write it")
    if "save_all" in options:
        options["append_images"] = [image.fromarray(255 - grey).convert(mode)]
    file = io.BytesIO()
    image.fromarray(grey).convert(mode).save(file, **options)
    return file.getvalue()
