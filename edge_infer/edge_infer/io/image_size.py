"""Read a picture's size from its header, before any pixel is decoded.

A PNG of a few kB can claim to hold gigapixels, and OpenCV would make room for them. So
the claim is read first, by this small parser of the formats that people have.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from edge_infer.io.tiff_tags import read_tags

_TIFF_WIDTH: Final = 256
_TIFF_HEIGHT: Final = 257
_TIFF_SIZE: Final = frozenset({_TIFF_WIDTH, _TIFF_HEIGHT})
# JPEG markers: start of frame C0-CF but for DHT, JPG and DAC; those without a length.
_JPEG_FRAMES: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_JPEG_BARE: Final = frozenset({0x01, *range(0xD0, 0xD9)})
_PNM_GAP: Final = rb"(?:\s|#[^\n\r]*[\n\r])+"
_PNM_HEADER: Final = re.compile(rb"P[1-6]" + _PNM_GAP + rb"(\d+)" + _PNM_GAP + rb"(\d+)\s")
_PNM_LONGEST_HEADER: Final = 4096
_BOX_SEARCH: Final = 65536


@dataclass(frozen=True, slots=True)
class ImageHeader:
    """What a picture's header claims.

    Attributes:
        format: Name of the file format, such as ``"PNG"``.
        width: In pixels, as stored (before any EXIF turn).
        height: In pixels.
        frame_offset: Where the header ends, in bytes; 0 where nobody needs it.
    """

    format: str
    width: int
    height: int
    frame_offset: int = 0


def image_format(data: bytes) -> str | None:
    """Name the format by the file's first bytes; None for one that is not known here."""
    parser = _parser(data)
    return None if parser is None else parser[0]


def read_header(data: bytes) -> ImageHeader | None:
    """Read what the header of a picture claims.

    Args:
        data: The whole file, or its beginning.

    Returns:
        The claim; None when the format is not one of PNG, JPEG, BMP, GIF, WebP, TIFF,
        PNM, JPEG 2000 and AVIF, or the header is cut short or makes no sense.
    """
    parser = _parser(data)
    if parser is None:
        return None
    name, parse = parser
    try:
        found = parse(data)
    except struct.error:
        return None
    return None if found is None else ImageHeader(name, *found)


_Claim = tuple[int, int] | tuple[int, int, int]


def _png(data: bytes) -> _Claim | None:
    return struct.unpack_from(">II", data, 16) if data[12:16] == b"IHDR" else None


def _jpeg(data: bytes) -> _Claim | None:
    """Walk the segments to the start of the frame (ITU-T T.81, annex B)."""
    position = 2
    while True:
        fill, marker = struct.unpack_from(">BB", data, position)
        if fill != 0xFF:
            return None
        if marker == 0xFF:
            position += 1
        elif marker in _JPEG_BARE:
            position += 2
        elif marker in _JPEG_FRAMES:
            height, width = struct.unpack_from(">HH", data, position + 5)
            return width, height, position
        else:
            (length,) = struct.unpack_from(">H", data, position + 2)
            position += 2 + length


def _bmp(data: bytes) -> _Claim | None:
    (header_size,) = struct.unpack_from("<I", data, 14)
    if header_size == 12:
        return struct.unpack_from("<HH", data, 18)
    width, height = struct.unpack_from("<ii", data, 18)
    # A negative height means that the rows run from top to bottom.
    return abs(width), abs(height)


def _gif(data: bytes) -> _Claim | None:
    return struct.unpack_from("<HH", data, 6)


def _webp(data: bytes) -> _Claim | None:
    kind = data[12:16]
    if kind == b"VP8X":
        low_w, high_w, low_h, high_h = struct.unpack_from("<HBHB", data, 24)
        return 1 + low_w + (high_w << 16), 1 + low_h + (high_h << 16)
    if kind == b"VP8L":
        (bits,) = struct.unpack_from("<I", data, 21)
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    if kind == b"VP8 ":
        width, height = struct.unpack_from("<HH", data, 26)
        return width & 0x3FFF, height & 0x3FFF
    return None


def _tiff(data: bytes) -> _Claim | None:
    tags = read_tags(data, _TIFF_SIZE)
    return (tags[_TIFF_WIDTH], tags[_TIFF_HEIGHT]) if len(tags) == 2 else None


def _pnm(data: bytes) -> _Claim | None:
    match = _PNM_HEADER.match(data[:_PNM_LONGEST_HEADER])
    return (int(match[1]), int(match[2])) if match else None


def _pam(data: bytes) -> _Claim | None:
    head = data[:_PNM_LONGEST_HEADER]
    width = re.search(rb"\nWIDTH\s+(\d+)", head)
    height = re.search(rb"\nHEIGHT\s+(\d+)", head)
    return (int(width[1]), int(height[1])) if width and height else None


def _jpeg2000(data: bytes) -> _Claim | None:
    box = data.find(b"ihdr", 0, _BOX_SEARCH)
    if box < 0:
        return None
    height, width = struct.unpack_from(">II", data, box + 4)
    return width, height


def _codestream(data: bytes) -> _Claim | None:
    width, height, left, top = struct.unpack_from(">IIII", data, 8)
    return max(width - left, 0), max(height - top, 0)


def _avif(data: bytes) -> _Claim | None:
    """Take the largest of all sizes that the file gives its planes and tiles."""
    sizes = [
        struct.unpack_from(">II", data, match.end() + 4)
        for match in re.finditer(b"ispe", data[:_BOX_SEARCH])
    ]
    return max(sizes, key=lambda size: size[0] * size[1], default=None)


_Parser = Callable[[bytes], _Claim | None]
_BY_FIRST_BYTES: Final[tuple[tuple[bytes, str, _Parser], ...]] = (
    (b"\x89PNG\r\n\x1a\n", "PNG", _png),
    (b"\xff\xd8\xff", "JPEG", _jpeg),
    (b"BM", "BMP", _bmp),
    (b"GIF8", "GIF", _gif),
    (b"II*\0", "TIFF", _tiff),
    (b"MM\0*", "TIFF", _tiff),
    (b"II+\0", "TIFF", _tiff),
    (b"MM\0+", "TIFF", _tiff),
    (b"\0\0\0\x0cjP  \r\n\x87\n", "JPEG 2000", _jpeg2000),
    (b"\xff\x4f\xff\x51", "JPEG 2000", _codestream),
    (b"P7\n", "PNM", _pam),
)


def _parser(data: bytes) -> tuple[str, _Parser] | None:
    for first_bytes, name, parser in _BY_FIRST_BYTES:
        if data.startswith(first_bytes):
            return name, parser
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "WebP", _webp
    if data[4:8] == b"ftyp" and data[8:12] in {b"avif", b"avis"}:
        return "AVIF", _avif
    if data[:1] == b"P" and data[1:2] in b"123456" and data[2:3] in b" \t\r\n#":
        return "PNM", _pnm
    return None
